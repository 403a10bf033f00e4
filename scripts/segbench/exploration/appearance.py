"""Group images by appearance: k-means on means and deviations of hue, saturation and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

#: Largest number of clusters tried.
MOST_CLUSTERS = 6
#: Below this mean silhouette there is no substantial structure: one cluster
#: (Kaufman & Rousseeuw 1990, doi:10.1002/9780470316801, chapter 2).
LEAST_SILHOUETTE = 0.5
#: The largest number of clusters with a silhouette this close to the best is taken.
TOLERANCE = 0.1
#: Clusters with a smaller share of the images are of no use for folds.
LEAST_SHARE = 0.01
RESTARTS = 8
SEED = 0

#: The rule in words, for the summary.
RULE = (
    f"k-means on mean and standard deviation of hue (as a vector as long as the saturation), "
    f"saturation and value; of 2 to {MOST_CLUSTERS} clusters with at least "
    f"{LEAST_SHARE:.0%} of the images each the largest number whose mean silhouette is within "
    f"{TOLERANCE} of the best; one cluster where the best is below {LEAST_SILHOUETTE}"
)


@dataclass(frozen=True)
class Grouping:
    """Images grouped by appearance.

    Attributes
    ----------
    clusters : dict of str to int
        Sample -> number of its cluster, from 1, the largest.
    silhouettes : dict of int to float
        Number of clusters -> mean silhouette, of all numbers tried.
    """

    clusters: dict[str, int]
    silhouettes: dict[int, float]


def scaled(features: np.ndarray, low: float, high: float) -> np.ndarray:
    """Bring mean and deviation of the value, last in `colour_features`, to 0...1 like the rest."""
    out = np.array(features, np.float64)
    span = max(high - low, 1e-9)
    out[:, 4] = (out[:, 4] - low) / span
    out[:, 5] /= span
    return out


def silhouette(features: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette of a clustering: 1 well apart, 0 touching, below 0 mixed.

    Parameters
    ----------
    features : (n, d) ndarray
    labels : (n,) ndarray of int
        Clusters, 0...k-1. Samples alone in their cluster count as 0.

    References
    ----------
    Rousseeuw, P. J. Silhouettes: a graphical aid to the interpretation and validation of
    cluster analysis. J. Comput. Appl. Math. 20 (1987), doi:10.1016/0377-0427(87)90125-7

    Examples
    --------
    >>> points = np.array([[0.0], [1.0], [10.0], [11.0]])
    >>> round(silhouette(points, np.array([0, 0, 1, 1])), 4)
    0.8997
    """
    from scipy.spatial.distance import cdist

    members = np.eye(labels.max() + 1)[labels]
    sizes = members.sum(axis=0)
    sums = cdist(features, features) @ members
    own = labels[:, None] == np.arange(len(sizes))
    inside = sums[own] / np.maximum(sizes[labels] - 1, 1)
    outside = np.where(own, np.inf, sums / np.maximum(sizes, 1)).min(axis=1)
    widest = np.maximum(np.maximum(inside, outside), 1e-300)
    return float(np.where(sizes[labels] > 1, (outside - inside) / widest, 0).mean())


def k_means(features: np.ndarray, clusters: int) -> np.ndarray:
    """Cluster (n, d) features by k-means: the best of several starts with fixed seeds.

    Returns
    -------
    (n,) ndarray of int
        Clusters 0...k-1, the largest first, then by their first sample.

    References
    ----------
    Arthur & Vassilvitskii, k-means++: the advantages of careful seeding. SODA 2007.
    """
    from scipy.cluster.vq import kmeans2

    best, least = np.zeros(len(features), np.int64), np.inf
    for start in range(RESTARTS):
        seed = np.random.default_rng([SEED, clusters, start])
        centres, labels = kmeans2(features, clusters, minit="++", seed=seed, missing="warn")
        inertia = float(((features - centres[labels]) ** 2).sum())
        if inertia < least * (1 - 1e-9):
            best, least = labels.astype(np.int64), inertia
    _, first, compact, sizes = np.unique(
        best, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.argsort(np.lexsort((first, -sizes)))
    return rank[compact]


def group(features: Mapping[str, np.ndarray], low: float, high: float) -> Grouping:
    """Group images by appearance, following `RULE`.

    Parameters
    ----------
    features : mapping of str to (6,) ndarray
        Sample -> `colour_features`.
    low, high : float
        Values displayed as black and white.
    """
    samples = sorted(features)
    if not samples:
        return Grouping({}, {})
    points = scaled(np.stack([features[sample] for sample in samples]), low, high)
    found: dict[int, np.ndarray] = {}
    scores: dict[int, float] = {}
    for clusters in range(2, min(MOST_CLUSTERS, len(np.unique(points, axis=0))) + 1):
        labels = k_means(points, clusters)
        sizes = np.bincount(labels, minlength=clusters)
        if len(sizes) == clusters and sizes.min() >= max(2, LEAST_SHARE * len(samples)):
            found[clusters] = labels
            scores[clusters] = silhouette(points, labels)
    best = max(scores.values(), default=0.0)
    chosen = np.zeros(len(samples), np.int64)
    if best >= LEAST_SILHOUETTE:
        limit = max(best - TOLERANCE, LEAST_SILHOUETTE)
        chosen = found[max(k for k, score in scores.items() if score >= limit)]
    return Grouping(dict(zip(samples, (chosen + 1).tolist(), strict=True)), scores)
