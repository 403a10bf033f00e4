"""The base of parameters: unknown keys, types, bounds, frozen values."""

from __future__ import annotations

import math

import pytest
from pydantic import TypeAdapter, ValidationError

from segbench.strict import Below1, Count, Fraction, Sides, Strict


class Part(Strict):
    share: Fraction = 0.5
    count: Count = 1


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Fraction, [0, 0.5, 1], [-0.1, 1.1, math.nan]),
        (Below1, [0, 0.999], [1, -1e-9]),
        (Count, [1, 7], [0, -1, 1.5]),
        (Sides, [(1, 2), (3, 2, 1)], [(1,), (1, 2, 3, 4), (0, 2), ("a", 2)]),
    ],
)
def test_bounds(kind, good, bad):
    adapter = TypeAdapter(kind)
    for value in good:
        assert adapter.validate_python(value) == value
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_unknown_keys_are_named():
    with pytest.raises(ValidationError, match=r"shar\n.*Extra inputs are not permitted"):
        Part.model_validate({"shar": 0.25})


def test_values_do_not_change():
    part = Part(share=0.25)
    with pytest.raises(ValidationError, match="frozen"):
        part.share = 0.75
    assert part == Part(share=0.25)
    assert hash(part) == hash(Part(share=0.25))


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_numbers_are_finite(value):
    class Free(Strict):
        number: float = 0.0

    with pytest.raises(ValidationError, match="finite"):
        Free(number=value)


def test_defaults_are_checked_too():
    class Wrong(Strict):
        count: Count = 0

    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Wrong()
