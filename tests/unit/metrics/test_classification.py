from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.metrics.classification import (
    Predictions,
    accuracy,
    brier,
    calibration_error,
    calibration_parts,
    log_loss,
    placements,
    roc_auc,
)
from segbench.metrics.registry import METRICS

NAMES = ("colon", "kidney", "liver")


def made(truth, label=None, probability=None) -> Predictions:
    truth = np.array(truth)
    label = truth if label is None else np.array(label)
    probability = np.eye(3)[label] if probability is None else np.array(probability, float)
    return Predictions(NAMES, truth, label, probability)


def figures(found) -> dict[str, float]:
    """Weighted mean of each class."""
    sums: dict[str, list[float]] = {}
    for _, value in found:
        total = sums.setdefault(value.class_name, [0.0, 0.0])
        if not math.isnan(value.value):
            total[0] += value.weight * value.value
            total[1] += value.weight
    return {name: a / b if b else math.nan for name, (a, b) in sums.items()}


@st.composite
def folds(draw) -> Predictions:
    count = draw(st.integers(2, 25))
    generator = np.random.Generator(np.random.PCG64(draw(st.integers(0, 999))))
    probability = generator.integers(0, 5, (count, 3)) + 0.2
    probability /= probability.sum(axis=1, keepdims=True)
    return made(generator.integers(0, 3, count), generator.integers(0, 3, count), probability)


def test_by_hand():
    # colon: 2 of 3 found, 2 of 2 right. kidney: 1 of 1 found, 1 of 2 right. liver: never.
    found = made([0, 0, 0, 1], [0, 0, 1, 1])
    assert figures(accuracy(found)) == {"all": 0.75}
    recall = figures(METRICS["class_recall"].measure(found))
    assert recall["colon"] == 2 / 3 and recall["kidney"] == 1.0
    assert math.isnan(recall["liver"])
    precision = figures(METRICS["class_precision"].measure(found))
    assert precision["colon"] == pytest.approx(1.0) and precision["kidney"] == 0.5
    assert math.isnan(precision["liver"])
    f1 = figures(METRICS["f1"].measure(found))
    assert f1["colon"] == pytest.approx(4 / 5) and f1["kidney"] == pytest.approx(2 / 3)


def test_a_class_that_is_never_said_has_precision_zero_not_none():
    found = made([0, 1], [0, 0])
    precision = figures(METRICS["class_precision"].measure(found))
    assert precision["colon"] == pytest.approx(0.5, rel=1e-11)
    assert precision["kidney"] == 0.0
    # Said, but never true: there is nothing to find.
    recall = figures(METRICS["class_recall"].measure(made([0, 0], [0, 1])))
    assert math.isnan(recall["kidney"])


@given(folds())
def test_ratios_agree_with_counts_of_the_whole_fold(found):
    for kind, metric in (
        ("recall", "class_recall"),
        ("precision", "class_precision"),
        ("dice", "f1"),
    ):
        ours = figures(METRICS[metric].measure(found))
        for c, name in enumerate(NAMES):
            t, s = found.truth == c, found.label == c
            tp, fp, fn = (t & s).sum(), (s & ~t).sum(), (t & ~s).sum()
            top, bottom = {
                "recall": (tp, tp + fn), "precision": (tp, tp + fp),
                "dice": (2 * tp, 2 * tp + fp + fn),
            }[kind]  # fmt: skip
            if bottom:
                assert ours[name] == pytest.approx(top / bottom, rel=1e-9)


def test_placements_by_hand():
    # Hanley and McNeil's statistic of 2 positives and 3 negatives: 1 + 1 + 1, 0 + 1/2 + 1.
    scores = np.array([0.9, 0.4, 0.8, 0.4, 0.1])
    positive = np.array([True, True, False, False, False])
    found = placements(scores, positive)
    assert found[:2].tolist() == [1.0, 0.5]
    assert np.isnan(found[2:]).all()


