from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.arms import Recipes
from segbench.errors import SegbenchError
from segbench.metrics.registry import definition_id
from segbench.statistics.estimates import Figure
from segbench.statistics.scores import MetricScores, Scores
from segbench.statistics.summary import summarise
from unit.statistics.made import study

NAN = math.nan


def scores_of(values, groups=None, classes=("nucleus",), metric="iou", weights=None) -> Scores:
    """Scores from an array (arm, seed, class, sample)."""
    values = np.array(values, float)
    arms, seeds, _, samples = values.shape
    groups = np.arange(samples) if groups is None else np.array(groups)
    weights = np.ones_like(values) if weights is None else np.array(weights, float)
    names = tuple(f"s{n:03d}" for n in range(samples))
    definition = definition_id(metric, "exclude")
    return Scores(
        tuple(Recipes(f"p{n}", "none", "unet") for n in range(arms)),
        tuple(range(seeds)),
        names,
        tuple(f"g{n:03d}" for n in range(groups.max() + 1)),
        {metric: MetricScores(definition, classes, values, weights, names, groups)},
    )


def study_of(arms: int, **changes):
    return study(preprocessing=tuple(f"p{n}" for n in range(arms)), **changes)


def test_one_arm():
    summary = summarise(scores_of([[[[0.5, 0.7, 0.9]]]]), study_of(1))
    (row,) = summary.arms
    one = row.estimates["iou"]
    assert one.own.overall == Figure(pytest.approx(0.7), None, (0.5, 0.7, 0.9), 3, 3)
    assert (one.excluded, one.seed_sd) == (0, None)
    assert (row.rank, row.p_best, row.standing, row.behind) == (1, None, "best", None)
    assert (row.first_share, row.first_groups) == (None, 3)
    assert (summary.best, summary.comparisons, summary.tau) == (0, 0, None)


def test_samples_are_pooled_and_excluded_ones_counted():
    summary = summarise(scores_of([[[[1.0, NAN, 0.0, 0.5]]]], groups=[0, 1, 0, 2]), study_of(1))
    one = summary.arms[0].estimates["iou"]
    assert one.own.overall == Figure(0.5, None, (0.5, 0.5), 3, 2)
    assert one.excluded == 1


def test_one_group_has_no_interval():
    summary = summarise(scores_of([[[[0.5, 0.7]]], [[[0.1, 0.2]]]], groups=[0, 0]), study_of(2))
    assert summary.arms[0].estimates["iou"].own.overall == Figure(0.6, None, (), 2, 1)
    assert summary.arms[1].behind == Figure(pytest.approx(-0.45), None, (), 2, 1)
    assert summary.arms[1].standing == "untested"
    assert summary.tau is None


def test_seeds_are_averaged_a_sample_and_their_spread_is_told():
    values = [[[[0.4, 0.6]], [[0.6, 0.8]], [[0.5, NAN]]]]
    one = summarise(scores_of(values), study_of(1, seeds=(0, 1, 2))).arms[0].estimates["iou"]
    assert one.own.overall.mean == pytest.approx((0.5 + 0.7) / 2)
    # Means of the seeds: 0.5, 0.7, 0.5.
    assert one.seed_sd == pytest.approx(0.11547005)


def test_classes_are_averaged_after_samples():
    values = [[[[1.0, NAN, NAN], [0.0, 0.5, 1.0]]]]
    summary = summarise(scores_of(values, classes=("hat", "skin")), study_of(1))
    one = summary.arms[0].estimates["iou"]
    assert one.own.overall == Figure(0.75, None, (0.5, 0.5, 1.0), 3, 3, classes=2)
    assert one.own.by_class == {
        "hat": Figure(1.0, None, (), 1, 1),
        "skin": Figure(0.5, None, (0.0, 0.5, 1.0), 3, 3),
    }
    assert one.excluded == 0


