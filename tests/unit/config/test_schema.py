"""The JSON schema: complete, and satisfied by the files that are shipped."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from segbench.config.__main__ import ROOT
from segbench.config.documents import read_document
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
    whole = schema()
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": whole["$defs"]})


def test_the_schema_is_a_schema_and_all_references_lead_somewhere() -> None:
    whole = schema()
    jsonschema.Draft202012Validator.check_schema(whole)
    assert set(ROOTS) <= set(whole["$defs"])
    names = re.findall(r'"\$ref": "#/\$defs/(\w+)"', schema_text())
    assert set(names) <= set(whole["$defs"])


def test_the_schema_lists_the_metrics() -> None:
    definitions = schema()["$defs"]
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

    for name, definition in schema()["$defs"].items():
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
