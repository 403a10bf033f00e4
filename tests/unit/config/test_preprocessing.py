"""The type of a preprocessing recipe: defaults and limits."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from segbench.config.preprocessing import Preprocessing, Size


def test_defaults() -> None:
    assert Preprocessing().model_dump() == {
        "description": "", "channels": "grey", "neighbours": 0, "crop": "none", "spacing_mm": None,
        "invert": "never", "resize": None, "interpolation": "bilinear", "antialias": True,
        "normalise": "minmax", "normalise_within": "image", "clahe": None, "gamma": None,
        "dtype": "uint8",
    }  # fmt: skip


def test_a_size_and_the_published_contrast() -> None:
    made = Preprocessing.model_validate({"resize": {"height": 64, "width": 32}, "clahe": {}})
    assert made.resize == Size(height=64, width=32)
    assert made.clahe is not None
    assert (made.clahe.tiles, made.clahe.bins, made.clahe.clip_limit) == (8, 256, 2.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("channels", "gray"), ("neighbours", 9), ("neighbours", -1), ("spacing_mm", [1.0, 1.0]),
        ("resize", {"height": 0, "width": 1}), ("clahe", {"clip_limit": 0}), ("gamma", 0.0),
        ("gamma", float("inf")), ("dtype", "float64"), ("size", {}),
    ],
)  # fmt: skip
def test_values_that_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        Preprocessing.model_validate({key: value})
    assert error.value.errors()[0]["loc"][0] == key
