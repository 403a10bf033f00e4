"""From a document to a typed recipe, or to everything that is wrong with it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError

from segbench.config.documents import Document
from segbench.config.problems import ABSENT, Key, Problem, nearest
from segbench.strict import Strict

Recipe = TypeVar("Recipe", bound=Strict)


@cache
def _schema(kind: type[Strict]) -> dict[str, Any]:
    return kind.model_json_schema()


def resolve(part: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Follow references, and the non-null branch of "this or null", in a JSON schema."""
    while True:
        if "$ref" in part:
            part = root["$defs"][part["$ref"].rsplit("/", 1)[1]]
            continue
        branches = [b for b in part.get("anyOf", ()) if b.get("type") != "null"]
        if len(branches) != 1:
            return part
        part = branches[0]


def kinds(part: dict[str, Any], root: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The forms of a block that has several, by their `kind`; none if it has one form."""
    mapping = resolve(part, root).get("discriminator", {}).get("mapping", {})
    return {kind: resolve({"$ref": reference}, root) for kind, reference in mapping.items()}


def at_key(root: dict[str, Any], key: Key) -> dict[str, Any]:
    """Find the part of a JSON schema that describes one key; empty where there is none.

    A block of several forms is followed by its `kind`, as in pydantic's errors.
    """
    part = root
    for name in key:
        whole, forms = resolve(part, root), kinds(part, root)
        if forms:
            part = forms.get(str(name), {})
        elif isinstance(name, int):
            items = whole.get("prefixItems", ())
            part = items[name] if name < len(items) else whole.get("items", {})
        else:
            part = whole.get("properties", {}).get(name) or whole.get("additionalProperties") or {}
        if not isinstance(part, dict):
            return {}
    return part


def _number(part: dict[str, Any], noun: str) -> str:
    limits = [
        f"{sign} {part[name]:g}"
        for name, sign in (
            ("minimum", ">="),
            ("exclusiveMinimum", ">"),
            ("maximum", "<="),
            ("exclusiveMaximum", "<"),
        )
        if name in part
    ]
    return " ".join([noun, " and ".join(limits)]).strip()


def _list(part: dict[str, Any], root: dict[str, Any]) -> str:
    items = part.get("prefixItems")
    if items:
        return f"a list of {len(items)}: " + ", ".join(describe(item, root) for item in items)
    limits = [str(part[name]) for name in ("minItems", "maxItems") if name in part]
    length = f" of {' to '.join(limits)}" if limits else ""
    return f"a list{length}; each item {describe(part.get('items', {}), root)}"


def describe(part: dict[str, Any], root: dict[str, Any]) -> str:
    """Say in words what a part of a JSON schema allows.

    Examples
    --------
    >>> describe({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, {})
    'an integer >= 1; or null'
    """
    branches = part.get("anyOf", ())
    null = "; or null" if any(b.get("type") == "null" for b in branches) else ""
    part = resolve(part, root)
    if kinds(part, root):
        text = f"a mapping whose kind is one of {', '.join(kinds(part, root))}"
    elif "enum" in part:
        text = "one of " + ", ".join(map(str, part["enum"]))
    elif "const" in part:
        text = str(part["const"])
    elif part.get("type") == "array":
        text = _list(part, root)
    elif part.get("type") == "object":
        text = "a mapping" + (
            f" of {', '.join(part['properties'])}" if "properties" in part else ""
        )
    else:
        nouns = {
            "integer": _number(part, "an integer"),
            "number": _number(part, "a number"),
            "string": "a text" + (f" of the form {part['pattern']}" if "pattern" in part else ""),
            "boolean": "true or false",
        }
        text = nouns.get(part.get("type", ""), "anything")
    return text + null


def _problem(kind: type[Strict], document: Document, error: Any) -> Problem:
    """Say in our words what pydantic found."""
    key: Key = tuple(error["loc"])
    root = _schema(kind)
    # The document does not have the names of the forms.
    place = document.placed(
        tuple(name for n, name in enumerate(key) if not kinds(at_key(root, key[:n]), root))
    )
    if error["type"] == "union_tag_invalid":
        forms = list(kinds(at_key(root, key), root))
        given = error["input"]["kind"]
        return Problem(
            *document.placed((*key, "kind")), "is not one of the choices",
            f"one of {', '.join(forms)}", nearest(given, forms), given,
        )  # fmt: skip
    names = sorted(resolve(at_key(root, key[:-1]), root).get("properties", ()))
    if error["type"] == "extra_forbidden":
        return Problem(
            *place, "is not a known key", ", ".join(names), nearest(key[-1], names), error["input"],
        )  # fmt: skip
    part = at_key(root, key)
    allowed = describe(part, root)
    if error["type"] == "missing":
        return Problem(*place, "is missing", allowed)
    choices = list(map(str, resolve(part, root).get("enum", ())))
    near = nearest(error["input"], choices) if choices else ""
    message = error["msg"][0].lower() + error["msg"][1:]
    what = "is not one of the choices" if choices else f"is wrong: {message}"
    value = error["input"] if not isinstance(error["input"], dict | list) else ABSENT
    return Problem(*place, what, allowed, near, value)


def validate(kind: type[Recipe], document: Document) -> tuple[Recipe | None, list[Problem]]:
    """Check one document against its type; the recipe is None when there are problems.

    Values are taken literally (pydantic's strict mode, through JSON so that lists may
    be tuples): the text "8" is no number, `true` is no integer, 8.0 is no count.
    """
    try:
        return kind.model_validate_json(json.dumps(document.data), strict=True), []
    except ValidationError as failed:
        errors = failed.errors(include_url=False, include_context=False)
        return None, [_problem(kind, document, error) for error in errors]


__all__ = ["Recipe", "at_key", "describe", "resolve", "validate"]
