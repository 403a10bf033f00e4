"""The 2-D U-Net, fully convolutional, of any depth, width and normalisation."""

from __future__ import annotations

from typing import Any

import keras

from segbench.config.model import UNet
from segbench.models.normalisation import GroupNorm, largest_divisor

#: Share of the old value that a moving average keeps at each step. Keras's own 0.99 needs
#: hundreds of steps to forget its initial value; small datasets have six an epoch.
BATCH_NORM_MOMENTUM = 0.9

#: Names of the layers that make the logits start like this; they always compute in float32.
HEAD = "head"


def build_unet(recipe: UNet, channels: int, maps: int, policy: str = "float32") -> keras.Model:
    """Build the U-Net, with the head at full resolution only.

    Parameters
    ----------
    recipe : UNet
        Depth, width and so on.
    channels, maps : int
        Channels of the images; maps to predict.
    policy : str, optional
        Keras dtype policy of all layers but the head.

    Returns
    -------
    keras.Model
        (batch, y, x, `channels`) to logits (batch, y, x, `maps`), float32.

    References
    ----------
    Ronneberger, Fischer, Brox 2015, U-Net: Convolutional Networks for Biomedical Image
    Segmentation, MICCAI, doi:10.1007/978-3-319-24574-4_28. Unlike there the convolutions
    are padded, so that the output is as large as the input.
    """
    supervised = build_supervised(recipe, channels, maps, policy)
    return keras.Model(supervised.input, supervised.outputs[0], name="unet")


def build_supervised(
    recipe: UNet, channels: int, maps: int, policy: str = "float32"
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
    make = _Blocks(recipe, policy)
    x = image = keras.Input((None, None, channels), name="image")
    skips = []
    for level in range(recipe.depth):
        x = make.level(x, f"encoder{level}", level)
        skips.append(x)
        x = keras.layers.MaxPooling2D(2, name=f"encoder{level}_pool", dtype=policy)(x)
    x = make.level(x, "bottom", recipe.depth)
    outputs: list[Any] = []
    for level in reversed(range(recipe.depth)):
        x = make.upsample(x, f"decoder{level}", level)
        join = keras.layers.Concatenate(name=f"decoder{level}_join", dtype=policy)
        x = make.level(join([skips[level], x]), f"decoder{level}", level)
        if level == 0 or recipe.deep_supervision:
            name = HEAD if level == 0 else f"{HEAD}{level}"
            head = keras.layers.Conv2D(maps, 1, name=name, dtype="float32")
            outputs.insert(0, head(x))
    return keras.Model(image, outputs, name="unet_supervised")


class _Blocks:
    """Makes the named parts of one network.

    Parameters
    ----------
    recipe : UNet
        Kernel, normalisation, dropout, filters.
    policy : str
        Keras dtype policy.
    """

    def __init__(self, recipe: UNet, policy: str) -> None:
        self.recipe = recipe
        self.policy = policy

    def filters(self, level: int) -> int:
        """Filters of a level."""
        growth = 2**level if self.recipe.width_growth == "double" else 1
        return self.recipe.width * growth

    def normalise(self, x: Any, name: str) -> Any:
        """Normalise the activations as the recipe says."""
        kind, channels = self.recipe.normalisation, x.shape[-1]
        if kind == "batch":
            layer = keras.layers.BatchNormalization(
                momentum=BATCH_NORM_MOMENTUM, name=name, dtype=self.policy
            )
            return layer(x)
        if kind == "group":
            return GroupNorm(largest_divisor(channels, 8), name=name, dtype=self.policy)(x)
        if kind == "instance":
            return GroupNorm(channels, name=name, dtype=self.policy)(x)
        return x

    def level(self, x: Any, name: str, level: int) -> Any:
        """Two convolutions, each normalised and rectified, then dropout."""
        for number in range(2):
            convolution = keras.layers.Conv2D(
                self.filters(level),
                self.recipe.kernel,
                padding="same",
                use_bias=self.recipe.normalisation == "none",
                kernel_initializer="he_normal",
                name=f"{name}_conv{number}",
                dtype=self.policy,
            )
            x = self.normalise(convolution(x), f"{name}_norm{number}")
            x = keras.layers.ReLU(name=f"{name}_relu{number}", dtype=self.policy)(x)
        if self.recipe.dropout:
            dropout = keras.layers.Dropout(
                self.recipe.dropout, seed=0, name=f"{name}_dropout", dtype=self.policy
            )
            x = dropout(x)
        return x

    def upsample(self, x: Any, name: str, level: int) -> Any:
        """Twice the height and width, with the filters of `level`."""
        options = {"padding": "same", "kernel_initializer": "he_normal", "name": f"{name}_up"}
        if self.recipe.upsampling == "transposed":
            layer = keras.layers.Conv2DTranspose(
                self.filters(level), 2, strides=2, dtype=self.policy, **options
            )
            return layer(x)
        x = keras.layers.UpSampling2D(2, name=f"{name}_resize", dtype=self.policy)(x)
        return keras.layers.Conv2D(self.filters(level), 2, dtype=self.policy, **options)(x)
