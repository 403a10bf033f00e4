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
        Sum of weight times value of a group's samples.
    number : ndarray of float64, shape (arm, class, group)
        Sum of the weights, of unweighted values their number; left out are NaN.
    """

    total: np.ndarray
    number: np.ndarray


def sums_by_group(
    values: np.ndarray, groups: np.ndarray, count: int, weights: np.ndarray | None = None
) -> Sums:
    """Add up the values of each group.

    Parameters
    ----------
    values : ndarray of float64, shape (arm, class, sample)
        NaN: left out.
    groups : ndarray of int, shape (sample,)
        Number of each sample's group, 0 ... count - 1.
    count : int
        Number of groups.
    weights : ndarray of float64, shape (arm, class, sample), optional
        How much each value counts; ones by default.

    Returns
    -------
    Sums
    """
    total = np.zeros((*values.shape[:2], count))
    number = np.zeros(total.shape)
    valid = ~np.isnan(values)
    counted = np.where(valid, 1.0 if weights is None else weights, 0.0)
    where = np.moveaxis(total, 2, 0), np.moveaxis(number, 2, 0)
    np.add.at(where[0], groups, np.moveaxis(np.where(valid, values, 0.0) * counted, 2, 0))
    np.add.at(where[1], groups, np.moveaxis(counted, 2, 0))
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


def ratio(total: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Divide sums by what they are of; NaN where that is nothing.

    Examples
    --------
    >>> ratio(np.array([1.0, 0.0]), np.array([4.0, 0.0])).tolist()
    [0.25, nan]
    """
    some = number > 0
    result: np.ndarray = np.where(some, total / np.where(some, number, 1.0), np.nan)
    return result


def means(sums: Sums, weights: np.ndarray, class_weights: np.ndarray | None = None) -> np.ndarray:
    r"""Mean over samples of each class, then over classes, for weighted groups.

    Parameters
    ----------
    sums : Sums
        Values by group.
    weights : ndarray of int, shape (draw, group)
        How often each group counts; ones give the plain mean.
    class_weights : ndarray of float64, shape (class,), optional
        How much each class counts; all the same by default.

    Returns
    -------
    ndarray of float64, shape (draw, arm)
        NaN where no group of a draw has a value. A class without any value in a draw
        is left out of the mean over classes.

    Notes
    -----
    :math:`\bar x = \frac{1}{C} \sum_c \frac{\sum_g w_g S_{cg}}{\sum_g w_g N_{cg}}`: samples
    count equally, however many a group has; groups are what is drawn. :math:`S` and
    :math:`N` carry the samples' own weights where a figure is pooled.
    """
    return over_classes(means_by_class(sums, weights), class_weights)


def over_classes(by_class: np.ndarray, class_weights: np.ndarray | None = None) -> np.ndarray:
    """Mean over the last axis, the classes; those that are NaN are left out."""
    valid = ~np.isnan(by_class)
    counted = np.where(valid, 1.0 if class_weights is None else class_weights, 0.0)
    total = (np.where(valid, by_class, 0.0) * counted).sum(axis=-1)
    return ratio(total, counted.sum(axis=-1))


def means_by_class(sums: Sums, weights: np.ndarray) -> np.ndarray:
    """Mean over samples of each class (draw, arm, class); see `means`."""
    arms, classes, groups = sums.total.shape
    flat = (-1, arms, classes)
    total = (weights @ sums.total.reshape(-1, groups).T).reshape(flat)
    number = (weights @ sums.number.reshape(-1, groups).T).reshape(flat)
    return ratio(total, number)


def interval(draws: np.ndarray, confidence: float) -> tuple[float, float] | None:
    """Percentile interval of the figure in each resample (NaN are left out); None if there is none.

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
