"""Factors of the maps from their shares and from the recipe."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.models.class_weights import map_factors
from segbench.models.losses import Loss

keras = pytest.importorskip("keras")


@pytest.mark.parametrize(
    ("kind", "exclusive", "expected"),
    [
        # pixels / (classes * pixels of the class)
        ("inverse", True, [1 / (2 * 0.8), 1 / (2 * 0.2)]),
        # 1 / sqrt(f), over the mean over the pixels, sum of sqrt(f)
        ("inverse_sqrt", True, [0.8**-0.5 / 1.3416408, 0.2**-0.5 / 1.3416408]),
        ("inverse", False, [1.25 / 3.125, 5 / 3.125]),
    ],
)
def test_factors_from_shares(kind, exclusive, expected):
    shares = np.array([0.8, 0.2])
    found = map_factors(Loss(class_weights=kind), ["a", "b"], exclusive, shares)
    assert found == pytest.approx(expected, abs=1e-6)
    mean = np.dot(shares, found) if exclusive else np.mean(found)
    assert mean == pytest.approx(1)


def test_named_factors_come_on_top_and_absent_classes_keep_theirs():
    recipe = Loss(class_weights="inverse", weights={"b": 2.0})
    found = map_factors(recipe, ["a", "b", "c"], True, np.array([0.8, 0.2, 0.0]))
    assert found == pytest.approx([0.625, 5.0, 1.0])
    assert map_factors(Loss(weights={"b": 0.0}), ["a", "b"], True, None) == [1.0, 0.0]
    assert map_factors(Loss(), ["a", "b"], True, None) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("exclusive", [True, False])
def test_without_any_share_all_factors_are_1(exclusive):
    """As where no training pixel is known to be of a map."""
    assert map_factors(Loss(class_weights="inverse"), ["a", "b"], exclusive, np.zeros(2)) is None


@pytest.mark.parametrize("weights", [{"hat": 1.0}, {"a": -1.0}, {"a": 0.0, "b": 0.0}])
def test_factors_that_cannot_be(weights):
    with pytest.raises(SegbenchError, match=r"loss\.weights"):
        map_factors(Loss(weights=weights), ["a", "b"], True, None)
