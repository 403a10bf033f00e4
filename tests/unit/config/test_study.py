"""The type of a study: defaults, limits, arms."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from segbench.arms import Arm
from segbench.config.study import Study

BASE: dict[str, Any] = {
    "title": "t", "question": "q", "dataset": "d", "protocol": "p", "preprocessing": ["a", "b"],
    "augmentation": ["none"], "models": ["u", "v"], "metrics": ["iou"], "primary": "iou",
}  # fmt: skip


def study(**keys: Any) -> Study:
    return Study.model_validate({**BASE, **keys})


def test_defaults() -> None:
    made = study()
    assert (made.seeds, made.ensemble, made.confidence, made.bootstrap, made.empty) == (
        (0,), False, 0.95, 2000, "exclude",
    )  # fmt: skip
    assert (made.sweep, made.published) == (None, ())


def test_the_arms_are_the_product_of_the_lists_in_their_order() -> None:
    assert list(study(seeds=[3, 1]).arms())[:5] == [
        Arm("d", "a", "none", "u", 3, "p"),
        Arm("d", "a", "none", "u", 1, "p"),
        Arm("d", "a", "none", "v", 3, "p"),
        Arm("d", "a", "none", "v", 1, "p"),
        Arm("d", "b", "none", "u", 3, "p"),
    ]
    assert len(list(study(seeds=[3, 1]).arms())) == 8


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("empty", "skip"), ("confidence", 1.5), ("bootstrap", 0), ("metric", "iou"),
        ("sweep", {"points": -1}), ("sweep", {"grid": {"a": 1}}), ("seeds", ["zero"]),
        ("published", [{"method": "m"}]),
    ],
)  # fmt: skip
def test_values_that_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        study(**{key: value})
    assert error.value.errors()[0]["loc"][0] == key


def test_names_of_metrics_are_checked_by_the_loader_not_by_the_type() -> None:
    assert study(metrics=["anything"], primary="anything").metrics == ("anything",)
