"""The networks. Importing this package does not import Keras; building a network does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from segbench.config.model import Model

# TensorFlow prints its start-up notes before anyone can ask it not to.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

__all__ = ["build"]


def build(recipe: Model, channels: int, maps: int, policy: str = "float32") -> keras.Model:
    """Build the network of a recipe, untrained.

    Parameters
    ----------
    recipe : Model
        The model recipe; only its `network` part matters here.
    channels : int
        Channels of the images.
    maps : int
        Maps to predict, see `segbench.instances.map_names`.
    policy : str, optional
        Keras dtype policy: ``float32``, ``mixed_bfloat16`` or ``mixed_float16``.

    Returns
    -------
    keras.Model
        (batch, y, x, `channels`) images to (batch, y, x, `maps`) logits in float32, for
        any y and x that are multiples of ``2 ** recipe.network.depth``.
    """
    from segbench.models.unet import build_unet

    return build_unet(recipe.network, channels, maps, policy)
