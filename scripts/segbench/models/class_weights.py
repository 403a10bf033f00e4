"""Weights of the maps in the loss, from their shares in the training samples. No Keras here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segbench.errors import SegbenchError
from segbench.models.losses import Loss

#: Exponent of the share by the recipe's word.
_POWERS = {"inverse": -1.0, "inverse_sqrt": -0.5}


def map_factors(
    recipe: Loss, maps: Sequence[str], exclusive: bool, shares: np.ndarray | None
) -> list[float] | None:
    """Factors of the maps in the loss.

    Parameters
    ----------
    recipe : Loss
        `class_weights` and `weights`.
    maps : sequence of str
        Their names.
    exclusive : bool
        Whether the maps exclude each other.
    shares : ndarray (map,) or None
        Of the training pixels (of whole images: of the images), those that belong to each
        map; needed for `class_weights` only.

    Returns
    -------
    list of float or None
        None if all are 1. From the shares: of exclusive maps their mean over the training
        pixels is 1, so that the loss keeps its scale (for `inverse`: pixels / (classes *
        pixels of the class)); of independent maps their mean over the maps. A map that is
        nowhere in the training samples has the factor 1. Those of `weights` multiply.

    Raises
    ------
    SegbenchError
        If `weights` names an unknown map, or is negative or 0 for all.

    Examples
    --------
    >>> map_factors(Loss(class_weights="inverse"), ["a", "b"], True, np.array([0.8, 0.2]))
    [0.625, 2.5]
    """
    unknown = sorted(set(recipe.weights) - set(maps))
    if unknown:
        raise SegbenchError(
            f"loss.weights: {unknown[0]!r} is not a map of this training",
            f"names among {', '.join(maps)}",
            "correct the model recipe's `loss.weights`",
        )
    factors = np.array([recipe.weights.get(name, 1.0) for name in maps], np.float64)
    if (factors < 0).any() or not factors.any():
        raise SegbenchError(
            f"loss.weights: {recipe.weights}",
            "factors of at least 0, not all 0",
            "correct the model recipe's `loss.weights`",
        )
    if recipe.class_weights != "none":
        assert shares is not None
        factors *= _balanced(shares, _POWERS[recipe.class_weights], exclusive)
    return None if (factors == 1).all() else [float(value) for value in factors]


def _balanced(shares: np.ndarray, power: float, exclusive: bool) -> np.ndarray:
    result = np.ones(len(shares))
    there = shares > 0
    if not there.any():
        return result
    raised = shares[there] ** power
    scale = np.sum(shares[there] * raised) / np.sum(shares[there]) if exclusive else raised.mean()
    result[there] = raised / scale
    return result
