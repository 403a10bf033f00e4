"""The schema and the reference: complete, in agreement with the code, used by the files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from segbench.config.__main__ import GENERATED, ROOT, main
from segbench.config.documents import read_document
from segbench.config.reference import reference_text
from segbench.config.schema import ROOTS, schema, schema_text
from segbench.metrics import METRICS

FOLDERS = {
    "datasets": "dataset", "preprocessing": "preprocessing", "augmentation": "augmentation",
    "models": "model", "studies": "study",
}  # fmt: skip
MAIN_FILES = sorted((ROOT / "config").glob("*.yaml"))
RECIPES = sorted((ROOT / "config").glob("*/*.yaml"))


def kind_of(path: Path) -> str:
    return FOLDERS.get(path.parent.name, "main")


def validator(kind: str) -> jsonschema.Draft202012Validator:
    whole = schema(METRICS)
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": whole["$defs"]})


def test_the_generated_files_agree_with_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_a_difference_is_shown_and_writing_repairs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ["--root", str(tmp_path)]
    assert main([*root, "--check"]) == 1
    assert "make schema" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert main(root) == 0
    assert capsys.readouterr().out.splitlines() == [f"wrote {name}" for name in GENERATED]
    assert main(root) == 0
    assert main([*root, "--check"]) == 0
    assert capsys.readouterr().out == ""
    stale = tmp_path / "docs/reference/configuration.md"
    text = stale.read_text(encoding="utf-8")
    stale.write_text(text.replace("| `batch` | `8` |", "| `batch` | `9` |", 1), encoding="utf-8")
    assert main([*root, "--check"]) == 1
    out = capsys.readouterr().out
    assert "--- docs/reference/configuration.md (file)" in out
    assert "\n-| `batch` | `9` |" in out
    assert "\n+| `batch` | `8` |" in out
    assert "schema.json" not in out


def test_both_are_deterministic() -> None:
    assert schema_text(METRICS) == schema_text(METRICS)
    assert reference_text(METRICS) == reference_text(METRICS)
    assert json.loads(schema_text(METRICS)) == schema(METRICS)


def test_the_schema_is_a_schema_and_all_references_lead_somewhere() -> None:
    whole = schema(METRICS)
    jsonschema.Draft202012Validator.check_schema(whole)
    assert set(ROOTS) <= set(whole["$defs"])
    names = re.findall(r'"\$ref": "#/\$defs/(\w+)"', schema_text(METRICS))
    assert set(names) <= set(whole["$defs"])


def test_the_schema_lists_the_metrics() -> None:
    definitions = schema(METRICS)["$defs"]
    for name in ("Study", "StudyOverride"):
        assert definitions[name]["properties"]["metrics"]["items"]["enum"] == sorted(METRICS)
    assert {"iou", "hd95", "accuracy"} < set(METRICS)
    with pytest.raises(jsonschema.ValidationError, match="'iuo' is not one of"):
        validator("StudyOverride").validate({"metrics": ["iuo"]})


def test_every_key_is_described() -> None:
    missing = []

    def walk(name: str, definition: dict[str, Any]) -> None:
        assert definition.get("description"), name
        for key, part in definition.get("properties", {}).items():
            if not part.get("description"):
                missing.append(f"{name}.{key}")

    for name, definition in schema(METRICS)["$defs"].items():
        if "properties" in definition:
            walk(name, definition)
    assert missing == []


@pytest.mark.parametrize("path", MAIN_FILES + RECIPES, ids=lambda path: path.stem)
def test_the_files_say_which_schema_and_satisfy_it(path: Path) -> None:
    kind = kind_of(path)
    up = "" if kind == "main" else "../"
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={up}schema.json#/$defs/{kind}"
    document, problems = read_document(path, path.name)
    assert problems == []
    assert document is not None
    validator(kind).validate(document.data)


@pytest.mark.parametrize(
    ("kind", "data", "fine"),
    [
        ("main", {}, True),
        ("main", {"studies": {"a": None, "b": {}, "c": {"models": ["x"]}}}, True),
        ("main", {"studies": {"a": {"model": ["x"]}}}, False),
        ("main", {"studies": {"a": {"published": [{"method": "x"}]}}}, False),
        ("main", {"datasets": {"a": {"protocols": {"b": {"folds": 2}}}}}, True),
        ("main", {"datasets": {"a": {"protocols": {"b": {"fold": 2}}}}}, False),
        ("main", {"datasets": {"a": {"folder": {}}}}, True),
        ("main", {"datasets": {"a": {"folder": {"path": 3}}}}, False),
        ("main", {"datasets": {"a": {"classes": [{"name": "x"}]}}}, False),
        ("model", {}, True),
        ("model", {"loss": {"name": "dise"}}, False),
        ("model", {"training": {"patch": [64]}}, False),
        ("preprocessing", {"resize": {"height": 3}}, False),
        ("study", {"title": "x"}, False),
    ],
)
def test_what_an_editor_would_underline(kind: str, data: dict[str, Any], fine: bool) -> None:
    assert validator(kind).is_valid(data) is fine


def rows(text: str) -> Iterator[tuple[str, list[str]]]:
    heading = ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.strip("# ")
        elif line.startswith("| `"):
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            yield heading, [cell.strip() for cell in cells]


def test_the_reference_has_a_row_for_every_key() -> None:
    text = reference_text(METRICS)
    found = [cells[0].strip("`") for _, cells in rows(text)]
    for name, definition in schema(METRICS)["$defs"].items():
        if not name.endswith("Override"):
            for key in definition.get("properties", {}):
                assert key in found, f"{name}.{key}"
    assert all(len(cells) == 4 and all(cells) for _, cells in rows(text))


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("training", ["`batch`", "`8`", "an integer >= 1", "Images or patches per step."]),
        ("main: `config/*.yaml`", ["`folder`", '`"."`', "a text"]),
        ("dataset: `config/datasets/NAME.yaml`", ["`title`", "*required*", "a text"]),
        ("dataset: `config/datasets/NAME.yaml`", ["`protocols`", "*required*", "name: block"]),
        ("dataset: `config/datasets/NAME.yaml`", ["`folder`", "`null`", "block or null"]),
        ("study: `config/studies/NAME.yaml`", ["`published`", "`[]`", "list of blocks"]),
        ("model: `config/models/NAME.yaml`", ["`network`", "as below", "block"]),
        ("network (kind: classifier)", ["`backbone`", "*required*", "block"]),
        ("network (kind: unet).backbone", ["`weights`", "`null`", "a text; or null"]),
        ("Metrics", ["`dsb_map`", "not needed", "instances"]),
        ("Metrics", ["`hd95`", "needed", "semantic, overlapping"]),
        ("training.schedule", ["`name`", '`"constant"`',
                               "one of constant, cosine, polynomial, steps"]),
    ],
)  # fmt: skip
def test_rows_of_the_reference(heading: str, cells: list[str]) -> None:
    found = [
        row
        for place, row in rows(reference_text(METRICS))
        if place.strip("`") == heading.strip("`")
    ]
    found += [row for place, row in rows(reference_text(METRICS)) if place == heading]
    assert cells in [row[: len(cells)] for row in found]


def test_the_examples_of_the_reference_are_true() -> None:
    # "`no` is a word, `1e-3` a number", unlike in YAML 1.1.
    assert yaml.safe_load("no") is False
    assert yaml.safe_load("1e-3") == "1e-3"
