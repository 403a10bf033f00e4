from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from segbench.statistics.comparison import (
    first_groups,
    first_shares,
    holm,
    rank_stability,
    ranks,
    smallest_p,
    wilcoxon,
)


def test_all_signs_equal():
    # 2 of 2**n sign patterns are as extreme.
    for n in (1, 2, 5, 7):
        assert wilcoxon(np.arange(1, n + 1.0)) == 2 / 2**n
        assert wilcoxon(-np.arange(1, n + 1.0)) == 2 / 2**n


def test_rank_sum_4_of_8_pairs():
    # 7 subsets of 1 ... 8 add up to 4 or less: {}, 1, 2, 3, 4, 1 + 2, 1 + 3.
    differences = np.array([-1.0, 2, -3, 4, 5, 6, 7, 8])
    assert wilcoxon(differences) == 14 / 256


def test_zeros_and_nan_do_not_count():
    assert wilcoxon(np.array([0.0, 0.0, math.nan])) == 1.0
    assert wilcoxon(np.array([])) == 1.0
    assert wilcoxon(np.array([0.0, 1, 2, 3, 4, 5, math.nan])) == 0.0625


def test_rounding_noise_is_no_difference():
    assert wilcoxon(np.array([0.1 + 0.2 - 0.3] * 9)) == 1.0


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=10))
def test_ties_are_counted_over_all_signs(differences):
    values = np.array(differences, float)
    kept = values[values != 0]
    got = wilcoxon(values)
    if not kept.size:
        assert got == 1.0
        return
    doubled = np.rint(2 * stats.rankdata(np.abs(kept))).astype(int)
    total = int(doubled.sum())
    plus = int(doubled[kept > 0].sum())
    extreme = sum(
        min(s, total - s) <= min(plus, total - plus)
        for s in (int(doubled @ np.array(signs)) for signs in product((0, 1), repeat=kept.size))
    )
    assert got == pytest.approx(min(1.0, extreme / 2**kept.size))


@pytest.mark.parametrize("count", [6, 20, 50])
def test_exact_as_scipy_without_ties(count):
    generator = np.random.Generator(np.random.PCG64(count))
    differences = generator.normal(0.3, 1, count)
    expected = stats.wilcoxon(differences, method="exact").pvalue
    assert wilcoxon(differences) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("count", "decimals"), [(51, 9), (200, 1), (670, 2)])
def test_approximate_as_scipy_with_and_without_ties(count, decimals):
    generator = np.random.Generator(np.random.PCG64(count))
    differences = np.round(generator.normal(0.1, 1, count), decimals)
    expected = stats.wilcoxon(differences, method="approx", correction=False).pvalue
    assert wilcoxon(differences) == pytest.approx(expected, rel=1e-9)


def test_the_least_p_that_can_be():
    assert smallest_p(7) == wilcoxon(np.arange(1.0, 8.0)) == 2 / 128
    assert smallest_p(1) == smallest_p(0) == 1.0


def test_holm():
    # Holm 1979: times 3, 2, 1 from the smallest, never falling.
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []
    assert holm([0.2]) == [0.2]


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_lies_between_no_correction_and_bonferroni(p_values):
    corrected = holm(p_values)
    for p, adjusted in zip(p_values, corrected, strict=True):
        assert p <= adjusted <= min(1.0, len(p_values) * p) + 1e-12
    order = np.argsort(p_values, kind="stable")
    assert all(np.diff(np.array(corrected)[order]) >= 0)


def test_ranks_share_the_smaller_and_nan_is_last():
    assert ranks([0.5, 0.9, 0.9, math.nan, 0.1]) == [3, 1, 1, 5, 4]
    assert ranks([0.1 + 0.2, 0.3]) == [1, 1]


@given(st.lists(st.floats(-5, 5) | st.just(math.nan), max_size=8))
def test_ranks_of_errors_are_ranks_of_their_negatives(values):
    assert ranks(values, higher_is_better=False) == ranks([-v for v in values])


def test_first_is_the_lowest_of_errors():
    draws = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, math.nan], [math.nan, 0.2, 0.1]])
    assert first_shares(draws, False) == pytest.approx([1 / 6, 1 / 3, 1 / 2])


def test_first_shares():
    draws = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.1], [0.1, 0.2, 0.3], [math.nan, 0.2, 0.1]])
    assert first_shares(draws).tolist() == [0.375, 0.375, 0.25]


def test_rank_stability():
    values = np.array([0.9, 0.5, 0.1])
    same = np.array([[0.8, 0.6, 0.2]])
    opposite = np.array([[0.2, 0.6, 0.8]])
    assert rank_stability(values, same) == 1.0
    assert rank_stability(values, opposite) == -1.0
    assert rank_stability(values, np.concatenate([same, opposite])) == 0.0
    swapped = np.array([[0.6, 0.8, 0.2]])
    assert rank_stability(values, swapped) == pytest.approx(1 / 3)
    assert rank_stability(values[:1], same[:, :1]) is None
    lost = np.array([[math.nan, 0.6, math.nan]])
    assert rank_stability(values, np.concatenate([same, lost])) == 1.0
    assert rank_stability(values, lost) is None


def test_rank_stability_is_kendalls_tau():
    generator = np.random.Generator(np.random.PCG64(1))
    values = generator.random(6)
    draws = generator.random((20, 6))
    expected = np.mean([stats.kendalltau(values, draw).statistic for draw in draws])
    assert rank_stability(values, draws) == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=6))
def test_corrected_p_values_never_fall_where_others_rise(pairs):
    """So the smallest p values of all tests, corrected, are what each can reach."""
    lower, higher = [min(pair) for pair in pairs], [max(pair) for pair in pairs]
    assert all(a <= b for a, b in zip(holm(lower), holm(higher), strict=True))


def test_first_in_groups():
    points = np.array([[0.5, 0.9, math.nan, math.nan], [0.5, 0.8, 0.1, math.nan]])
    assert first_groups(points) == [2, 1], "a group without a value for an arm has no first"
    assert first_groups(points, higher_is_better=False) == [1, 2]
    assert first_groups(np.array([[0.5, math.nan], [math.nan, 0.1]])) == [0, 0]
    # What sums in another order add is noise.
    assert first_groups(np.array([[0.1 + 0.2], [0.3]])) == [1, 1]
