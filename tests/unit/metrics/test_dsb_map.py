from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segbench.metrics import METRICS
from segbench.metrics.case import Case
from segbench.metrics.dsb_map import (
    average_precision,
    dsb_precisions,
    hits,
    relabel,
)


def dsb_map(*labels) -> float:
    """The metric as the scoring asks for it: of a case, without its parts."""
    truth, prediction, *empty = labels
    case = Case(truth, prediction, "instances", {"cell": 1}, *(empty or ["exclude"]))
    (score,) = (one for one in METRICS["dsb_map"].measure(case) if one.metric == "dsb_map")
    return score.value


def pairwise(truth: np.ndarray, prediction: np.ndarray) -> list[Fraction]:
    """The definition, word by word, in exact fractions: every pair of objects."""
    true = [truth == n for n in np.unique(truth) if n]
    predicted = [prediction == n for n in np.unique(prediction) if n]
    result = []
    for k in range(10, 20):
        threshold = Fraction(k, 20)
        tp = 0
        for a in true:
            for b in predicted:
                union = int((a | b).sum())
                tp += Fraction(int((a & b).sum()), union) > threshold
        result.append(Fraction(tp, len(true) + len(predicted) - tp))
    return result


def strips(overlaps: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """One row an object: (pixels in both, in the truth only, in the prediction only)."""
    truth = np.zeros((len(overlaps), 64), np.uint16)
    prediction = np.zeros_like(truth)
    for row, (both, true_only, predicted_only) in enumerate(overlaps):
        truth[row, : both + true_only] = row + 1
        prediction[row, :both] = row + 1
        prediction[row, both + true_only : both + true_only + predicted_only] = row + 1
    return truth, prediction


def test_the_rows_published_with_the_competition():
    # Seven true and seven predicted nuclei.
    assert average_precision(5, true_objects=7, predicted_objects=7) == pytest.approx(5 / 9)
    assert round(average_precision(5, 7, 7), 3) == 0.556
    assert round(average_precision(2, 7, 7), 3) == 0.167


def test_the_example_published_with_the_competition():
    # Seven true nuclei, seven predicted ones; 5 hits at 0.50 (FP 2, FN 2: 0.556), 2 at
    # 0.70 (FP 5, FN 5: 0.167), mean over the ten thresholds 0.224. IoU in twentieths,
    # one more than the last threshold that the nucleus passes:
    twentieths = [19, 18, 14, 12, 11, 10, 3]
    truth, prediction = strips([(n, 20 - n, 0) for n in twentieths])
    found, true_objects, predicted_objects = hits(truth, prediction)
    assert (true_objects, predicted_objects) == (7, 7)
    assert found.tolist() == [5, 4, 3, 3, 2, 2, 2, 2, 1, 0]
    values = dsb_precisions(truth, prediction)
    assert [round(value, 3) for value in values] == [
        0.556, 0.4, 0.273, 0.273, 0.167, 0.167, 0.167, 0.167, 0.077, 0.0,
    ]  # fmt: skip
    assert round(dsb_map(truth, prediction), 3) == 0.224


def test_identical_masks_with_gaps_in_their_numbers_are_perfect():
    # The popular port by histogram2d gives 0.2 here.
    labels = np.array([[1, 1, 0, 2], [50, 50, 0, 2]], np.uint16)
    assert dsb_precisions(labels, labels) == [1.0] * 10
    assert dsb_map(labels, labels) == 1.0


def test_an_iou_of_exactly_one_half_is_no_hit():
    truth, prediction = strips([(1, 1, 0)])
    assert dsb_precisions(truth, prediction) == [0.0] * 10


def test_an_iou_of_19_in_20_is_no_hit_at_the_last_threshold():
    truth, prediction = strips([(19, 1, 0)])
    assert dsb_precisions(truth, prediction) == [1.0] * 9 + [0.0]
    assert dsb_map(truth, prediction) == 0.9


@pytest.mark.parametrize(("both", "all_", "passed"), [(3, 5, 2), (12, 20, 2), (13, 20, 3)])
def test_exact_fractions_are_not_decided_by_rounding(both, all_, passed):
    # numpy.arange(.5, 1, .05)[2] is 0.6000000000000001.
    truth, prediction = strips([(both, all_ - both, 0)])
    assert sum(dsb_precisions(truth, prediction)) == passed


def test_a_merged_pair_is_at_most_one_hit():
    truth = np.array([[1] * 8 + [2] * 2], np.uint16)
    prediction = np.ones((1, 10), np.uint16)
    # IoU 0.8 with the first: a hit up to 0.75; the second is missed.
    assert dsb_precisions(truth, prediction) == [0.5] * 6 + [0.0] * 4


@pytest.mark.parametrize(("policy", "value"), [("exclude", math.nan), ("one", 1.0), ("zero", 0.0)])
def test_no_objects_at_all_is_the_policys_value(policy, value):
    empty = np.zeros((3, 3), np.uint16)
    assert dsb_precisions(empty, empty, policy) == pytest.approx([value] * 10, nan_ok=True)
    assert dsb_map(empty, empty, policy) == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize("policy", ["exclude", "one", "zero"])
def test_objects_in_one_only_score_zero(policy):
    empty = np.zeros((3, 3), np.uint16)
    full = np.ones((3, 3), np.uint16)
    assert dsb_map(empty, full, policy) == 0.0
    assert dsb_map(full, empty, policy) == 0.0


def test_an_object_over_the_whole_image():
    full = np.full((3, 3), 7, np.uint16)
    assert dsb_map(full, full) == 1.0


def test_the_largest_number_of_objects_does_not_overflow():
    labels = np.arange(1, 2001, dtype=np.uint16).reshape(40, 50) + np.uint16(60000)
    assert dsb_map(labels, labels) == 1.0
    assert dsb_map(labels, labels[::-1, ::-1]) == 1.0


def test_relabelling_keeps_the_order_and_the_shape():
    labels, count = relabel(np.array([[0, 9], [65535, 3]], np.uint16))
    assert labels.tolist() == [[0, 2], [3, 1]]
    assert count == 3
    labels, count = relabel(np.zeros((2, 2), np.uint16))
    assert labels.tolist() == [[0, 0], [0, 0]]
    assert count == 0


label_maps = arrays(np.uint16, (6, 7), elements=st.sampled_from([0, 0, 1, 2, 3, 50, 65534]))


@settings(max_examples=200)
@given(label_maps, label_maps, st.booleans())
def test_against_every_pair_of_objects_in_exact_fractions(truth, prediction, alike):
    if alike:  # random maps alone would never overlap by much
        prediction = np.where(prediction > 3, prediction, truth)
    if not truth.any() and not prediction.any():
        assert math.isnan(dsb_map(truth, prediction))
        return
    expected = pairwise(truth, prediction)
    assert dsb_precisions(truth, prediction) == [float(x) for x in expected]


@given(label_maps, label_maps)
def test_swapping_and_renumbering_change_nothing(truth, prediction):
    value = dsb_map(truth, prediction, "zero")
    assert dsb_map(prediction, truth, "zero") == value
    renumbered = np.where(truth > 0, np.uint16(65534) - truth + np.uint16(1), 0).astype(np.uint16)
    assert dsb_map(renumbered, prediction, "zero") == value


def test_an_object_that_was_not_annotated_is_neither_found_nor_missed():
    truth = np.uint16([[1, 1, 0, 65535, 65535], [1, 1, 0, 65535, 65535]])
    prediction = np.uint16([[4, 4, 0, 9, 9], [4, 4, 0, 9, 0]])
    assert dsb_map(truth, prediction, "zero") == 1.0
    assert dsb_map(np.where(truth == 65535, 0, truth), prediction, "zero") == 0.5
