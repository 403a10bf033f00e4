"""Means over samples and how sure they are: the bootstrap over groups."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sums:
    """Values added up by group.

    Attributes
    ----------
    total : ndarray of float64, shape (arm, class, group)
        Sum of the values of a group's samples.
    number : ndarray of int64, shape (arm, class, group)
        How many values that were; left out are those that are NaN.
    """

    total: np.ndarray
    number: np.ndarray


def sums_by_group(values: np.ndarray, groups: np.ndarray, count: int) -> Sums:
    """Add up the values of each group.

    Parameters
    ----------
    values : ndarray of float64, shape (arm, class, sample)
        NaN: left out.
    groups : ndarray of int, shape (sample,)
        Number of each sample's group, 0 ... count - 1.
    count : int
        Number of groups.

    Returns
    -------
    Sums
    """
    total = np.zeros((*values.shape[:2], count))
    number = np.zeros(total.shape, dtype=np.int64)
    valid = ~np.isnan(values)
    where = np.moveaxis(total, 2, 0), np.moveaxis(number, 2, 0)
    np.add.at(where[0], groups, np.moveaxis(np.where(valid, values, 0.0), 2, 0))
    np.add.at(where[1], groups, np.moveaxis(valid.astype(np.int64), 2, 0))
    return Sums(total, number)


def resample(groups: int, resamples: int, seed: int = 0) -> np.ndarray:
    """Draw groups with replacement.

    Parameters
    ----------
    groups : int
        Number of groups.
    resamples : int
        Number of draws, each of as many groups as there are.
    seed : int
        Of the random numbers. All arms and metrics use the same draws, so that
        differences between arms are paired.

    Returns
    -------
    ndarray of int64, shape (resamples, groups)
        How often each group was drawn.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = generator.integers(0, groups, (resamples, groups))
    flat = drawn + np.arange(resamples)[:, None] * groups
    return np.bincount(flat.ravel(), minlength=resamples * groups).reshape(resamples, groups)


def means(sums: Sums, weights: np.ndarray) -> np.ndarray:
    r"""Mean over samples of each class, then over classes, for weighted groups.

    Parameters
    ----------
    sums : Sums
        Values by group.
    weights : ndarray of int, shape (draw, group)
        How often each group counts; ones give the plain mean.

    Returns
    -------
    ndarray of float64, shape (draw, arm)
        NaN where no group of a draw has a value. A class without any value in a draw
        is left out of the mean over classes.

    Notes
    -----
    :math:`\bar x = \frac{1}{C} \sum_c \frac{\sum_g w_g S_{cg}}{\sum_g w_g N_{cg}}`: samples
    count equally, however many a group has; groups are what is drawn.
    """
    by_class = means_by_class(sums, weights)
    valid = ~np.isnan(by_class)
    number = valid.sum(axis=2)
    total = np.where(valid, by_class, 0.0).sum(axis=2)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def means_by_class(sums: Sums, weights: np.ndarray) -> np.ndarray:
    """Mean over samples of each class.

    Parameters
    ----------
    sums, weights
        As in `means`.

    Returns
    -------
    ndarray of float64, shape (draw, arm, class)
        NaN where no group of a draw has a value.
    """
    arms, classes, groups = sums.total.shape
    flat = (-1, arms, classes)
    total = (weights @ sums.total.reshape(-1, groups).T).reshape(flat)
    number = (weights @ sums.number.reshape(-1, groups).T).reshape(flat)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def interval(draws: np.ndarray, confidence: float) -> tuple[float, float] | None:
    """Percentile interval of a bootstrapped figure.

    Parameters
    ----------
    draws : ndarray of float64, shape (draw,)
        The figure in each resample; NaN are left out.
    confidence : float
        In 0 ... 1.

    Returns
    -------
    tuple of float or None
        Low and high end; None if there is no draw.

    References
    ----------
    Efron 1979, doi:10.1214/aos/1176344552
    """
    draws = draws[~np.isnan(draws)]
    if not draws.size:
        return None
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def standard_deviation(values: np.ndarray) -> float | None:
    """Sample standard deviation, None of fewer than two values."""
    values = values[~np.isnan(values)]
    if values.size < 2:
        return None
    return math.sqrt(float(((values - values.mean()) ** 2).sum()) / (values.size - 1))
