"""Comparing arms: paired tests, correction for many of them, stability of the ranking."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: Up to this many pairs the null distribution is counted, above it is nearly normal.
EXACT_LIMIT = 50
#: Differences are rounded to this many decimals: what sums in another order add is noise.
DECIMALS = 12


def wilcoxon(differences: np.ndarray) -> float:
    r"""Two-sided p value of Wilcoxon's signed-rank test.

    Parameters
    ----------
    differences : ndarray of float64, shape (pair,)
        Paired differences; NaN are left out, zeros do not count.

    Returns
    -------
    float
        In 0 ... 1; 1 if all differences are zero.

    Notes
    -----
    Own code for two reasons: importing `scipy.stats` takes longer than making a table,
    and the null distribution is counted exactly up to 50 pairs where differences tie,
    too (ranks are doubled, so that mid-ranks are integers). Above that: the normal
    approximation, corrected for ties, without continuity correction. The tests compare
    it with SciPy.

    References
    ----------
    Wilcoxon 1945, doi:10.2307/3001968; Pratt 1959, doi:10.1080/01621459.1959.10501526

    Examples
    --------
    >>> wilcoxon(np.array([0.1, 0.2, 0.3, 0.4, 0.5]))
    0.0625
    """
    differences = np.round(differences[~np.isnan(differences)], DECIMALS)
    differences = differences[differences != 0]
    count = differences.size
    if not count:
        return 1.0
    _, where, ties = np.unique(np.abs(differences), return_inverse=True, return_counts=True)
    last = np.cumsum(ties)
    doubled = (2 * last - ties + 1)[where]  # twice the mid-rank of each difference
    plus = int(doubled[differences > 0].sum())
    total = count * (count + 1)
    if count <= EXACT_LIMIT:
        return _exact(doubled, min(plus, total - plus))
    variance = count * (count + 1) * (2 * count + 1) / 6 - float((ties**3 - ties).sum()) / 12
    z = abs(plus - total / 2) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def _exact(doubled: np.ndarray, statistic: int) -> float:
    """Chance of a rank sum as small, over all signs, times two."""
    ways = [1] + [0] * statistic
    for rank in map(int, doubled):
        for n in range(statistic, rank - 1, -1):
            ways[n] += ways[n - rank]
    return min(1.0, 2 * sum(ways) / float(2**doubled.size))


def smallest_p(pairs: int) -> float:
    """Smallest p value that the test can give with so many pairs, before any correction.

    Examples
    --------
    >>> smallest_p(7), holm([smallest_p(7)] * 15)[0]
    (0.015625, 0.234375)
    """
    return min(1.0, 2.0 ** (1 - pairs))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct the p values of one family of tests for their number, step down.

    References
    ----------
    Holm 1979, https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda n: p_values[n])
    corrected = [1.0] * len(p_values)
    largest = 0.0
    for place, n in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[n]))
        corrected[n] = largest
    return corrected


def ranks(values: Sequence[float], higher_is_better: bool = True) -> list[int]:
    """Rank figures from the best, equals share the smaller rank; NaN come last.

    Examples
    --------
    >>> ranks([0.5, 0.9, 0.9, 0.1])
    [3, 1, 1, 4]
    >>> ranks([0.5, 0.9, 0.9, 0.1], higher_is_better=False)
    [2, 3, 3, 1]
    """
    sign = 1 if higher_is_better else -1
    rounded = [-math.inf if math.isnan(v) else round(sign * v, DECIMALS) for v in values]
    return [1 + sum(other > value for other in rounded) for value in rounded]


def first_shares(draws: np.ndarray, higher_is_better: bool = True) -> np.ndarray:
    """Share of the resamples (draw, arm) in which each arm is first; equals share a resample."""
    signed = draws if higher_is_better else -draws
    rounded = np.round(np.where(np.isnan(draws), -np.inf, signed), DECIMALS)
    first = rounded == rounded.max(axis=1, keepdims=True)
    shares: np.ndarray = (first / first.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares


def first_groups(points: np.ndarray, higher_is_better: bool = True) -> list[int]:
    """In how many groups each arm is first, by its means (arm, group); equals are all first.

    Groups in which an arm has no value are not counted.

    Examples
    --------
    >>> first_groups(np.array([[0.5, 0.9, np.nan], [0.5, 0.8, 0.1]]))
    [2, 1]
    """
    common = points[:, ~np.isnan(points).any(axis=0)]
    signed = np.round(common if higher_is_better else -common, DECIMALS)
    first = signed == signed.max(axis=0)
    return [int(count) for count in first.sum(axis=1)]


def rank_stability(values: np.ndarray, draws: np.ndarray) -> float | None:
    r"""Mean Kendall's tau between the ranking and the rankings of the resamples.

    Parameters
    ----------
    values : ndarray of float64, shape (arm,)
        Means.
    draws : ndarray of float64, shape (draw, arm)
        Bootstrapped means.

    Returns
    -------
    float or None
        In -1 ... 1; 1: the ranking never changes. None for fewer than two arms, or where no
        resample has values of two.

    References
    ----------
    Kendall 1938, doi:10.2307/2332226 (tau a); as in challengeR, Wiesenfarth et al. 2021,
    doi:10.1038/s41598-021-82017-6
    """
    arms = values.size
    if arms < 2:
        return None
    first, second = np.triu_indices(arms, 1)
    here = np.sign(np.round(values[first] - values[second], DECIMALS))
    there = np.sign(np.round(draws[:, first] - draws[:, second], DECIMALS))
    agreement = here * there
    compared = agreement[~np.isnan(agreement).all(axis=1)]
    return float(np.nanmean(compared, axis=1).mean()) if compared.size else None
