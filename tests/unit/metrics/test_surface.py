from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segbench.metrics.surface import diagonal, hausdorff_95, surface_dice
from segbench.metrics.surfaces import surfaces

surface_distance = pytest.importorskip("surface_distance")

SPACINGS = st.sampled_from([(1.0, 1.0, 1.0), (5.0, 0.8, 0.8), (1.3, 0.7, 2.9)])


def block(shape, *ranges) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[tuple(slice(*one) for one in ranges)] = True
    return mask


def oracle(truth, prediction, spacing):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return surface_distance.compute_surface_distances(truth, prediction, spacing)


def test_squares_three_pixels_apart_by_hand():
    truth = block((20, 30), (5, 15), (5, 15))
    prediction = block((20, 30), (5, 15), (8, 18))
    found = surfaces(truth, prediction, (1.0, 2.0))
    # Three columns of 2 mm: the far side, a quarter of each outline, is 6 mm away.
    assert hausdorff_95(found, "exclude", 99.0) == 6.0
    assert found.from_truth.max() == found.from_prediction.max() == 6.0
    # Without the far sides: 8 + 8 of 60 mm of outline differ by more than 1 mm ...
    assert surface_dice(found, "exclude", 6.0) == 1.0
    assert 0.4 < surface_dice(found, "exclude", 1.0) < 0.8


def test_a_percentile_is_not_the_maximum():
    truth = block((40, 40, 40), (5, 35), (5, 35), (5, 35))
    spike = truth.copy()
    spike[20, 20, 35:39] = True
    found = surfaces(truth, spike, (1, 1, 1))
    assert found.from_prediction.max() == 4.0
    assert hausdorff_95(found, "exclude", 99.0) == 0.0


@pytest.mark.parametrize(
    ("empty", "distance", "share"), [("exclude", None, None), ("one", 0.0, 1.0), ("zero", 9.0, 0.0)]
)
def test_both_empty(empty, distance, share):
    nothing = np.zeros((4, 4), bool)
    found = surfaces(nothing, nothing, (1, 1))
    values = hausdorff_95(found, empty, 9.0), surface_dice(found, empty, 1.0)
    assert found is None
    assert values == (distance, share) or all(map(math.isnan, values))


@pytest.mark.parametrize("swapped", [False, True])
def test_one_empty_is_the_diagonal_and_no_overlap(swapped):
    nothing, something = np.zeros((4, 4), bool), block((4, 4), (1, 2), (1, 2))
    pair = (something, nothing) if swapped else (nothing, something)
    for empty in ("exclude", "one", "zero"):
        found = surfaces(*pair, (1, 1))
        assert hausdorff_95(found, empty, 5.7) == 5.7
        assert surface_dice(found, empty, 1.0) == 0.0


def test_the_diagonal_of_brats():
    # BraTS 2023 scores 374 mm; the diagonal of its images is 373.1 mm.
    assert diagonal((155, 240, 240), (1, 1, 1)) == pytest.approx(math.sqrt(155**2 + 2 * 240**2))
    assert diagonal((10, 20), (3, 2)) == 50.0


volumes = hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=7))


@settings(max_examples=60)
@given(volumes, st.integers(0, 99), SPACINGS, st.booleans())
def test_agrees_with_the_package(truth, seed, spacing, flat):
    generator = np.random.Generator(np.random.PCG64(seed))
    prediction = truth ^ (generator.random(truth.shape) < 0.2)
    if flat:
        truth, prediction, spacing = truth[0], prediction[0], spacing[1:]
    found = surfaces(truth, prediction, spacing)
    if found is None:
        assert not truth.any() and not prediction.any()
        return
    if not (truth.any() and prediction.any()):  # where the package fails with NumPy 2
        assert np.isinf(np.concatenate([found.from_truth, found.from_prediction])).all()
        return
    expected = oracle(truth, prediction, spacing)
    for ours, theirs in (
        (found.from_truth, "distances_gt_to_pred"),
        (found.from_prediction, "distances_pred_to_gt"),
    ):
        assert ours.tolist() == expected[theirs].tolist()
    assert np.sort(found.truth_sizes) == pytest.approx(np.sort(expected["surfel_areas_gt"]))
    for tolerance in (0.5, 1.0, 2.0):
        share = surface_distance.compute_surface_dice_at_tolerance(expected, tolerance)
        assert surface_dice(found, "exclude", tolerance) == pytest.approx(share, rel=1e-12)
    theirs = surface_distance.compute_robust_hausdorff(expected, 95)
    assert _near(found, hausdorff_95(found, "exclude", 0.0), theirs)


def _near(found, ours: float, theirs: float) -> bool:
    """Equal; or 95 % of a surface end exactly between the two, where rounding decides."""
    if ours == theirs:
        return True
    for distances, sizes in (
        (found.from_truth, found.truth_sizes),
        (found.from_prediction, found.prediction_sizes),
    ):
        shares = np.cumsum(sizes) / sizes.sum()
        if np.abs(shares - 0.95).min() < 1e-12 and {ours, theirs} & set(distances.tolist()):
            return True
    return False


@settings(max_examples=30)
@given(volumes, volumes, SPACINGS)
def test_symmetric_and_invariant_under_padding(first, second, spacing):
    shape = tuple(map(max, first.shape, second.shape))
    first, second = (
        np.pad(m, [(0, n - k) for n, k in zip(shape, m.shape, strict=True)])
        for m in (first, second)
    )
    one = surfaces(first, second, spacing)
    two = surfaces(np.pad(second, 2), np.pad(first, 2), spacing)
    for empty in ("exclude", "zero"):
        values = [hausdorff_95(f, empty, 50.0) for f in (one, two)]
        assert values[0] == values[1] or all(map(math.isnan, values))
    shares = [surface_dice(f, "one", 1.0) for f in (one, two)]
    assert shares[0] == pytest.approx(shares[1])
    assert 0 <= shares[0] <= 1


@settings(max_examples=30)
@given(volumes, SPACINGS)
def test_equal_masks_have_no_distance(mask, spacing):
    found = surfaces(mask, mask, spacing)
    assert hausdorff_95(found, "one", 50.0) == 0.0
    assert surface_dice(found, "one", 0.0) == 1.0
