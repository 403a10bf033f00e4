"""Figures by hand: which samples, how many, how sure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.metrics.registry import definition_id
from segbench.statistics.bootstrap import interval, means, resample, sums_by_group
from segbench.statistics.estimates import MIN_GROUPS, Figure, estimate, figure
from segbench.statistics.scores import MetricScores
from segbench.statistics.summary import summarise
from unit.statistics.test_summary import scores_of, study_of

NAN = math.nan


def metric_of(values, groups=None, metric="iou", weights=None) -> MetricScores:
    """Scores from an array (arm, class, sample); classes are c0, c1, ..."""
    array = np.array(values, float)[:, None]
    samples = array.shape[3]
    return MetricScores(
        definition_id(metric, "exclude"),
        tuple(f"c{n}" for n in range(array.shape[2])),
        array,
        np.ones_like(array) if weights is None else np.array(weights, float)[:, None],
        tuple(f"s{n}" for n in range(samples)),
        np.arange(samples) if groups is None else np.array(groups),
    )


def estimates_of(metric: MetricScores):
    found, _ = estimate(metric, resample(int(metric.groups.max()) + 1, 200), 0.95)
    return found


def test_two_arms_that_differ_in_their_cases():
    """The second class: arm 0 has samples 0, 1 and 2, arm 1 has 2 and 3; 2 is common."""
    first, second = estimates_of(
        metric_of([
            [[0.1, 0.2, 0.3, 0.4], [0.9, 0.6, 0.3, NAN]],
            [[0.2, 0.3, 0.4, 0.5], [NAN, NAN, 0.5, 0.7]],
        ], groups=[0, 0, 1, 1])
    )  # fmt: skip
    assert first.own.by_class["c0"] == first.common.by_class["c0"]
    assert first.own.by_class["c0"] == Figure(
        pytest.approx(0.25), None, (pytest.approx(0.15), pytest.approx(0.35)), 4, 2
    )
    assert first.own.by_class["c1"] == Figure(pytest.approx(0.6), None, (0.75, 0.3), 3, 2)
    assert second.own.by_class["c1"] == Figure(pytest.approx(0.6), None, (), 2, 1)
    assert first.common.by_class["c1"] == Figure(0.3, None, (), 1, 1)
    assert second.common.by_class["c1"] == Figure(0.5, None, (), 1, 1)
    # Means over the two classes; the first group has but one class in common.
    assert first.own.overall.mean == pytest.approx((0.25 + 0.6) / 2)
    assert first.common.overall.mean == pytest.approx((0.25 + 0.3) / 2)
    assert first.common.overall.points == (pytest.approx(0.15), pytest.approx((0.35 + 0.3) / 2))
    assert (first.common.overall.samples, first.common.overall.classes) == (4, 2)


def test_a_class_without_a_common_case_is_left_out_of_the_comparison():
    first, second = estimates_of(metric_of([[[0.1, 0.2], [0.5, NAN]], [[0.3, 0.4], [NAN, 0.9]]]))
    assert (first.own.overall.classes, first.common.overall.classes) == (2, 1)
    assert math.isnan(first.common.by_class["c1"].mean)
    assert first.common.by_class["c1"].samples == 0
    assert first.common.overall.mean == pytest.approx(0.15)
    assert second.common.overall.mean == pytest.approx(0.35)


def test_excluded_samples_have_no_value_in_any_class():
    (one,) = estimates_of(metric_of([[[0.1, NAN, NAN], [NAN, NAN, 0.5]]]))
    assert (one.own.overall.samples, one.excluded) == (2, 1)


def test_pooled_figures_count_the_whole_pool():
    """Arm 0 predicts the class in the second image, falsely: 4 of 8 + 8 pixels. Arm 1: 4 of 8."""
    first, second = estimates_of(
        metric_of([[[0.5, 0.0]], [[0.5, NAN]]], metric="iou_pooled", weights=[[[8, 8]], [[8, 0]]])
    )
    assert first.own == first.common
    assert first.common.overall == Figure(0.25, None, (0.5, 0.0), 2, 2)
    assert second.common.overall == Figure(0.5, None, (), 2, 2)


def test_six_groups_have_an_interval_five_have_points():
    values = np.linspace(0.1, 0.6, 6)
    (six,) = estimates_of(metric_of([[values]]))
    assert six.own.overall.points == ()
    assert six.own.overall.interval[0] < 0.35 < six.own.overall.interval[1]
    (five,) = estimates_of(metric_of([[values[:5]]]))
    assert five.own.overall.interval is None
    assert five.own.overall.points == pytest.approx((0.1, 0.2, 0.3, 0.4, 0.5))
    # Many samples make no group.
    (few,) = estimates_of(metric_of([[np.tile(values, 10)]], groups=np.repeat([0, 1, 2], 20)))
    assert few.own.overall.interval is None
    assert (few.own.overall.samples, few.own.overall.groups) == (60, 3)


def test_a_class_in_few_groups_has_points_though_the_study_has_many():
    rare = [NAN] * 6 + [0.25, 0.75]
    (one,) = estimates_of(metric_of([[np.full(8, 0.5), rare]]))
    assert one.own.by_class["c0"].interval == (0.5, 0.5)
    assert one.own.by_class["c1"] == Figure(0.5, None, (0.25, 0.75), 2, 2)


def test_groups_are_those_with_a_value():
    cases = np.array([[True, True, False]])
    one = figure(0.5, np.array([0.5]), np.array([0.5, NAN]), cases, np.array([0, 0, 1]), 0.95)
    assert one == Figure(0.5, None, (), 2, 1)


@pytest.mark.parametrize(("groups", "covered"), [(3, 0.76), (5, 0.84), (7, 0.87)])
def test_the_coverage_that_the_tables_state(groups, covered):
    """95 % intervals of the mean of normal values."""
    generator, inside = np.random.Generator(np.random.PCG64(11)), 0
    for n in range(1200):
        values = sums_by_group(generator.normal(size=(1, 1, groups)), np.arange(groups), groups)
        low, high = interval(means(values, resample(groups, 500, seed=n))[:, 0], 0.95)
        inside += low <= 0 <= high
    assert inside / 1200 == pytest.approx(covered, abs=0.03)
    assert (covered < 0.86) == (groups < MIN_GROUPS)


ARMS = st.integers(2, 3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), ARMS, st.integers(2, 9), st.booleans())
def test_a_case_that_only_one_arm_has_changes_no_comparison(seed, arms, samples, new_group):
    """Whatever its value, in whatever group and class: no difference, p value, rank or share."""
    generator = np.random.Generator(np.random.PCG64(seed))
    values = generator.random((arms, 1, 2, samples))
    values[generator.random(values.shape) < 0.2] = NAN
    values[:, :, 0, 0] = generator.random((arms, 1))  # something is common
    groups = np.arange(samples) // 2
    more = np.full((arms, 1, 2, 1), NAN)
    more[generator.integers(arms), 0, generator.integers(2), 0] = generator.random()
    added = groups[-1] + 1 if new_group else generator.integers(groups[-1] + 1)
    classes, one = ("a", "b"), study_of(arms, bootstrap=20)
    before = summarise(scores_of(values, groups, classes), one)
    after = summarise(
        scores_of(np.concatenate([values, more], axis=3), [*groups, added], classes), one
    )
    assert (before.best, before.groups, before.smallest_p) == (
        after.best, after.groups, after.smallest_p,
    )  # fmt: skip
    for old, new in zip(before.arms, after.arms, strict=True):
        assert (old.rank, old.standing, old.p_best) == (new.rank, new.standing, new.p_best)
        assert old.first_groups == new.first_groups
        assert old.behind == new.behind
        # As text: NaN equals NaN there.
        assert repr(old.estimates["iou"].common) == repr(new.estimates["iou"].common)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), ARMS, st.integers(1, 9))
def test_common_cases_are_those_of_every_arm(seed, arms, samples):
    generator = np.random.Generator(np.random.PCG64(seed))
    values = generator.random((arms, 2, samples))
    values[generator.random(values.shape) < 0.3] = NAN
    metric = metric_of(values)
    valid = ~np.isnan(values)
    for arm, one in enumerate(estimates_of(metric)):
        for c, name in enumerate(metric.classes):
            own, common = one.own.by_class[name], one.common.by_class[name]
            shared = valid[:, c].all(axis=0)
            assert own.samples == own.groups == valid[arm, c].sum()
            assert common.samples == shared.sum()
            expected = values[arm, c][shared].mean() if shared.any() else NAN
            assert common.mean == pytest.approx(expected, nan_ok=True)
        assert one.own.overall.classes == valid[arm].any(axis=1).sum()
        assert one.excluded + one.own.overall.samples == samples


def test_a_pooled_class_counts_only_where_every_arm_has_a_value():
    """No pixel of c1 in the truth: arm 1 has 0, of a false alarm; arm 0 has no value."""
    metric = metric_of(
        [[[0.5, 0.75], [NAN, NAN]], [[0.25, 0.5], [0.0, NAN]]], metric="iou_pooled",
        weights=[[[4, 4], [0, 0]], [[4, 4], [9, 0]]],
    )  # fmt: skip
    first, second = estimates_of(metric)
    assert metric.uneven == {"c1"}
    assert (first.own.overall.mean, second.own.overall.mean) == (0.625, 0.1875)
    assert (first.common.overall.mean, second.common.overall.mean) == (0.625, 0.375)
    assert [one.own.overall.classes for one in (first, second)] == [1, 2]
    assert [one.common.overall.classes for one in (first, second)] == [1, 1]
    assert second.common.overall.points == (0.25, 0.5)
    assert math.isnan(second.common.by_class["c1"].mean)
