from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.statistics.bootstrap import (
    interval,
    means,
    means_by_class,
    resample,
    standard_deviation,
    sums_by_group,
)

NAN = math.nan


def test_sums_by_group_leave_nan_out():
    values = np.array([[[1.0, 2.0, NAN, 4.0]]])
    sums = sums_by_group(values, np.array([0, 1, 1, 0]), 3)
    assert sums.total.tolist() == [[[5.0, 2.0, 0.0]]]
    assert sums.number.tolist() == [[[2, 1, 0]]]


def test_samples_count_equally_however_many_a_group_has():
    values = np.array([[[1.0, 1.0, 1.0, 0.0]]])
    sums = sums_by_group(values, np.array([0, 0, 0, 1]), 2)
    assert means(sums, np.ones((1, 2), int)).tolist() == [[0.75]]


def test_mean_over_classes_of_means_over_samples():
    values = np.array([[[1.0, NAN, NAN], [0.0, 0.5, 1.0]]])
    sums = sums_by_group(values, np.arange(3), 3)
    weights = np.ones((1, 3), int)
    assert means_by_class(sums, weights).tolist() == [[[1.0, 0.5]]]
    assert means(sums, weights).tolist() == [[0.75]]
    # A draw without the one image of the first class averages over the second alone.
    assert means(sums, np.array([[0, 2, 1]])).tolist() == [[pytest.approx(2 / 3)]]


def test_weighted_values_are_pooled():
    # 1 of 4 and 3 of 4 in the first group, 8 of 8 in the second; the last says nothing.
    values = np.array([[[0.25, 0.75, 1.0, NAN]]])
    weights = np.array([[[4.0, 4.0, 8.0, 5.0]]])
    sums = sums_by_group(values, np.array([0, 0, 1, 1]), 2, weights)
    assert sums.total.tolist() == [[[4.0, 8.0]]]
    assert sums.number.tolist() == [[[8.0, 8.0]]]
    assert means(sums, np.ones((1, 2), int)).tolist() == [[0.75]]
    assert means(sums, np.array([[2, 0]])).tolist() == [[0.5]]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8))
def test_pooled_means_are_ratios_of_sums(pairs):
    hits, total = np.array([(min(a, b), b) for a, b in pairs], float).T
    with np.errstate(invalid="ignore"):
        values = np.where(total > 0, hits / total, NAN)[None, None]
    sums = sums_by_group(values, np.arange(len(pairs)), len(pairs), total[None, None])
    for draw in resample(len(pairs), 5):
        (mean,) = means(sums, draw[None])[0]
        whole = (draw * total).sum()
        assert mean == pytest.approx((draw * hits).sum() / whole if whole else NAN, nan_ok=True)


def test_weights_of_one_change_no_bit():
    values = np.random.Generator(np.random.PCG64(5)).random((2, 3, 40))
    values[:, 1, ::7] = NAN
    groups = np.arange(40) % 11
    plain = sums_by_group(values, groups, 11)
    weighted = sums_by_group(values, groups, 11, np.ones(values.shape))
    draws = resample(11, 50)
    assert means(plain, draws).tobytes() == means(weighted, draws).tobytes()
    # As the mean was before there were weights: integers count the values.
    number = (~np.isnan(values)).astype(np.int64)
    for n in range(2):
        for c in range(3):
            counted = np.bincount(groups, number[n, c], 11).astype(np.int64)
            old = (draws @ plain.total[n, c]) / np.maximum(draws @ counted, 1)
            assert means_by_class(plain, draws)[:, n, c] == pytest.approx(old, rel=1e-15)


def test_very_small_weights_still_divide():
    sums = sums_by_group(np.array([[[0.0, NAN]]]), np.arange(2), 2, np.array([[[1e-12, 0.0]]]))
    assert means(sums, np.ones((1, 2), int)).tolist() == [[0.0]]


def test_classes_can_count_differently():
    sums = sums_by_group(np.array([[[0.5], [1.0]]]), np.arange(1), 1)
    ones = np.ones((1, 1), int)
    assert means(sums, ones, np.array([0.4, 0.6])).tolist() == [[pytest.approx(0.8)]]
    left = sums_by_group(np.array([[[0.5], [NAN]]]), np.arange(1), 1)
    assert means(left, ones, np.array([0.4, 0.6])).tolist() == [[0.5]]


def test_a_draw_without_any_value_is_nan():
    sums = sums_by_group(np.array([[[1.0, NAN]]]), np.arange(2), 2)
    assert np.isnan(means(sums, np.array([[0, 2]]))).all()


def test_resampling_draws_as_many_groups_as_there_are():
    weights = resample(5, 200)
    assert weights.shape == (200, 5)
    assert (weights.sum(axis=1) == 5).all()
    assert weights.min() >= 0
    assert (weights == resample(5, 200)).all()
    assert (weights != resample(5, 200, seed=1)).any()
    assert abs(weights.mean(axis=0) - 1).max() < 0.25


def test_one_group_is_always_drawn():
    assert resample(1, 3).tolist() == [[1], [1], [1]]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(0, 9))
def test_resampled_means_are_means_of_resampled_values(values, seed):
    array = np.array([[values]])
    sums = sums_by_group(array, np.arange(len(values)), len(values))
    weights = resample(len(values), 7, seed)
    for weight, mean in zip(weights, means(sums, weights)[:, 0], strict=True):
        assert mean == pytest.approx(np.repeat(values, weight).mean())


def test_interval_is_percentiles():
    draws = np.arange(101) / 100
    assert interval(draws, 0.9) == (pytest.approx(0.05), pytest.approx(0.95))
    assert interval(np.array([NAN, 1.0]), 0.95) == (1.0, 1.0)
    assert interval(np.array([NAN]), 0.95) is None


def test_the_interval_covers_what_it_should():
    # 95 % intervals of the mean of 40 uniform values: about 94 % cover 0.5.
    generator = np.random.Generator(np.random.PCG64(3))
    weights = resample(40, 500)
    covered = 0
    for _ in range(300):
        sums = sums_by_group(generator.random((1, 1, 40)), np.arange(40), 40)
        low, high = interval(means(sums, weights)[:, 0], 0.95)
        covered += low <= 0.5 <= high
    assert 0.90 <= covered / 300 <= 0.98


def test_intervals_over_groups_are_wider_than_over_samples():
    generator = np.random.Generator(np.random.PCG64(0))
    values = np.repeat(generator.random(8), 5)[None, None]
    by_group = sums_by_group(values, np.repeat(np.arange(8), 5), 8)
    by_sample = sums_by_group(values, np.arange(40), 40)
    wide = interval(means(by_group, resample(8, 500))[:, 0], 0.95)
    narrow = interval(means(by_sample, resample(40, 500))[:, 0], 0.95)
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


def test_standard_deviation():
    assert standard_deviation(np.array([1.0, 2.0, 3.0])) == 1.0
    assert standard_deviation(np.array([1.0, NAN])) is None
    assert standard_deviation(np.array([])) is None
