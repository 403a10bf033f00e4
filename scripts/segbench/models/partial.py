"""Logits and weights where pixels or classes were not annotated. No Keras before use."""

from __future__ import annotations

from typing import Any

from segbench.models.dimensions import spatial_axes
from segbench.models.lazy import ops

#: Logit of a map that takes no part: its probability is 0 in float32.
ABSENT = -1e9


def hidden(logits: Any, weight: Any) -> Any:
    """Logits in float32, 0 where the weight is 0: no loss and no gradient depends on them there.

    Parameters
    ----------
    logits : tensor (batch, ..., map)
    weight : tensor (batch, ..., 1) or (batch, ..., map)
    """
    return ops.where(weight > 0, ops.cast(logits, "float32"), 0.0)


def joined(logits: Any, annotated: Any) -> Any:
    """Logits of exclusive maps in which the maps that were not annotated are background.

    The softmax of the result has, as its first map, the summed probabilities of the first and of
    those that were not annotated; these have probability 0.

    Parameters
    ----------
    logits : tensor (batch, ..., map), float32
        The first map is the background.
    annotated : tensor (batch, map)
        1 where a map's class was annotated in the sample, else 0; 1 for the background.

    References
    ----------
    Shi et al. 2021, Marginal loss and exclusion loss for partially supervised multi-organ
    segmentation, Medical Image Analysis, doi:10.1016/j.media.2021.101979.
    """
    kept = over_pixels(annotated, logits) > 0
    rest = ops.where(kept, ABSENT, logits)[..., 1:]
    first = ops.logsumexp(ops.concatenate([logits[..., :1], rest], -1), axis=-1, keepdims=True)
    return ops.concatenate([first, ops.where(kept, logits, ABSENT)[..., 1:]], axis=-1)


def over_pixels(annotated: Any, logits: Any) -> Any:
    """(batch, map) as float32 (batch, 1, ..., 1, map), for arrays with the axes of `logits`."""
    shape = (-1, *(1 for _ in spatial_axes(logits)), annotated.shape[-1])
    return ops.reshape(ops.cast(annotated, "float32"), shape)
