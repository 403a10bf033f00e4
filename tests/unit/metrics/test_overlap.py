from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segbench.metrics.counts import Counts, contingency, counts_of
from segbench.metrics.overlap import dice, iou, precision, recall

ALL = (iou, dice, precision, recall)


def test_values_by_hand():
    counts = Counts(tp=6, fp=2, fn=4)
    assert iou(counts, "exclude") == 0.5
    assert dice(counts, "exclude") == 0.6666666666666666
    assert precision(counts, "exclude") == 0.75
    assert recall(counts, "exclude") == 0.6


@pytest.mark.parametrize("metric", ALL)
def test_both_empty_is_the_policys_value(metric):
    empty = Counts(0, 0, 0)
    assert math.isnan(metric(empty, "exclude"))
    assert metric(empty, "one") == 1.0
    assert metric(empty, "zero") == 0.0


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize("policy", ["exclude", "one", "zero"])
@pytest.mark.parametrize("counts", [Counts(0, 3, 0), Counts(0, 0, 3), Counts(0, 2, 2)])
def test_one_empty_or_no_overlap_is_zero_whatever_the_policy(metric, policy, counts):
    assert metric(counts, policy) == 0.0


@pytest.mark.parametrize("metric", ALL)
def test_perfect_is_one(metric):
    assert metric(Counts(4, 0, 0), "exclude") == 1.0


masks = arrays(bool, (4, 5))


@given(masks, masks)
def test_against_set_arithmetic(truth, prediction):
    counts = counts_of(contingency(truth, prediction, 2), 1)
    a = set(np.flatnonzero(truth))
    b = set(np.flatnonzero(prediction))
    assert counts == Counts(len(a & b), len(b - a), len(a - b))
    if a | b:
        assert iou(counts, "exclude") == len(a & b) / len(a | b)
        assert dice(counts, "exclude") == 2 * len(a & b) / (len(a) + len(b))


@given(masks, masks, st.sampled_from(["one", "zero"]))
def test_dice_and_iou_tell_the_same_and_swapping_swaps_precision_and_recall(
    truth, prediction, policy
):
    here = counts_of(contingency(truth, prediction, 2), 1)
    there = counts_of(contingency(prediction, truth, 2), 1)
    j = iou(here, policy)
    assert dice(here, policy) == pytest.approx(2 * j / (1 + j))
    assert iou(here, policy) == iou(there, policy)
    assert precision(here, policy) == recall(there, policy)
