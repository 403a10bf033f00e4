"""The type of a dataset: defaults, limits, and what its labels are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from segbench.config.dataset import Dataset

BASE: dict[str, Any] = {
    "title": "Cells", "format": "folder", "task": "semantic", "licence": "CC0", "citation": "n",
    "classes": [{"name": "cell", "value": 1}, {"name": "wall", "value": 7}], "protocols": {"p": {}},
}  # fmt: skip


def dataset(**keys: Any) -> Dataset:
    return Dataset.model_validate({**BASE, **keys})


def test_defaults() -> None:
    made = dataset()
    assert (made.source, made.shards, made.spacing_um, made.layout) == ("generated", 1, None, None)
    protocol = made.protocols["p"]
    assert (protocol.folds, protocol.order, protocol.stratify, protocol.seed) == (
        1, "shuffled", False, 0,
    )  # fmt: skip
    assert (protocol.test.by, protocol.validation.by, protocol.validation.fraction) == (
        "none", "fraction", 0.15,
    )  # fmt: skip


def test_classes_are_what_is_learnt() -> None:
    assert dataset().label_task == "semantic"
    assert dataset().label_classes == {"cell": 1, "wall": 7}


def test_regions_are_learnt_in_the_place_of_classes() -> None:
    made = dataset(regions={"all": ["cell", "wall"], "walls": ["wall"]})
    assert made.label_task == "overlapping"
    assert made.label_classes == {"all": 1, "walls": 2}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("task", "panoptic"), ("shards", 0), ("spacing_um", [1.0]), ("source", "web"),
        ("classes", [{"name": "", "value": 1}]), ("classes", [{"name": "a", "value": 256}]),
        ("generated", {"samples": 0}), ("folder", {"path": ""}), ("titel", "x"),
        ("download", {"url": "https://a/b", "sha256": "A" * 64}),
        ("protocols", {"p": {"folds": 0}}), ("protocols", {"p": {"test": {"by": "chance"}}}),
    ],
)  # fmt: skip
def test_values_that_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        dataset(**{key: value})
    assert error.value.errors()[0]["loc"][0] == key