def test_a_clear_difference_over_enough_groups():
    base = np.linspace(0.5, 0.8, 12)
    step = np.linspace(0.05, 0.1, 12)
    summary = summarise(
        scores_of([[[base]], [[base + step]], [[base + step + 1e-15]]]), study_of(3)
    )
    low, best, twin = summary.arms
    assert [row.rank for row in summary.arms] == [3, 1, 1]
    assert summary.best == 1
    # 2 / 2**12 for each of two pairs, 1 for the twins; Holm: times 3.
    assert low.p_best == pytest.approx(3 * 2 / 4096)
    assert (low.standing, best.standing, twin.standing) == ("worse", "best", "tied")
    assert twin.p_best == 1.0
    assert low.behind.mean == pytest.approx(-0.075)
    assert low.behind.interval[0] < -0.075 < low.behind.interval[1] < 0
    assert (low.first_share, best.first_share, twin.first_share) == (0.0, 0.5, 0.5)
    assert summary.comparisons == 3
    assert summary.smallest_p == 3 * 2 / 4096


def test_few_groups_cannot_show_a_difference():
    base = np.linspace(0.5, 0.8, 5)
    summary = summarise(scores_of([[[base]], [[base + 0.1]]]), study_of(2))
    assert summary.arms[0].p_best == summary.smallest_p == 0.0625
    assert summary.arms[0].standing == "untested"
    assert not summary.testable


def test_the_test_is_over_groups_not_samples():
    base = np.linspace(0.5, 0.8, 40)
    groups = np.repeat(np.arange(4), 10)
    summary = summarise(scores_of([[[base]], [[base + 0.1]]], groups), study_of(2))
    assert summary.arms[0].p_best == 2 / 2**4


def test_pairs_in_which_one_is_left_out_do_not_count():
    base = np.linspace(0.5, 0.8, 7)
    other = base + 0.1
    other[0] = NAN
    summary = summarise(scores_of([[[base]], [[other]]]), study_of(2))
    assert summary.arms[0].p_best == 2 / 2**6


def test_the_lowest_error_is_best():
    base = np.linspace(2.0, 9.0, 12)
    worse = base + np.linspace(0.5, 1.0, 12)
    summary = summarise(
        scores_of([[[worse]], [[base]]], metric="hd95"),
        study_of(2, metrics=("hd95",), primary="hd95"),
    )
    bad, good = summary.arms
    assert summary.best == 1
    assert (bad.rank, good.rank) == (2, 1)
    assert bad.behind.mean == pytest.approx(0.75)  # farther by three quarters of a millimetre
    assert 0 < bad.behind.interval[0] < 0.75 < bad.behind.interval[1]
    assert (bad.first_share, good.first_share) == (0.0, 1.0)
    assert bad.p_best == 2 / 2**12
    assert summary.tau == 1.0


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(2, 4), st.integers(2, 9))
def test_errors_are_ranked_as_their_negatives_would_be(seed, arms, samples):
    values = np.random.Generator(np.random.PCG64(seed)).random((arms, 1, 1, samples))
    low = summarise(
        scores_of(values, metric="hd95"),
        study_of(arms, metrics=("hd95",), primary="hd95", bootstrap=50),
    )
    high = summarise(scores_of(-values), study_of(arms, bootstrap=50))
    for one, two in zip(low.arms, high.arms, strict=True):
        assert (one.rank, one.p_best, one.standing) == (two.rank, two.p_best, two.standing)
        assert one.first_share == two.first_share
    assert (low.best, low.tau) == (high.best, high.tau)


def test_pooled_figures_are_ratios_of_sums():
    # Two classes: 1 of 10 and 8 of 10; 3 of 3 and nothing at all.
    summary = summarise(
        scores_of(
            [[[[0.1, 0.8], [1.0, NAN]]]], classes=("a", "b"), metric="iou_pooled",
            weights=[[[[10, 10], [3, 0]]]],
        ),
        study_of(1, metrics=("iou_pooled",), primary="iou_pooled"),
    )  # fmt: skip
    one = summary.arms[0].estimates["iou_pooled"]
    assert one.own.by_class == {
        "a": Figure(pytest.approx(0.45), None, (0.1, 0.8), 2, 2),
        "b": Figure(1.0, None, (), 2, 2),  # the second sample is in the pool, too
    }
    assert one.own.overall.mean == pytest.approx(0.725)


