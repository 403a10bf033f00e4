"""The U-Net in two or three dimensions, fully convolutional, of any depth and width."""

from __future__ import annotations

import keras

from segbench.config.model import UNet
from segbench.models.blocks import Blocks


def build_unet(
    recipe: UNet, channels: int, maps: int, policy: str = "float32", dimensions: int = 2
) -> keras.Model:
    """Build the U-Net, with the head at full resolution only.

    Parameters
    ----------
    recipe : UNet
        Depth, width and so on.
    channels, maps : int
        Channels of the images; maps to predict.
    policy : str, optional
        Keras dtype policy of all layers but the head.
    dimensions : {2, 3}, optional
        Images or volumes.

    Returns
    -------
    keras.Model
        (batch, y, x, `channels`) to logits (batch, y, x, `maps`), float32; of volumes with
        an axis z before y.

    References
    ----------
    Ronneberger, Fischer, Brox 2015, U-Net: Convolutional Networks for Biomedical Image
    Segmentation, MICCAI, doi:10.1007/978-3-319-24574-4_28. Unlike there the convolutions
    are padded, so that the output is as large as the input.
    Çiçek et al. 2016, 3D U-Net, MICCAI, doi:10.1007/978-3-319-46723-8_49.
    """
    supervised = build_supervised(recipe, channels, maps, policy, dimensions)
    return keras.Model(supervised.input, supervised.outputs[0], name="unet")


def build_supervised(
    recipe: UNet, channels: int, maps: int, policy: str = "float32", dimensions: int = 2
) -> keras.Model:
    """Build the U-Net with all its heads, for training.

    Returns
    -------
    keras.Model
        Its outputs are a list: logits at full resolution and, with `deep_supervision`,
        at 1/2, 1/4 ... of it, down to the level above the deepest.

    References
    ----------
    Lee et al. 2015, Deeply-Supervised Nets, AISTATS (arXiv:1409.5185).
    """
    make = Blocks(recipe, policy, dimensions)
    x = image = keras.Input((*(None,) * dimensions, channels), name="image")
    skips = {}
    for level in range(recipe.depth):
        x = make.level(x, f"encoder{level}", level)
        skips[level] = x
        x = make.shrink(x, f"encoder{level}_pool")
    x = make.level(x, "bottom", recipe.depth)
    outputs = make.decode(x, skips, recipe.depth, maps)
    return keras.Model(image, outputs, name="unet_supervised")
