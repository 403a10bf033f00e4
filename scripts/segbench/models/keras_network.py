"""Keras networks from their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from segbench.errors import SegbenchError
from segbench.models.applications import extract
from segbench.models.backbones import Backbone
from segbench.models.layers import Features, Network, Normalisation
from segbench.models.networks import outputs_of
from segbench.models.normalisation import BATCH_NORM_MOMENTUM, GroupNorm, largest_divisor

_CONVOLUTION = {2: keras.layers.Conv2D, 3: keras.layers.Conv3D}
_TRANSPOSED = {2: keras.layers.Conv2DTranspose, 3: keras.layers.Conv3DTranspose}
_POOLING = {2: keras.layers.MaxPooling2D, 3: keras.layers.MaxPooling3D}
_RESIZE = {2: keras.layers.UpSampling2D, 3: keras.layers.UpSampling3D}
_MEAN = {2: keras.layers.GlobalAveragePooling2D, 3: keras.layers.GlobalAveragePooling3D}


def build_network(
    network: Network,
    channels: int,
    maps: int,
    policy: str = "float32",
    dimensions: int = 2,
    *,
    pretrained: bool = False,
    supervised: bool = False,
) -> keras.Model:
    """Build a network of any kind.

    Parameters
    ----------
    network : Network
        Kind, depth and so on.
    channels : int
        Channels of the images.
    maps : int
        Maps to predict, see `segbench.instances.map_names`; of a classifier the classes.
    policy : str, optional
        Keras dtype policy: ``float32``, ``mixed_bfloat16`` or ``mixed_float16``.
    dimensions : {2, 3}, optional
        Images or volumes.
    pretrained : bool, optional
        Whether a backbone gets the weights that the recipe names; else they are random.
    supervised : bool, optional
        Whether auxiliary heads are among the outputs, which then are a list.

    Returns
    -------
    keras.Model
        (batch, y, x, `channels`) or (batch, z, y, x, `channels`) to logits of the same sides
        (batch, ..., `maps`), float32, for any sides that are multiples of `network.unit`; a
        classifier to logits (batch, `maps`).

    Raises
    ------
    SegbenchError
        If the network does not work on samples of so many dimensions, or its backbone cannot
        be had.
    """
    if dimensions not in network.dimensions:
        raise SegbenchError(
            f"network.kind {network.kind} on {dimensions}-D samples"
            + (f" with backbone {network.encoder.name}" if network.encoder else ""),
            " or ".join(f"{n}-D" for n in network.dimensions) + " samples",
            "choose another network (a U-Net of volumes has `backbone: null`), or work on slices",
        )
    image = keras.Input((*(None,) * dimensions, channels), name="image")
    outputs = outputs_of(network, KerasLayers(policy, dimensions, pretrained), image, maps)
    return keras.Model(image, outputs if supervised else outputs[0], name=network.kind)


class KerasLayers:
    """Makes layers of Keras, see `segbench.models.layers.Layers`.

    Parameters
    ----------
    policy : str
        Keras dtype policy.
    dimensions : {2, 3}
        Spatial axes.
    pretrained : bool
        Whether backbones get the weights that the recipe names.
    """

    def __init__(self, policy: str, dimensions: int, pretrained: bool = False) -> None:
        self.policy = policy
        self.dimensions = dimensions
        self.pretrained = pretrained

    def convolution(
        self, x: Any, filters: int, kernel: int, name: str, *, bias: bool = True
    ) -> Any:
        """Convolve."""
        return _CONVOLUTION[self.dimensions](
            filters, kernel, padding="same", use_bias=bias, kernel_initializer="he_normal",
            name=name, dtype=self.policy,
        )(x)  # fmt: skip

    def transposed(self, x: Any, filters: int, name: str) -> Any:
        """Double the sides by a convolution."""
        return _TRANSPOSED[self.dimensions](
            filters, 2, strides=2, padding="same", kernel_initializer="he_normal",
            name=name, dtype=self.policy,
        )(x)  # fmt: skip

    def normalise(self, x: Any, kind: Normalisation, name: str) -> Any:
        """Normalise."""
        if kind == "none":
            return x
        if kind == "batch":
            return keras.layers.BatchNormalization(
                momentum=BATCH_NORM_MOMENTUM, name=name, dtype=self.policy
            )(x)
        channels = x.shape[-1]
        groups = channels if kind == "instance" else largest_divisor(channels, 8)
        return GroupNorm(groups, name=name, dtype=self.policy)(x)

    def relu(self, x: Any, name: str) -> Any:
        """Rectify."""
        return keras.layers.ReLU(name=name, dtype=self.policy)(x)

    def dropout(self, x: Any, rate: float, name: str, *, float32: bool = False) -> Any:
        """Drop values."""
        dtype = "float32" if float32 else self.policy
        return keras.layers.Dropout(rate, seed=0, name=name, dtype=dtype)(x)

    def pool(self, x: Any, name: str) -> Any:
        """Halve the sides."""
        return _POOLING[self.dimensions](2, name=name, dtype=self.policy)(x)

    def resize(self, x: Any, name: str) -> Any:
        """Double the sides."""
        return _RESIZE[self.dimensions](2, name=name, dtype=self.policy)(x)

    def join(self, parts: Sequence[Any], name: str) -> Any:
        """Concatenate."""
        return keras.layers.Concatenate(name=name, dtype=self.policy)(list(parts))

    def head(self, x: Any, maps: int, name: str) -> Any:
        """Make logits of maps."""
        return _CONVOLUTION[self.dimensions](maps, 1, name=name, dtype="float32")(x)

    def mean(self, x: Any, name: str) -> Any:
        """Average over the pixels."""
        return _MEAN[self.dimensions](name=name, dtype="float32")(x)

    def dense(self, x: Any, classes: int, name: str) -> Any:
        """Make logits of classes."""
        return keras.layers.Dense(classes, name=name, dtype="float32")(x)

    def backbone(self, image: Any, recipe: Backbone, *, skips: bool) -> Features[Any]:
        """Apply a backbone."""
        return extract(image, recipe, self.policy, self.pretrained, skips)
