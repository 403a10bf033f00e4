"""What the scores of a study say: figures, ranks, ties."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np

from segbench.arms import Recipes
from segbench.config.study import Study
from segbench.errors import SegbenchError
from segbench.metrics.metric import Definition
from segbench.metrics.registry import define
from segbench.statistics import bootstrap, comparison
from segbench.statistics.citations import Citation, cite
from segbench.statistics.estimates import (
    MIN_GROUPS,
    Estimate,
    Figure,
    Means,
    class_weights,
    estimate,
    figure,
)
from segbench.statistics.scores import MetricScores, Scores

#: How an arm compares with the best; untested: no difference could have passed the test.
Standing = Literal["best", "tied", "worse", "untested"]


@dataclass(frozen=True)
class ArmSummary:
    """One arm. It is compared with others by the primary metric over the common cases.

    Attributes
    ----------
    arm : Recipes
        Its row.
    estimates : dict of str to Estimate
        By metric.
    rank : int
        By the mean; 1 is the best.
    standing : Standing
        How it compares with the best arm.
    p_best : float or None
        Corrected p value of the difference from the best arm; None for the best.
    behind : Figure or None
        Its mean minus that of the best arm, paired; None for the best.
    first_share : float or None
        Share of the resamples in which it is first; None with fewer than `MIN_GROUPS` groups.
    first_groups : int
        Number of groups in which no arm is better.
    """

    arm: Recipes
    estimates: dict[str, Estimate]
    rank: int
    standing: Standing
    p_best: float | None
    behind: Figure | None
    first_share: float | None
    first_groups: int


@dataclass(frozen=True)
class Summary:
    """A study's results, with the study and the source of its data.

    Attributes
    ----------
    name : str
        Of the study.
    study : Study
        The question, the arms, the published rows.
    generated : bool
        Whether the data were generated; then published rows are left out.
    arms : tuple of ArmSummary
        In the study's order.
    best : int
        Place of the arm with the best mean: the highest, or of errors the lowest.
    metrics : dict of str to MetricScores
        What was summarised, by metric.
    groups : int
        In which arms were compared.
    comparisons : int
        Number of pairs of arms, for which p values are corrected.
    smallest_p : float
        The smallest corrected p value that so many groups and comparisons can give.
    tau : float or None
        Stability of the ranking, see `comparison.rank_stability`; None with fewer than
        `MIN_GROUPS` groups.
    """

    name: str
    study: Study
    generated: bool
    arms: tuple[ArmSummary, ...]
    best: int
    metrics: dict[str, MetricScores] = field(compare=False, repr=False)
    groups: int
    comparisons: int
    smallest_p: float
    tau: float | None

    @property
    def leader(self) -> ArmSummary:
        """The best arm."""
        return self.arms[self.best]

    @property
    def published(self) -> tuple[Citation, ...]:
        """Published figures that stand beside ours."""
        return () if self.generated else cite(self.study)

    @property
    def testable(self) -> bool:
        """Whether some difference could have passed the test."""
        return self.smallest_p < 1 - self.study.confidence

    def definition(self, metric: str) -> Definition:
        """Definition of a metric."""
        return define(self.metrics[metric].definition)

    def same_cases(self, metric: str) -> bool:
        """Whether all arms have the same cases of a metric in every class."""
        return not self.metrics[metric].uneven


def summarise(scores: Scores, study: Study, name: str = "", generated: bool = False) -> Summary:
    """Estimate all figures of a study and compare its arms.

    Raises
    ------
    SegbenchError
        The arms have no case of the primary metric in common.

    Notes
    -----
    The samples tested on in different folds are pooled into one set; a sample that is
    tested on in several folds or with several seeds counts once, with its mean. All
    pairs of arms are tested, because which arm is best is itself read off the data.
    """
    drawn = bootstrap.resample(len(scores.group_names), study.bootstrap)
    estimates, common = {}, {}
    for key, metric in scores.metrics.items():
        estimates[key], common[key] = estimate(metric, drawn, study.confidence)
    means, primary = common[study.primary], scores.metrics[study.primary]
    _check_common(means, scores, study)
    tests, groups = _compare(means, class_weights(primary))
    higher = define(primary.definition).higher_is_better
    best = int(
        np.argmax(np.round(means.overall if higher else -means.overall, comparison.DECIMALS))
    )
    several = groups >= MIN_GROUPS
    ranks = comparison.ranks(means.overall.tolist(), higher)
    shares = comparison.first_shares(means.draws, higher)
    first = comparison.first_groups(means.points, higher)
    arms = []
    for n, arm in enumerate(scores.arms):
        test = None if n == best else tests[min(n, best), max(n, best)]
        arms.append(
            ArmSummary(
                arm,
                {key: of_arms[n] for key, of_arms in estimates.items()},
                ranks[n],
                _standing(test, 1 - study.confidence),
                test.p if test else None,
                None if n == best else _behind(means, primary, n, best, study.confidence),
                float(shares[n]) if several else None,
                first[n],
            )
        )
    tau = comparison.rank_stability(means.overall, means.draws) if several else None
    return Summary(
        name, study, generated, tuple(arms), best, scores.metrics, groups, len(tests),
        min((test.smallest for test in tests.values()), default=1.0), tau,
    )  # fmt: skip


def _check_common(means: Means, scores: Scores, study: Study) -> None:
    """Refuse arms that share no case: nothing could be compared."""
    if np.isnan(means.overall).any():
        values = scores.metrics[study.primary].values
        empty = np.flatnonzero(np.isnan(values).all(axis=(1, 2, 3)))
        if empty.size:
            what = f"{'/'.join(scores.arms[empty[0]])} has no value of {study.primary}"
        else:
            what = f"the arms have no sample with a value of {study.primary} in common"
        raise SegbenchError(
            what,
            "at least one sample that is scored in every arm",
            "choose another policy for empty images in the study (`empty`), or another `primary`",
        )


class _Test(NamedTuple):
    """Corrected p value of a pair of arms, and the smallest that it could have been."""

    p: float
    smallest: float


def _compare(means: Means, weights: np.ndarray | None) -> tuple[dict[tuple[int, int], _Test], int]:
    """Test all pairs of arms; the tests, and in how many groups arms were compared."""
    pairs = list(combinations(range(len(means.points)), 2))
    differences = [_differences(means, weights, a, b) for a, b in pairs]
    counts = [int((~np.isnan(d)).sum()) for d in differences]
    tests = map(
        _Test,
        comparison.holm([comparison.wilcoxon(d) for d in differences]),
        # Corrected p values never fall where others rise: these are the smallest.
        comparison.holm([comparison.smallest_p(count) for count in counts]),
    )
    return dict(zip(pairs, tests, strict=True)), max(counts, default=means.points.shape[1])


def _differences(means: Means, weights: np.ndarray | None, a: int, b: int) -> np.ndarray:
    """Difference of two arms in each group: of each class that both have, then the mean."""
    return bootstrap.over_classes(means.class_points[a] - means.class_points[b], weights)


def _standing(test: _Test | None, level: float) -> Standing:
    if test is None:
        return "best"
    if test.smallest >= level:
        return "untested"
    return "tied" if test.p >= level else "worse"


def _behind(means: Means, metric: MetricScores, n: int, best: int, confidence: float) -> Figure:
    """Paired difference of an arm from the best."""
    return figure(
        means.overall[n] - means.overall[best],
        means.draws[:, n] - means.draws[:, best],
        _differences(means, class_weights(metric), n, best),
        means.cases[n],
        metric.groups,
        confidence,
        int((~np.isnan(means.by_class[n])).sum()),
    )
