from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import binary_erosion
from scipy.spatial.distance import directed_hausdorff

from segbench.metrics.stacks import (
    class_hausdorff,
    joined_hausdorff,
    mlebench,
    per_class,
    slice_dice,
)

NAN = math.nan
CLASSES = ("large_bowel", "small_bowel", "stomach")
masks = hnp.arrays(bool, st.just((3, 5, 4)), elements=st.integers(0, 3).map(lambda n: n == 0))
stacks = hnp.arrays(bool, st.just((3, 5, 4, 3)), elements=st.integers(0, 5).map(lambda n: n == 0))


def pixel(*places, shape=(3, 4, 4)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


def test_dice_of_slices_and_classes():
    truth, prediction = np.zeros((2, 1, 4, 2), bool), np.zeros((2, 1, 4, 2), bool)
    truth[0, 0, :2, 0] = True
    prediction[0, 0, 1:3, 0] = True
    prediction[1, 0, 0, 1] = True
    found = slice_dice(truth, prediction)
    assert found[0, 0] == 0.5
    assert found[1, 1] == 0.0
    assert np.isnan(found[[0, 1], [1, 0]]).all()


def test_distance_in_the_unit_cube_by_hand():
    # One slice apart of 3, one row apart of 4: (1 / 3, 1 / 4) over the square root of 3.
    found = joined_hausdorff(pixel((0, 0, 0)), pixel((1, 1, 0)))
    assert found == pytest.approx(math.hypot(1 / 3, 1 / 4) / math.sqrt(3))


def test_special_cases_of_the_joined_distance():
    nothing, one = pixel(), pixel((0, 0, 0))
    assert math.isnan(joined_hausdorff(nothing, nothing))
    assert joined_hausdorff(one, one) == 0.0
    assert joined_hausdorff(one, nothing) == joined_hausdorff(nothing, one) == 1.0
    ten = pixel((0, slice(0, 2)), (0, 2, slice(0, 2)))
    assert ten.sum() == 10
    assert joined_hausdorff(one, ten) < 1.0
    eleven = ten | pixel((1, 0, 0))
    assert joined_hausdorff(one, eleven) == 1.0  # more than ten times as many
    assert joined_hausdorff(eleven, one) < 1.0


@settings(max_examples=30)
@given(masks, masks)
def test_joined_distance_agrees_with_scipy(truth, prediction):
    found = joined_hausdorff(truth, prediction)
    if not truth.any() or not prediction.any() or prediction.sum() > 10 * truth.sum():
        return
    a, b = (np.argwhere(mask) / truth.shape for mask in (truth, prediction))
    farthest = max(directed_hausdorff(a, b)[0], directed_hausdorff(b, a)[0])
    assert found == pytest.approx(farthest / math.sqrt(3), abs=1e-12)


@settings(max_examples=30)
@given(masks, masks)
def test_class_distance_agrees_with_all_pairs_of_surface_pixels(truth, prediction):
    found = class_hausdorff(truth, prediction)
    if np.array_equal(truth, prediction):
        assert found == 0.0
    elif not truth.any() or not prediction.any():
        assert found == 1.0
    else:
        a, b = (np.argwhere(m & ~binary_erosion(m)).astype(float) for m in (prediction, truth))
        farthest = max(min(math.dist(p, q) for q in b) for p in a)
        assert found == pytest.approx(farthest / math.sqrt(9 + 25 + 16))


def test_class_distance_goes_one_way():
    whole, part = pixel((0, 0)), pixel((0, 0, 0))
    assert class_hausdorff(whole, part) == 0.0
    assert class_hausdorff(part, whole) == pytest.approx(3 / math.sqrt(9 + 16 + 16))


def values(found, metric) -> dict[str, tuple[float, float]]:
    return {v.class_name: (v.value, v.weight) for v in found if v.metric == metric}


def figure(rows, weights=None) -> float:
    """Weighted mean of each class, then over the classes."""
    by_class = {}
    for class_name in rows[0]:
        pairs = [row[class_name] for row in rows if not math.isnan(row[class_name][0])]
        total = sum(w for _, w in pairs)
        by_class[class_name] = sum(v * w for v, w in pairs) / total if total else NAN
    if weights:
        return sum(weights[name] * value for name, value in by_class.items())
    return sum(by_class.values()) / len(by_class)


def brute_force_mlebench(truths, predictions) -> float:
    dice, distances = [], []
    for truth, prediction in zip(truths, predictions, strict=True):
        for t, p in zip(np.moveaxis(truth, 3, 1), np.moveaxis(prediction, 3, 1), strict=True):
            for a, b in zip(t, p, strict=True):
                total = a.sum() + b.sum()
                dice.append(2 * (a & b).sum() / total if total else NAN)
        distances.append(joined_hausdorff(truth.any(-1), prediction.any(-1)))
    return 0.4 * np.nanmean(dice) + 0.6 * (1 - np.nanmean(distances))


def brute_force_per_class(truths, predictions) -> float:
    slices, distances = [], []
    for truth, prediction in zip(truths, predictions, strict=True):
        for t, p in zip(truth, prediction, strict=True):
            dice = [
                2 * (t[..., c] & p[..., c]).sum() / (t[..., c].sum() + p[..., c].sum())
                for c in range(3)
                if t[..., c].any()
            ]
            slices += [np.mean(dice)] if dice else []
        distances += [class_hausdorff(truth[..., c], prediction[..., c]) for c in range(3)]
    return 0.4 * np.mean(slices) + 0.6 * (1 - np.mean(distances))


@settings(max_examples=15)
@given(st.lists(st.tuples(stacks, stacks), min_size=1, max_size=2))
def test_weighted_means_of_the_rows_are_the_published_aggregates(pairs):
    truths, predictions = zip(*pairs, strict=True)
    if not any(t.any() for t in truths):
        return
    weights = {"Dice": 0.4, "1 - Hausdorff": 0.6}
    for function, name, expected in (
        (mlebench, "uw_mlebench", brute_force_mlebench),
        (per_class, "uw_per_class", brute_force_per_class),
    ):
        rows = [values(function(t, p, CLASSES), name) for t, p in pairs]
        assert figure(rows, weights) == pytest.approx(expected(truths, predictions))


def test_parts_are_metrics_of_their_own():
    truth = np.zeros((2, 4, 4, 3), bool)
    truth[0, :2, :2, 0] = True
    prediction = truth.copy()
    prediction[0, 0, 0, 0] = False
    found = list(mlebench(truth, prediction, CLASSES))
    assert values(found, "uw_dice@mlebench") == {"all": (6 / 7, 1.0)}
    distance = values(found, "uw_hausdorff@mlebench")["all"][0]
    assert distance == pytest.approx(0.25 / math.sqrt(3))
    assert values(found, "uw_mlebench") == {
        "Dice": (6 / 7, 1.0),
        "1 - Hausdorff": (1 - distance, 1),
    }
    found = list(per_class(truth, prediction, CLASSES))
    assert values(found, "uw_hausdorff@per_class") == {
        "large_bowel": (0.0, 1.0), "small_bowel": (0.0, 1.0), "stomach": (0.0, 1.0),
    }  # fmt: skip
    assert values(found, "uw_per_class") == {"Dice": (6 / 7, 1.0), "1 - Hausdorff": (1.0, 1.0)}


def test_an_empty_stack_says_nothing_in_one_reading_and_is_perfect_in_the_other():
    nothing = np.zeros((2, 3, 3, 3), bool)
    one = values(mlebench(nothing, nothing, CLASSES), "uw_mlebench")
    assert all(math.isnan(value) for value, _ in one.values())
    other = values(per_class(nothing, nothing, CLASSES), "uw_per_class")
    assert math.isnan(other["Dice"][0]) and other["Dice"][1] == 0.0
    assert other["1 - Hausdorff"] == (1.0, 1.0)
