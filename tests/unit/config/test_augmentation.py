"""The type of an augmentation recipe: defaults and limits."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from segbench.config.augmentation import Amplification, Augmentation, Jitter


def test_nothing_is_changed_by_default() -> None:
    assert (Augmentation().amplification, Augmentation().jitter) == (None, None)
    off = Jitter().model_dump(exclude={"shift_axes", "elastic_sigma_px", "probability"})
    assert set(off.values()) == {0.0, None}
    assert Jitter().probability == 0.5


def test_the_published_amplification_makes_113_images_of_one() -> None:
    made = Amplification()
    shifts = len(made.horizontal_shifts) + len(made.vertical_shifts)
    assert made.copies == 113 == 1 + len(made.rotations_degrees) * len(made.flips) * shifts
    assert made.horizontal_shifts == tuple(n / 8 for n in range(1, 8)) == made.vertical_shifts


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("flip_depth", 1.5), ("rotate90", -0.1), ("scale", [1.0]), ("noise_sd", 0.0),
        ("blur_px", 0), ("brightness", 1.5), ("elastic_sigma_px", 0.0), ("shift_axes", "depth"),
        ("flip", 0.5),
    ],
)  # fmt: skip
def test_jitter_that_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        Jitter.model_validate({key: value})
    assert error.value.errors()[0]["loc"][0] == key


@pytest.mark.parametrize(
    ("key", "value"),
    [("rotations_degrees", [45]), ("flips", ["both"]), ("horizontal_shifts", [1.5]), ("copies", 0)],
)
def test_amplification_that_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        Amplification.model_validate({key: value})
    assert error.value.errors()[0]["loc"][0] == key
