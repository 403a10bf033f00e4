"""What the scores of a study say: means with intervals, ranks, ties, an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from segbench.arms import Recipes
from segbench.config.study import Study
from segbench.definitions import define
from segbench.errors import SegbenchError
from segbench.statistics import bootstrap, comparison
from segbench.statistics.bootstrap import Sums
from segbench.statistics.scores import MetricScores, Scores


@dataclass(frozen=True)
class Estimate:
    """One figure of one arm.

    Attributes
    ----------
    mean : float
        Over samples of each class, then over classes; NaN if nothing was scored.
    interval : tuple of float or None
        Bootstrap interval over groups; None with fewer than two groups.
    seed_sd : float or None
        Standard deviation of the seeds' means; None with one seed.
    samples, groups : int
        That have a value in at least one class.
    excluded : int
        Samples left out in every class.
    by_class : dict of str to float
        Mean over the samples of each class.
    class_intervals : dict of str to (tuple of float or None)
        Their bootstrap intervals.
    """

    mean: float
    interval: tuple[float, float] | None
    seed_sd: float | None
    samples: int
    groups: int
    excluded: int
    by_class: dict[str, float]
    class_intervals: dict[str, tuple[float, float] | None]


@dataclass(frozen=True)
class ArmSummary:
    """One arm.

    Attributes
    ----------
    arm : Recipes
        Its row.
    estimates : dict of str to Estimate
        By metric.
    rank : int
        By the mean of the primary metric, 1 is the best.
    p_best : float or None
        Corrected p value of the difference from the best arm; None for the best.
    tied : bool
        Whether it is the best or cannot be told apart from it.
    behind : tuple (float, interval) or None
        Primary metric minus that of the best arm, with its paired bootstrap interval;
        None for the best.
    first_share : float
        Share of the resamples in which it is first.
    """

    arm: Recipes
    estimates: dict[str, Estimate]
    rank: int
    p_best: float | None
    tied: bool
    behind: tuple[float, tuple[float, float] | None] | None
    first_share: float


@dataclass(frozen=True)
class Summary:
    """A study's results.

    Attributes
    ----------
    arms : tuple of ArmSummary
        In the study's order.
    best : int
        Place of the arm with the best mean: the highest, or of errors the lowest.
    definitions : dict of str to str
        Id of the definition of each metric.
    classes : tuple of str
        Of the primary metric.
    of_metric : dict of str to (tuple of str)
        Classes of each metric.
    comparisons : int
        Number of pairs of arms, for which p values are corrected.
    smallest_p : float
        The least corrected p value that so few groups could have given.
    tau : float or None
        Stability of the ranking, see `comparison.rank_stability`.
    """

    arms: tuple[ArmSummary, ...]
    best: int
    definitions: dict[str, str]
    classes: tuple[str, ...]
    of_metric: dict[str, tuple[str, ...]]
    comparisons: int
    smallest_p: float
    tau: float | None


def summarise(scores: Scores, study: Study) -> Summary:
    """Estimate all figures of a study and compare its arms.

    Parameters
    ----------
    scores : Scores
        Of all arms.
    study : Study
        Primary metric, confidence, number of resamples.

    Returns
    -------
    Summary

    Raises
    ------
    SegbenchError
        The primary metric is not one of the study's, or an arm has no value of it.

    Notes
    -----
    The samples tested on in different folds are pooled into one set; a sample that is
    tested on in several folds or with several seeds counts once, with its mean. All
    pairs of arms are tested, because which arm is best is itself read off the data.
    """
    _check_primary(scores, study)
    weights = bootstrap.resample(len(scores.group_names), study.bootstrap)
    estimates = {
        name: _estimates(scores, metric, weights, study.confidence)
        for name, metric in scores.metrics.items()
    }
    primary = scores.metrics[study.primary]
    higher = define(primary.definition).higher_is_better
    sums = _sums(scores, primary)
    values = np.array([one.mean for one in estimates[study.primary]])
    _check_values(values, scores, study)
    draws = bootstrap.means(sums, weights, _class_weights(primary))
    p_values, smallest = _compare(sums, _class_weights(primary))
    best = int(np.argmax(np.round(values if higher else -values, comparison.DECIMALS)))
    several = len(scores.group_names) > 1
    behind = _behind(values, draws, best, study.confidence if several else None)
    shares = comparison.first_shares(draws, higher)
    ranks = comparison.ranks(values.tolist(), higher)
    arms = []
    for n, arm in enumerate(scores.arms):
        own = {name: column[n] for name, column in estimates.items()}
        if n == best:
            arms.append(ArmSummary(arm, own, ranks[n], None, True, None, float(shares[n])))
            continue
        p = p_values[min(n, best), max(n, best)]
        tied = p >= 1 - study.confidence
        arms.append(ArmSummary(arm, own, ranks[n], p, tied, behind[n], float(shares[n])))
    return Summary(
        tuple(arms),
        best,
        {name: metric.definition for name, metric in scores.metrics.items()},
        primary.classes,
        {name: metric.classes for name, metric in scores.metrics.items()},
        len(p_values),
        smallest,
        comparison.rank_stability(values, draws) if several else None,
    )


def _check_primary(scores: Scores, study: Study) -> None:
    """Refuse to rank by a metric that was not scored."""
    if study.primary not in scores.metrics:
        raise SegbenchError(
            f"primary metric {study.primary!r}",
            f"one of the study's metrics: {', '.join(study.metrics)}",
            "correct `primary` in the study",
        )


def _check_values(values: np.ndarray, scores: Scores, study: Study) -> None:
    """Refuse arms of which nothing was scored."""
    if np.isnan(values).any():
        arm = scores.arms[int(np.flatnonzero(np.isnan(values))[0])]
        raise SegbenchError(
            f"{'/'.join(arm)} has no value of {study.primary}: every sample is left out",
            "at least one sample with objects in truth or prediction",
            "choose another policy for empty images in the study",
        )


def _class_weights(metric: MetricScores) -> np.ndarray | None:
    """How much each class of a metric counts; None: all the same."""
    found = define(metric.definition).class_weights
    return np.array([found.get(name, 0.0) for name in metric.classes]) if found else None


def _over_seeds(metric: MetricScores) -> tuple[np.ndarray, np.ndarray]:
    """Values and weights of a metric, seeds averaged: a sample counts once."""
    counted = np.where(np.isnan(metric.values), 0.0, metric.weights)
    total = (np.nan_to_num(metric.values) * counted).sum(axis=1)
    seeds = (~np.isnan(metric.values)).sum(axis=1)
    weight = counted.sum(axis=1)
    return bootstrap.ratio(total, weight), weight / np.maximum(seeds, 1)


def _sums(scores: Scores, metric: MetricScores) -> Sums:
    """Values of a metric by group, seeds averaged."""
    values, weights = _over_seeds(metric)
    return bootstrap.sums_by_group(values, metric.groups, len(scores.group_names), weights)


def _estimates(
    scores: Scores, metric: MetricScores, weights: np.ndarray, confidence: float
) -> list[Estimate]:
    """Estimate one metric for each arm."""
    sums, class_weights = _sums(scores, metric), _class_weights(metric)
    ones = np.ones((1, len(scores.group_names)), dtype=np.int64)
    by_class = bootstrap.means_by_class(sums, ones)[0]
    mean = bootstrap.over_classes(by_class, class_weights)
    drawn = bootstrap.means_by_class(sums, weights)
    draws = bootstrap.over_classes(drawn, class_weights)
    scored = ~np.isnan(metric.values).all(axis=(1, 2))
    result = []
    for n in range(len(scores.arms)):
        groups = int((sums.number[n].sum(axis=0) > 0).sum())
        seeds = [
            bootstrap.means(
                bootstrap.sums_by_group(
                    metric.values[n : n + 1, s], metric.groups, len(scores.group_names),
                    metric.weights[n : n + 1, s],
                ),
                ones,
                class_weights,
            )[0, 0]
            for s in range(len(scores.seeds))
        ]  # fmt: skip
        several = groups > 1
        result.append(
            Estimate(
                float(mean[n]),
                bootstrap.interval(draws[:, n], confidence) if several else None,
                bootstrap.standard_deviation(np.array(seeds)),
                int(scored[n].sum()),
                groups,
                int((~scored[n]).sum()),
                dict(zip(metric.classes, map(float, by_class[n]), strict=True)),
                {
                    name: bootstrap.interval(drawn[:, n, c], confidence) if several else None
                    for c, name in enumerate(metric.classes)
                },
            )
        )
    return result


def _compare(
    sums: Sums, class_weights: np.ndarray | None
) -> tuple[dict[tuple[int, int], float], float]:
    """Test all pairs of arms; the corrected p values and the least possible one."""
    by_class = np.moveaxis(bootstrap.ratio(sums.total, sums.number), 1, 2)
    by_group = bootstrap.over_classes(by_class, class_weights)
    pairs = list(combinations(range(by_group.shape[0]), 2))
    differences = [by_group[a] - by_group[b] for a, b in pairs]
    corrected = comparison.holm([comparison.wilcoxon(d) for d in differences])
    most = max((int((~np.isnan(d)).sum()) for d in differences), default=0)
    smallest = comparison.smallest_p(most, len(pairs)) if pairs else 1.0
    return dict(zip(pairs, corrected, strict=True)), smallest


def _behind(
    values: np.ndarray, draws: np.ndarray, best: int, confidence: float | None
) -> Sequence[tuple[float, tuple[float, float] | None]]:
    """Difference of each arm from the best; with paired intervals, if a confidence is given."""
    return [
        (
            float(values[n] - values[best]),
            bootstrap.interval(draws[:, n] - draws[:, best], confidence) if confidence else None,
        )
        for n in range(values.size)
    ]