def test_weights_make_the_mean_over_seeds_a_pooled_one():
    values, weights = [[[[0.5]], [[1.0]]]], [[[[2.0]], [[6.0]]]]
    summary = summarise(
        scores_of(values, metric="iou_pooled", weights=weights),
        study_of(1, metrics=("iou_pooled",), primary="iou_pooled", seeds=(0, 1)),
    )
    one = summary.arms[0].estimates["iou_pooled"]
    assert one.own.overall.mean == 7 / 8
    assert one.seed_sd == pytest.approx(0.5 / 2**0.5)


def test_the_score_of_the_competition_is_put_together_from_its_parts():
    # Dice of 2 and 6 pairs, one stack without a distance.
    values = [[[[0.5, NAN], [0.25, 0.75]]]]
    weights = [[[[1, 1], [2, 6]]]]
    summary = summarise(
        scores_of(values, classes=("1 - Hausdorff", "Dice"), metric="uw_mlebench", weights=weights),
        study_of(1, metrics=("uw_mlebench",), primary="uw_mlebench"),
    )
    one = summary.arms[0].estimates["uw_mlebench"]
    assert one.own.overall.mean == pytest.approx(0.4 * (0.5 + 4.5) / 8 + 0.6 * 0.5)


def test_nothing_scored_at_all():
    with pytest.raises(SegbenchError, match="p1/none/unet has no value of iou"):
        summarise(scores_of([[[[0.5]]], [[[NAN]]]]), study_of(2))
    pooled = scores_of([[[[0.5]]], [[[NAN]]]], metric="iou_pooled", weights=[[[[4]]], [[[0]]]])
    one = study_of(2, metrics=("iou_pooled",), primary="iou_pooled")
    with pytest.raises(SegbenchError, match="p1/none/unet has no value of iou_pooled"):
        summarise(pooled, one)


def test_arms_that_share_no_sample_cannot_be_compared():
    with pytest.raises(
        SegbenchError, match="the arms have no sample with a value of iou in common"
    ):
        summarise(scores_of([[[[0.5, NAN]]], [[[NAN, 0.5]]]]), study_of(2))


def test_ranks_are_of_the_cases_in_common():
    """Over its own samples the first arm has 0.6, the second 0.55; in common 0.5 and 0.55."""
    base = [1.0, *[0.5] * 4]
    summary = summarise(scores_of([[[base]], [[[NAN, *[0.55] * 4]]]]), study_of(2))
    first, second = summary.arms
    assert first.estimates["iou"].own.overall.mean == pytest.approx(0.6)
    assert (first.rank, second.rank, summary.best) == (2, 1, 1)
    assert first.behind.mean == pytest.approx(-0.05)
    assert first.behind.points == pytest.approx((-0.05,) * 4)
    assert (first.first_groups, second.first_groups, summary.groups) == (0, 4, 4)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 4), st.integers(2, 9))
def test_properties_of_any_study(seed, arms, samples):
    values = np.random.Generator(np.random.PCG64(seed)).random((arms, 1, 1, samples))
    summary = summarise(scores_of(values), study_of(arms, bootstrap=50))
    assert summary.arms[summary.best].rank == 1
    shares = [row.first_share for row in summary.arms]
    assert (None in shares) == (samples < 6) == (summary.tau is None)
    assert samples < 6 or sum(shares) == pytest.approx(1)
    assert sum(row.first_groups for row in summary.arms) == samples
    for n, row in enumerate(summary.arms):
        one = row.estimates["iou"]
        assert one.own == one.common
        assert one.own.overall.mean == pytest.approx(values[n].mean())
        assert (one.own.overall.interval is None) == (samples < 6)
        assert len(one.own.overall.points) == (samples if samples < 6 else 0)
        assert (row.p_best is None) == (row.behind is None) == (n == summary.best)
        assert row.p_best is None or row.p_best >= summary.smallest_p - 1e-12
        tied = "tied" if summary.testable else "untested"
        worse = row.p_best is not None and row.p_best < 0.05
        assert row.standing == ("best" if n == summary.best else "worse" if worse else tied)
    again = summarise(scores_of(values), study_of(arms, bootstrap=50))
    assert again == summary
