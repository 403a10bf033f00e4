"""The networks. Importing this package does not import Keras; building a network does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from segbench.config.model import Model, UNet

# TensorFlow prints its start-up notes before anyone can ask it not to.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

__all__ = ["build", "build_network"]


def build(
    recipe: Model, channels: int, maps: int, policy: str = "float32", dimensions: int = 2
) -> keras.Model:
    """Build the network of a recipe, untrained.

    Parameters
    ----------
    recipe : Model
        The model recipe; only its `network` part matters here.
    channels : int
        Channels of the images.
    maps : int
        Maps to predict, see `segbench.instances.map_names`; of a classifier the classes.
    policy : str, optional
        Keras dtype policy: ``float32``, ``mixed_bfloat16`` or ``mixed_float16``.
    dimensions : {2, 3}, optional
        Images or volumes.

    Returns
    -------
    keras.Model
        (batch, y, x, `channels`) or (batch, z, y, x, `channels`) to logits of the same sides
        (batch, ..., `maps`), float32, for any sides that are multiples of
        ``recipe.network.unit``; a classifier to logits (batch, `maps`).

    Raises
    ------
    SegbenchError
        If there is no such backbone, or it cannot be used so.
    """
    return build_network(recipe.network, channels, maps, policy, dimensions)


def build_network(
    network: UNet,
    channels: int,
    maps: int,
    policy: str = "float32",
    dimensions: int = 2,
    *,
    pretrained: bool = False,
    supervised: bool = False,
) -> keras.Model:
    """Build the network of any kind.

    Parameters
    ----------
    network : UNet
        Kind, backbone, depth and so on.
    channels, maps, policy, dimensions
        As for `build`.
    pretrained : bool, optional
        Whether the backbone gets the weights that the recipe names; else they are random.
    supervised : bool, optional
        Whether auxiliary heads are among the outputs, which then are a list.

    Returns
    -------
    keras.Model
    """
    from segbench.errors import SegbenchError

    if network.kind == "classifier":
        from segbench.models.classifier import build_classifier

        return build_classifier(network, channels, maps, policy, dimensions, pretrained)
    if network.backbone is None:
        from segbench.models.unet import build_supervised, build_unet

        make = build_supervised if supervised else build_unet
        return make(network, channels, maps, policy, dimensions)
    if dimensions != 2:
        raise SegbenchError(
            f"backbone {network.backbone.name} on volumes",
            "two-dimensional samples",
            "set `network.backbone: null`, or train on slices",
        )
    from segbench.models.encoders import build_backbone_unet

    return build_backbone_unet(network, channels, maps, policy, pretrained, supervised)
