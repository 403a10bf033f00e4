"""Losses, from logits, in float32, one value a sample.

All of them take logits, targets (batch, ..., map) and pixel weights (batch, ..., 1) with one
spatial axis or more, and give (batch,). Maps are either independent (sigmoid) or exclusive
(softmax). A target may lie between 0 and 1. Factors of the maps are divided by their sum
where a loss is a mean over maps, and multiply the pixels of a class where it is a sum over
classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from segbench.config.model import Loss
from segbench.errors import SegbenchError
from segbench.models.dimensions import spatial_axes

#: The smallest 1 - p of which a logarithm is taken.
TINY = 1e-7

#: logits, target, weight -> (batch,)
LossFunction = Callable[[Any, Any, Any], Any]

#: Factors of the maps; None: all equal.
Factors = Sequence[float] | None


def probabilities(logits: Any, exclusive: bool) -> Any:
    """Probabilities of the maps: softmax where they exclude each other, else sigmoid."""
    logits = ops.cast(logits, "float32")
    return ops.softmax(logits, axis=-1) if exclusive else ops.sigmoid(logits)


def _logarithms(logits: Any, exclusive: bool) -> tuple[Any, Any]:
    """Logarithms of p and of 1 - p."""
    logits = ops.cast(logits, "float32")
    if not exclusive:
        return ops.log_sigmoid(logits), ops.log_sigmoid(-logits)
    log_p = ops.log_softmax(logits, axis=-1)
    return log_p, ops.log(ops.maximum(1.0 - ops.exp(log_p), TINY))


def _pixel_mean(values: Any, weight: Any) -> Any:
    """Weighted mean over the pixels of (batch, ...), one value a sample."""
    weight = weight[..., 0]
    axes = tuple(range(1, len(weight.shape)))
    total = ops.maximum(ops.sum(weight, axis=axes), TINY)
    return ops.sum(values * weight, axis=axes) / total


def _over_maps(values: Any, factors: Factors) -> Any:
    """Mean over the last axis, each map by its factor."""
    if factors is None:
        return ops.mean(values, axis=-1)
    shares = np.asarray(factors, np.float64) / np.sum(factors)
    return ops.sum(values * shares.astype(np.float32), axis=-1)


def _over_classes(values: Any, factors: Factors) -> Any:
    """Sum over the last axis, each class times its factor."""
    if factors is not None:
        values = values * np.asarray(factors, np.float32)
    return ops.sum(values, axis=-1)


def binary_cross_entropy(
    logits: Any, target: Any, weight: Any, exclusive: bool, factors: Factors = None
) -> Any:
    """Mean over pixels and maps of -t log p - (1 - t) log(1 - p)."""
    log_p, log_q = _logarithms(logits, exclusive)
    return _pixel_mean(-_over_maps(target * log_p + (1 - target) * log_q, factors), weight)


def cross_entropy(
    logits: Any, target: Any, weight: Any, exclusive: bool, factors: Factors = None
) -> Any:
    """Mean over pixels of -log p of the true class; for independent maps the binary one."""
    if not exclusive:
        return binary_cross_entropy(logits, target, weight, exclusive, factors)
    log_p, _ = _logarithms(logits, exclusive)
    return _pixel_mean(-_over_classes(target * log_p, factors), weight)


def focal(
    logits: Any,
    target: Any,
    weight: Any,
    exclusive: bool,
    gamma: float,
    factors: Factors = None,
) -> Any:
    """Cross-entropy in which the pixels that are already right count less.

    References
    ----------
    Lin et al. 2017, Focal Loss for Dense Object Detection, ICCV,
    doi:10.1109/ICCV.2017.324, equation 4; its class weight alpha is in `factors`.
    """
    log_p, log_q = _logarithms(logits, exclusive)
    hit = target * (1 - ops.exp(log_p)) ** gamma * log_p
    if exclusive:
        return _pixel_mean(-_over_classes(hit, factors), weight)
    miss = (1 - target) * (1 - ops.exp(log_q)) ** gamma * log_q
    return _pixel_mean(-_over_maps(hit + miss, factors), weight)


def _foreground(array: Any, exclusive: bool, background: bool) -> Any:
    """Without the first of exclusive maps, where that is the background."""
    return array[..., 1:] if exclusive and background else array


def dice(
    logits: Any,
    target: Any,
    weight: Any,
    exclusive: bool,
    smooth: float,
    factors: Factors = None,
    background: bool = True,
) -> Any:
    """One minus the soft Dice coefficient, mean over the maps.

    1 - (2 sum(p t) + smooth) / (sum(p) + sum(t) + smooth), sums over a sample's pixels.

    Parameters
    ----------
    logits, target, weight : tensor
        See above.
    exclusive : bool
        Softmax or sigmoid.
    smooth : float
        Added above and below; a map that is empty and predicted empty has loss 0.
    factors : sequence of float, optional
        Of the maps that enter.
    background : bool, optional
        Whether the first of exclusive maps is a background, which does not enter.

    References
    ----------
    Milletari et al. 2016, V-Net, 3DV, doi:10.1109/3DV.2016.79; there the sums in the
    denominator are of squares.
    """
    p = _foreground(probabilities(logits, exclusive), exclusive, background)
    target = _foreground(target, exclusive, background)
    axes = spatial_axes(p)
    both = ops.sum(p * target * weight, axis=axes)
    size = ops.sum((p + target) * weight, axis=axes)
    return _over_maps(1 - (2 * both + smooth) / ops.maximum(size + smooth, TINY), factors)


def tversky(
    logits: Any,
    target: Any,
    weight: Any,
    exclusive: bool,
    smooth: float,
    alpha: float,
    factors: Factors = None,
    background: bool = True,
) -> Any:
    """One minus the soft Tversky index, mean over the maps; arguments as of `dice`.

    1 - (TP + smooth) / (TP + alpha FP + (1 - alpha) FN + smooth).

    References
    ----------
    Salehi, Erdogmus, Gholipour 2017, Tversky loss function for image segmentation using 3D
    fully convolutional deep networks, MLMI, doi:10.1007/978-3-319-67389-9_44, equation 4.
    """
    p = _foreground(probabilities(logits, exclusive), exclusive, background)
    target = _foreground(target, exclusive, background)
    axes = spatial_axes(p)
    hit = ops.sum(p * target * weight, axis=axes)
    false = ops.sum(p * (1 - target) * weight, axis=axes)
    missed = ops.sum((1 - p) * target * weight, axis=axes)
    size = hit + alpha * false + (1 - alpha) * missed
    index = (hit + smooth) / ops.maximum(size + smooth, TINY)
    return _over_maps(1 - index, factors)


def smoothed(target: Any, share: float, exclusive: bool) -> Any:
    """Spread a share of the target evenly over what it could have been.

    References
    ----------
    Szegedy et al. 2016, Rethinking the Inception Architecture, CVPR,
    doi:10.1109/CVPR.2016.308, section 7.
    """
    if not share:
        return target
    possible = target.shape[-1] if exclusive else 2
    return target * (1 - share) + share / possible


def make_loss(
    recipe: Loss,
    exclusive: bool,
    overlap_maps: int | None = None,
    factors: Factors = None,
    background: bool = True,
) -> LossFunction:
    """Make the loss of a recipe.

    Parameters
    ----------
    recipe : Loss
        Its name and numbers.
    exclusive : bool
        Whether the maps exclude each other (softmax).
    overlap_maps : int, optional
        How many of the first maps enter the Dice or Tversky part. A map whose target is a
        degree (a distance), not a set, should not.
    factors : sequence of float, optional
        Of all maps; None: all equal.
    background : bool, optional
        Whether the first of exclusive maps is a background, which Dice and Tversky leave out.

    Returns
    -------
    callable
        (logits, target, weight) to one float32 value a sample. Labels are smoothed in the
        entropies alone: overlaps are of sets.

    Raises
    ------
    SegbenchError
        If the factors are 0 for all that enters the overlap.
    """
    kept = slice(int(background), None) if exclusive else slice(overlap_maps)
    of_kept = None if factors is None else list(factors)[kept]
    if of_kept is not None and not any(of_kept):
        raise SegbenchError(
            f"loss.weights: {recipe.weights} leaves nothing for the overlap of the maps",
            "a factor above 0 for a class that is not the background",
            "correct the model recipe's `loss.weights`, or choose an entropy as loss",
        )
    common: dict[str, Any] = {"factors": of_kept, "background": background}
    part = slice(None if exclusive else overlap_maps)

    def overlap(logits: Any, target: Any, weight: Any) -> Any:
        arguments = logits[..., part], target[..., part], weight, exclusive, recipe.smooth
        if recipe.name == "tversky":
            return tversky(*arguments, recipe.tversky_alpha, **common)
        return dice(*arguments, **common)

    def entropy(function: Callable[..., Any], *numbers: float) -> LossFunction:
        return lambda logits, target, weight: function(
            logits, smoothed(target, recipe.label_smoothing, exclusive), weight, exclusive,
            *numbers, factors=factors,
        )  # fmt: skip

    def mixed(first: LossFunction) -> LossFunction:
        share = recipe.dice_weight
        return lambda logits, target, weight: (
            (1 - share) * first(logits, target, weight) + share * overlap(logits, target, weight)
        )

    binary, categorical = entropy(binary_cross_entropy), entropy(cross_entropy)
    focused = entropy(focal, recipe.focal_gamma)
    choices: dict[str, LossFunction] = {
        "bce": binary,
        "ce": categorical,
        "dice": overlap,
        "tversky": overlap,
        "bce_dice": mixed(binary),
        "ce_dice": mixed(categorical),
        "focal": focused,
        "focal_dice": mixed(focused),
    }
    return choices[recipe.name]
