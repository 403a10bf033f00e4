"""The registry of losses, from logits, in float32, one value per sample. No Keras before use.

All of them take logits, targets (batch, ..., map) and weights (batch, ..., 1) of pixels, or
(batch, ..., map) of the pixels of each map, with one spatial axis or more, and give (batch,).
Maps are either independent (sigmoid) or exclusive (softmax). A target may lie between 0 and 1.
Factors of the maps are divided by their sum where a loss is a mean over maps, and multiply the
pixels of a class where it is a sum over classes. With weights of each map, a map of a sample
without any is not in the mean over maps; exclusive maps without any must be `partial.ABSENT`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from segbench.errors import SegbenchError
from segbench.models.dimensions import spatial_axes
from segbench.models.lazy import ops
from segbench.strict import Fraction, Strict

#: The smallest 1 - p of which a logarithm is taken.
TINY = 1e-7

#: logits, target, weight -> (batch,)
LossFunction = Callable[[Any, Any, Any], Any]

#: Factors of the maps; None: all equal.
Factors = Sequence[float] | None

#: Apart from the functions, so that an edit of one does not change the code of stages that only
#: read recipes.
LossName = Literal["bce", "ce", "dice", "bce_dice", "ce_dice", "focal", "focal_dice", "tversky"]


class Loss(Strict):
    """The function that the training minimises."""

    name: LossName = Field(
        "bce_dice",
        description="Binary or categorical cross-entropy, Dice, their weighted sums, focal, "
        "focal and Dice, or Tversky.",
    )
    class_weights: Literal["none", "inverse", "inverse_sqrt"] = Field(
        "none",
        description="Of the maps: none: all equal; by the inverse (or its square root) of their "
        "share in the training samples, mean 1.",
    )
    weights: dict[str, float] = Field(
        default_factory=dict, description="Class -> factor on top of class_weights."
    )
    tversky_alpha: Fraction = Field(
        0.3, description="tversky only: weight of false positives; of false negatives 1 - alpha."
    )
    label_smoothing: Fraction = Field(
        0.0, description="Share of the target that is spread over all classes."
    )
    dice_weight: Fraction = Field(0.5, description="Of the Dice part in the sums.")
    smooth: float = Field(1.0, ge=0, description="Added to both sides of the Dice fraction.")
    focal_gamma: float = Field(2.0, ge=0, description="focal only: 0 is cross-entropy.")


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
    """Weighted mean over the pixels of (batch, ...), one value per sample."""
    weight = weight[..., 0]
    axes = tuple(range(1, len(weight.shape)))
    total = ops.maximum(ops.sum(weight, axis=axes), TINY)
    return ops.sum(values * weight, axis=axes) / total


def _over_maps(values: Any, factors: Factors, weight: Any = None) -> Any:
    """Mean over the last axis, weighted by the factors of the maps.

    With the weights of the pixels of each map only over the maps that have some.
    """
    import numpy as np

    if weight is not None and weight.shape[-1] > 1:
        there = ops.cast(ops.sum(weight, axis=spatial_axes(weight)) > 0, "float32")
        there = there * np.asarray(1.0 if factors is None else factors, np.float32)
        return ops.sum(values * there, axis=-1) / ops.maximum(ops.sum(there, axis=-1), TINY)
    if factors is None:
        return ops.mean(values, axis=-1)
    shares = np.asarray(factors, np.float64) / np.sum(factors)
    return ops.sum(values * shares.astype(np.float32), axis=-1)


def _over_pixels_and_maps(values: Any, factors: Factors, weight: Any) -> Any:
    """Mean over the pixels of (batch, ..., map) and the maps, one value per sample."""
    if weight.shape[-1] == 1:
        return _pixel_mean(_over_maps(values, factors), weight)
    axes = spatial_axes(values)
    total = ops.maximum(ops.sum(weight, axis=axes), TINY)
    return _over_maps(ops.sum(values * weight, axis=axes) / total, factors, weight)


def _over_classes(values: Any, factors: Factors) -> Any:
    """Sum over the last axis, each class times its factor."""
    if factors is not None:
        import numpy as np

        values = values * np.asarray(factors, np.float32)
    return ops.sum(values, axis=-1)


def binary_cross_entropy(
    logits: Any, target: Any, weight: Any, exclusive: bool, factors: Factors = None
) -> Any:
    """Mean over pixels and maps of -t log p - (1 - t) log(1 - p)."""
    log_p, log_q = _logarithms(logits, exclusive)
    return _over_pixels_and_maps(-(target * log_p + (1 - target) * log_q), factors, weight)


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
    return _over_pixels_and_maps(-(hit + miss), factors, weight)


def _foreground(array: Any, exclusive: bool, background: bool) -> Any:
    """Drop the first of exclusive maps, if it is the background; weights of pixels have none."""
    return array[..., 1:] if exclusive and background and array.shape[-1] > 1 else array


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
    weight = _foreground(weight, exclusive, background)
    axes = spatial_axes(p)
    both = ops.sum(p * target * weight, axis=axes)
    size = ops.sum((p + target) * weight, axis=axes)
    return _over_maps(1 - (2 * both + smooth) / ops.maximum(size + smooth, TINY), factors, weight)


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
    weight = _foreground(weight, exclusive, background)
    axes = spatial_axes(p)
    hit = ops.sum(p * target * weight, axis=axes)
    false = ops.sum(p * (1 - target) * weight, axis=axes)
    missed = ops.sum((1 - p) * target * weight, axis=axes)
    size = hit + alpha * false + (1 - alpha) * missed
    index = (hit + smooth) / ops.maximum(size + smooth, TINY)
    return _over_maps(1 - index, factors, weight)


@dataclass(frozen=True)
class Term:
    """One function that a loss is made of.

    Attributes
    ----------
    function : callable
        Takes logits, target, weight and whether maps exclude each other, then its parameters;
        `factors`, and if it is of sets `background`.
    parameters : tuple of str
        Parameters of the recipe that it takes, in order.
    """

    function: Callable[..., Any]
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class LossKind:
    """What a loss is made of, and so what it can learn; with both terms it is their weighted sum.

    Attributes
    ----------
    pixels : Term or None
        Mean over the pixels. Without it the loss cannot learn degrees, such as distances.
    sets : Term or None
        Compares sets of pixels. With it the loss cannot learn classes of whole images.
    """

    pixels: Term | None = None
    sets: Term | None = None


_BCE, _CE = Term(binary_cross_entropy), Term(cross_entropy)
_FOCAL = Term(focal, ("focal_gamma",))
_DICE, _TVERSKY = Term(dice, ("smooth",)), Term(tversky, ("smooth", "tversky_alpha"))

#: The registry of losses: their names are those of `LossName`.
LOSSES: dict[LossName, LossKind] = {
    "bce": LossKind(_BCE),
    "ce": LossKind(_CE),
    "dice": LossKind(sets=_DICE),
    "bce_dice": LossKind(_BCE, _DICE),
    "ce_dice": LossKind(_CE, _DICE),
    "focal": LossKind(_FOCAL),
    "focal_dice": LossKind(_FOCAL, _DICE),
    "tversky": LossKind(sets=_TVERSKY),
}


def smoothed(target: Any, share: float, exclusive: bool, weight: Any = None) -> Any:
    """Spread a share of the target evenly over its possible values; a map without weight is none.

    References
    ----------
    Szegedy et al. 2016, Rethinking the Inception Architecture, CVPR,
    doi:10.1109/CVPR.2016.308, section 7.
    """
    if not share:
        return target
    if exclusive and weight is not None and weight.shape[-1] > 1:
        there = ops.cast(weight > 0, "float32")
        spread = there / ops.maximum(ops.sum(there, axis=-1, keepdims=True), 1.0)
        return target * (1 - share) + share * spread
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
        (logits, target, weight) to one float32 value per sample. Labels are smoothed in the
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
    kind = LOSSES[recipe.name]

    def pixelwise(logits: Any, target: Any, weight: Any) -> Any:
        target = smoothed(target, recipe.label_smoothing, exclusive, weight)
        return _apply(kind.pixels, recipe, (logits, target, weight, exclusive), factors=factors)

    def overlap(logits: Any, target: Any, weight: Any) -> Any:
        part = slice(None if exclusive else overlap_maps)
        weight = weight if weight.shape[-1] == 1 else weight[..., part]
        arguments = logits[..., part], target[..., part], weight, exclusive
        return _apply(kind.sets, recipe, arguments, factors=of_kept, background=background)

    if kind.sets is None:
        return pixelwise
    if kind.pixels is None:
        return overlap
    share = recipe.dice_weight
    return lambda logits, target, weight: (
        (1 - share) * pixelwise(logits, target, weight) + share * overlap(logits, target, weight)
    )


def _apply(
    term: Term | None, recipe: Loss, arguments: tuple[Any, Any, Any, bool], **options: Any
) -> Any:
    assert term is not None
    numbers = (getattr(recipe, name) for name in term.parameters)
    return term.function(*arguments, *numbers, **options)
