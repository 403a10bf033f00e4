"""The reference of all keys: a row for every key, with its default, type and meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from segbench.config.reference import reference_text
from segbench.config.schema import schema


def rows(text: str) -> Iterator[tuple[str, list[str]]]:
    heading = ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.strip("# ")
        elif line.startswith("| `"):
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            yield heading, [cell.strip() for cell in cells]


def test_the_reference_has_a_row_for_every_key() -> None:
    text = reference_text()
    found = [cells[0].strip("`") for _, cells in rows(text)]
    for name, definition in schema()["$defs"].items():
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
    found = [row for place, row in rows(reference_text()) if place.strip("`") == heading.strip("`")]
    found += [row for place, row in rows(reference_text()) if place == heading]
    assert cells in [row[: len(cells)] for row in found]


def test_the_examples_of_the_reference_are_true() -> None:
    # "`no` is a word, `1e-3` a number", unlike in YAML 1.1.
    assert yaml.safe_load("no") is False
    assert yaml.safe_load("1e-3") == "1e-3"