def test_without_negatives_or_positives_there_is_no_curve():
    assert np.isnan(placements(np.array([0.3, 0.4]), np.array([True, True]))).all()
    assert np.isnan(placements(np.array([0.3, 0.4]), np.array([False, False]))).all()


@given(folds())
def test_auc_agrees_with_all_pairs_and_with_the_trapezoids(found):
    ours = figures(roc_auc(found))
    for c, name in enumerate(NAMES):
        score, positive = found.probability[:, c], found.truth == c
        pairs = [(p > n) + 0.5 * (p == n) for p in score[positive] for n in score[~positive]]
        if not pairs:
            assert math.isnan(ours[name])
            continue
        assert ours[name] == pytest.approx(np.mean(pairs))
        # The curve itself, thresholds from above.
        points = [(0.0, 0.0)]
        for threshold in np.unique(score)[::-1]:
            said = score >= threshold
            points.append((said[~positive].mean(), said[positive].mean()))
        x, y = np.array(points).T
        assert ours[name] == pytest.approx(np.trapezoid(y, x))


def test_calibration_error_by_hand():
    # Bin (0.4, 0.6]: confidence 0.5, right 1 of 2. Bin (0.8, 1]: 0.9, right 0 of 1.
    parts = calibration_parts(np.array([0.5, 0.5, 0.9]), np.array([True, False, False]), 5)
    assert parts.mean() == pytest.approx((0 + 0.9) / 3)
    assert parts[2] == pytest.approx(0.9)


def test_edges_belong_to_the_lower_bin():
    # Guo et al.: ((m - 1) / M, m / M]. 0.2 and 0.1 share a bin, 0.2 and 0.3 do not.
    right = np.array([True, False])
    together = calibration_parts(np.array([0.2, 0.1]), right, 5)
    apart = calibration_parts(np.array([0.2, 0.3]), right, 5)
    assert together.mean() == pytest.approx(abs(0.5 - 0.15))
    assert apart.mean() == pytest.approx((0.8 + 0.3) / 2)
    assert calibration_parts(np.array([0.0, 1.0]), right, 5).mean() == pytest.approx(1.0)


@given(folds(), st.integers(1, 20))
def test_calibration_error_agrees_with_its_definition(found, bins):
    confidence = found.probability.max(axis=1)
    right = found.probability.argmax(axis=1) == found.truth
    expected = 0.0
    for m in range(1, bins + 1):
        inside = (confidence > (m - 1) / bins) & (confidence <= m / bins)
        if inside.any():
            gap = abs(right[inside].mean() - confidence[inside].mean())
            expected += inside.mean() * gap
    ours = calibration_parts(confidence, right, bins).mean()
    assert ours == pytest.approx(expected, abs=1e-12)
    if bins == 15:
        assert figures(calibration_error(found))["all"] == pytest.approx(expected)


def test_calibration_is_of_the_most_probable_class_whatever_was_decided():
    found = made([0, 0], [1, 1], [[0.8, 0.2, 0.0], [0.8, 0.2, 0.0]])
    assert figures(calibration_error(found))["all"] == pytest.approx(0.2)
    assert figures(accuracy(found))["all"] == 0.0


def test_brier_and_log_loss_by_hand():
    found = made([0, 1], None, [[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]])
    # 0.3² + 0.2² + 0.1² and 0.5² + 0.5².
    assert figures(brier(found))["all"] == pytest.approx((0.14 + 0.5) / 2)
    assert figures(log_loss(found))["all"] == pytest.approx(-(math.log(0.7) + math.log(0.5)) / 2)


def test_extremes():
    perfect = made([0, 1, 2])
    wrong = made([0], [1])
    assert figures(brier(perfect))["all"] == 0.0
    assert figures(brier(wrong))["all"] == 2.0
    assert figures(log_loss(perfect))["all"] == 0.0
    assert figures(log_loss(wrong))["all"] == pytest.approx(23 * math.log(2))
    assert figures(roc_auc(perfect)) == {name: 1.0 for name in NAMES}
    assert figures(calibration_error(perfect))["all"] == 0.0
