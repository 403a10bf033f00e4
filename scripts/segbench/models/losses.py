"""Losses, from logits, in float32, one value a sample.

All of them take logits, targets (batch, y, x, map) and pixel weights (batch, y, x, 1),
and give (batch,). Maps are either independent (sigmoid) or exclusive (softmax, the
first map being the background). A target may lie between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from segbench.config.model import Loss

#: The smallest 1 - p of which a logarithm is taken.
TINY = 1e-7

#: logits, target, weight -> (batch,)
LossFunction = Callable[[Any, Any, Any], Any]


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
    """Weighted mean over the pixels of (batch, y, x), one value a sample."""
    weight = weight[..., 0]
    total = ops.maximum(ops.sum(weight, axis=(1, 2)), TINY)
    return ops.sum(values * weight, axis=(1, 2)) / total


def binary_cross_entropy(logits: Any, target: Any, weight: Any, exclusive: bool) -> Any:
    """Mean over pixels and maps of -t log p - (1 - t) log(1 - p)."""
    log_p, log_q = _logarithms(logits, exclusive)
    return _pixel_mean(-ops.mean(target * log_p + (1 - target) * log_q, axis=-1), weight)


def cross_entropy(logits: Any, target: Any, weight: Any, exclusive: bool) -> Any:
    """Mean over pixels of -log p of the true class; for independent maps the binary one."""
    if not exclusive:
        return binary_cross_entropy(logits, target, weight, exclusive)
    log_p, _ = _logarithms(logits, exclusive)
    return _pixel_mean(-ops.sum(target * log_p, axis=-1), weight)


def focal(logits: Any, target: Any, weight: Any, exclusive: bool, gamma: float) -> Any:
    """Cross-entropy in which the pixels that are already right count less.

    References
    ----------
    Lin et al. 2017, Focal Loss for Dense Object Detection, ICCV,
    doi:10.1109/ICCV.2017.324, equation 4 (without its class weight alpha).
    """
    log_p, log_q = _logarithms(logits, exclusive)
    hit = target * (1 - ops.exp(log_p)) ** gamma * log_p
    if exclusive:
        return _pixel_mean(-ops.sum(hit, axis=-1), weight)
    miss = (1 - target) * (1 - ops.exp(log_q)) ** gamma * log_q
    return _pixel_mean(-ops.mean(hit + miss, axis=-1), weight)


def dice(logits: Any, target: Any, weight: Any, exclusive: bool, smooth: float) -> Any:
    """One minus the soft Dice coefficient, mean over the maps (without the background).

    1 - (2 sum(p t) + smooth) / (sum(p) + sum(t) + smooth), sums over a sample's pixels.

    References
    ----------
    Milletari et al. 2016, V-Net, 3DV, doi:10.1109/3DV.2016.79; there the sums in the
    denominator are of squares.
    """
    p = probabilities(logits, exclusive)
    if exclusive:
        p, target = p[..., 1:], target[..., 1:]
    both = ops.sum(p * target * weight, axis=(1, 2))
    size = ops.sum((p + target) * weight, axis=(1, 2))
    return ops.mean(1 - (2 * both + smooth) / (size + smooth), axis=-1)


def make_loss(recipe: Loss, exclusive: bool, overlap_maps: int | None = None) -> LossFunction:
    """Make the loss of a recipe.

    Parameters
    ----------
    recipe : Loss
        Its name and numbers.
    exclusive : bool
        Whether the maps exclude each other (softmax).
    overlap_maps : int, optional
        How many of the first maps enter the Dice part. A map whose target is a degree
        (a distance), not a set, should not.

    Returns
    -------
    callable
        (logits, target, weight) to one float32 value a sample.
    """

    def overlap(logits: Any, target: Any, weight: Any) -> Any:
        kept = slice(None if exclusive else overlap_maps)
        return dice(logits[..., kept], target[..., kept], weight, exclusive, recipe.smooth)

    def mixed(entropy: Callable[..., Any]) -> LossFunction:
        share = recipe.dice_weight
        return lambda logits, target, weight: (
            (1 - share) * entropy(logits, target, weight, exclusive)
            + share * overlap(logits, target, weight)
        )

    choices: dict[str, LossFunction] = {
        "bce": lambda z, t, w: binary_cross_entropy(z, t, w, exclusive),
        "dice": overlap,
        "bce_dice": mixed(binary_cross_entropy),
        "ce_dice": mixed(cross_entropy),
        "focal": lambda z, t, w: focal(z, t, w, exclusive, recipe.focal_gamma),
    }
    return choices[recipe.name]
