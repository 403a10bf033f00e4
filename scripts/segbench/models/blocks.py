"""The named parts of a U-Net, for images and volumes."""

from __future__ import annotations

from typing import Any

import keras

from segbench.config.model import UNet
from segbench.models.dimensions import layer
from segbench.models.normalisation import GroupNorm, largest_divisor

#: Share of the old value that a moving average keeps at each step. Keras's own 0.99 needs
#: hundreds of steps to forget its initial value; small datasets have six an epoch.
BATCH_NORM_MOMENTUM = 0.9

#: Names of the layers that make the logits start like this; they always compute in float32.
HEAD = "head"


class Blocks:
    """Makes the named parts of one network.

    Parameters
    ----------
    recipe : UNet
        Kernel, normalisation, dropout, filters.
    policy : str
        Keras dtype policy.
    dimensions : {2, 3}
        Spatial axes.
    """

    def __init__(self, recipe: UNet, policy: str, dimensions: int) -> None:
        self.recipe = recipe
        self.policy = policy
        self.dimensions = dimensions

    def filters(self, level: int) -> int:
        """Filters of a level."""
        growth = 2**level if self.recipe.width_growth == "double" else 1
        return self.recipe.width * growth

    def normalise(self, x: Any, name: str) -> Any:
        """Normalise the activations as the recipe says."""
        kind, channels = self.recipe.normalisation, x.shape[-1]
        if kind == "batch":
            batch = keras.layers.BatchNormalization(
                momentum=BATCH_NORM_MOMENTUM, name=name, dtype=self.policy
            )
            return batch(x)
        if kind == "group":
            return GroupNorm(largest_divisor(channels, 8), name=name, dtype=self.policy)(x)
        if kind == "instance":
            return GroupNorm(channels, name=name, dtype=self.policy)(x)
        return x

    def level(self, x: Any, name: str, level: int) -> Any:
        """Two convolutions, each normalised and rectified, then dropout."""
        for number in range(2):
            convolution = layer(
                "convolution",
                self.dimensions,
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

    def shrink(self, x: Any, name: str) -> Any:
        """Half the sides."""
        return layer("pooling", self.dimensions, 2, name=name, dtype=self.policy)(x)

    def upsample(self, x: Any, name: str, level: int) -> Any:
        """Twice the sides, with the filters of `level`."""
        options = {"padding": "same", "kernel_initializer": "he_normal", "dtype": self.policy}
        filters, name_up = self.filters(level), f"{name}_up"
        if self.recipe.upsampling == "transposed":
            return layer(
                "transposed", self.dimensions, filters, 2, strides=2, name=name_up, **options
            )(x)
        x = layer("resize", self.dimensions, 2, name=f"{name}_resize", dtype=self.policy)(x)
        return layer("convolution", self.dimensions, filters, 2, name=name_up, **options)(x)

    def decode(self, x: Any, skips: dict[int, Any], levels: int, maps: int) -> list[Any]:
        """Go up again from the deepest activations, joining those of the encoder.

        Parameters
        ----------
        x : tensor
            At 1 / 2**levels of the sides.
        skips : dict of int to tensor
            Activations of the encoder by level; a level without one is not joined.
        levels : int
            How many times up.
        maps : int
            Of the heads.

        Returns
        -------
        list of tensor
            Logits, the finest first; with `deep_supervision` one a level.
        """
        outputs: list[Any] = []
        for level in reversed(range(levels)):
            x = self.upsample(x, f"decoder{level}", level)
            if level in skips:
                join = keras.layers.Concatenate(name=f"decoder{level}_join", dtype=self.policy)
                x = join([skips[level], x])
            x = self.level(x, f"decoder{level}", level)
            if level == 0 or self.recipe.deep_supervision:
                name = HEAD if level == 0 else f"{HEAD}{level}"
                head = layer("convolution", self.dimensions, maps, 1, name=name, dtype="float32")
                outputs.insert(0, head(x))
        return outputs
