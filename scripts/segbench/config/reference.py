"""The reference of all keys, docs/reference/configuration.md, from the typed models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from segbench.config.schema import ROOTS
from segbench.config.validation import describe, kinds, resolve
from segbench.metrics import METRICS

#: Name in the schema -> the files that it describes.
FILES = {
    "main": "config/*.yaml",
    "dataset": "config/datasets/NAME.yaml",
    "preprocessing": "config/preprocessing/NAME.yaml",
    "augmentation": "config/augmentation/NAME.yaml",
    "model": "config/models/NAME.yaml",
    "study": "config/studies/NAME.yaml",
}

HEAD = """# Configuration reference

Generated from `scripts/segbench/config/` by `python -m segbench.config` (`make schema`); do not
edit. A test fails when it no longer agrees with the code.

One file holds one thing; its name, without `.yaml`, is how other files refer to it. Names are
made of small letters, digits and single `-`, `_` or `.` between them. Files are YAML 1.2: `no` is a
word, `1e-3` a number; duplicate keys, aliases and tags are refused, and so is every key that is
not listed here. All mistakes are reported at once, before anything is computed.

A default that says *required* must be given; blocks may be left out, and then every key in them
has its default.
"""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(part: dict[str, Any], required: bool, root: dict[str, Any]) -> str:
    if required:
        return "*required*"
    default = part.get("default")
    if isinstance(default, dict) or "default" not in part:
        # A block, whose own table says what its keys are, or an empty mapping.
        is_block = "properties" in resolve(part, root) or kinds(part, root)
        return "as below" if is_block else "`{}`"
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def _blocks(part: dict[str, Any], root: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Blocks of keys inside one key: how the path goes on, and the block."""
    whole = resolve(part, root)
    if kinds(part, root):
        for kind, block in kinds(part, root).items():
            yield f" (kind: {kind})", block
    elif "properties" in whole:
        yield "", whole
    elif isinstance(whole.get("additionalProperties"), dict):
        for path, block in _blocks(whole["additionalProperties"], root):
            yield f".NAME{path}", block
    elif isinstance(whole.get("items"), dict):
        for path, block in _blocks(whole["items"], root):
            yield f"[ ]{path}", block


def _type(part: dict[str, Any], root: dict[str, Any]) -> str:
    whole = resolve(part, root)
    null = " or null" if any(b.get("type") == "null" for b in part.get("anyOf", ())) else ""
    if "properties" in whole or kinds(part, root):
        return "block" + null
    if isinstance(whole.get("additionalProperties"), dict) or whole.get("type") == "object":
        return "name: block" + null
    if whole.get("type") == "array" and "properties" in resolve(whole.get("items", {}), root):
        return "list of blocks" + null
    return describe(part, root)


def _table(block: dict[str, Any], path: str, root: dict[str, Any]) -> Iterator[str]:
    """One block's table, then those of the blocks inside it."""
    if path:
        yield f"\n### `{path}`\n"
        yield " ".join(block.get("description", "").split()) + "\n"
    yield "| key | default | allowed | meaning |"
    yield "|---|---|---|---|"
    required = block.get("required", ())
    for name, part in block["properties"].items():
        cells = (
            f"`{name}`",
            _default(part, name in required, root),
            _type(part, root),
            part.get("description", ""),
        )
        yield "| " + " | ".join(map(_cell, cells)) + " |"
    for name, part in block["properties"].items():
        for rest, inner in _blocks(part, root):
            yield from _table(inner, f"{path}.{name}{rest}".lstrip("."), root)


def _metrics_table() -> Iterator[str]:
    """Every metric with the tasks whose labels it scores."""
    yield "### Metrics\n"
    yield (
        "What a study may list in `metrics`, by the dataset's task (`overlapping` where it has "
        "regions).\n"
    )
    yield "| metric | pixel spacing | tasks | meaning |"
    yield "|---|---|---|---|"
    for name, metric in sorted(METRICS.items()):
        spacing = "needed" if metric.needs_spacing else "not needed"
        cells = (f"`{name}`", spacing, ", ".join(metric.tasks), metric.definition.text)
        yield "| " + " | ".join(map(_cell, cells)) + " |"


def reference_text() -> str:
    """Give the content of docs/reference/configuration.md."""
    lines = [HEAD]
    for name, model in ROOTS.items():
        root = model.model_json_schema()
        lines.append(f"## {name}: `{FILES[name]}`\n")
        lines.append(" ".join(root.get("description", "").split()) + "\n")
        lines += [*_table(root, "", root), ""]
    lines += _metrics_table()
    return "\n".join(lines).rstrip("\n") + "\n"
