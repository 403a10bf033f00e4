"""The U-Net in two or three dimensions, fully convolutional, of any depth and width. No Keras here.

Its encoder is its own or a network of keras.applications.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from segbench.models.backbones import LEVELS, Backbone
from segbench.models.layers import HEAD, Layers, Network, Normalisation, T
from segbench.strict import Below1, Count


class UNet(Network):
    """U-Net (Ronneberger et al. 2015), two- or three-dimensional as the samples are."""

    tasks: ClassVar[tuple[str, ...]] = ("semantic", "overlapping", "instances")

    kind: Literal["unet"] = Field("unet", description="Maps of the image's size.")
    backbone: Backbone | None = Field(None, description="Encoder; null: the U-Net's own.")
    depth: Count = Field(
        4,
        description="Levels below the first, i.e. number of poolings; with a backbone always 5.",
    )
    width: Count = Field(16, description="Filters of the first level.")
    width_growth: Literal["double", "constant"] = Field(
        "double", description="Filters of each next level: twice as many, or the same."
    )
    kernel: Count = Field(3, description="Side of the convolution kernels.")
    normalisation: Normalisation = Field(
        "group", description="After each convolution; group does not depend on batch or steps."
    )
    dropout: Below1 = Field(0.0, description="At each level's end.")
    upsampling: Literal["transposed", "resize"] = Field(
        "transposed", description="Transposed convolution, or nearest pixel and convolution."
    )
    deep_supervision: bool = Field(False, description="Auxiliary heads at the coarser levels.")

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Backbones work on images only."""
        return (2, 3) if self.backbone is None else (2,)

    @property
    def levels(self) -> int:
        """Levels below the first."""
        return self.depth if self.backbone is None else LEVELS

    @property
    def unit(self) -> int:
        """Sides that can be halved once per level."""
        return int(2**self.levels)

    @property
    def encoder(self) -> Backbone | None:
        """The backbone."""
        return self.backbone


NETWORK = UNet


def build(recipe: UNet, make: Layers[T], image: T, maps: int) -> list[T]:
    """Build the U-Net.

    Parameters
    ----------
    recipe : UNet
        Depth, width and so on. With a backbone they are the decoder's.
    make : Layers
        Makes the layers.
    image : T
        (batch, y, x, channel) or (batch, z, y, x, channel), in 0...1.
    maps : int
        Maps to predict.

    Returns
    -------
    list of T
        Logits at full resolution and, with `deep_supervision`, at 1/2, 1/4 ... of it, down to
        the level above the deepest.

    Notes
    -----
    Few backbones compute anything at full resolution; there two convolutions of the image
    stand in, trained from scratch.

    References
    ----------
    Ronneberger, Fischer, Brox 2015, U-Net: Convolutional Networks for Biomedical Image
    Segmentation, MICCAI, doi:10.1007/978-3-319-24574-4_28. Unlike there the convolutions
    are padded, so that the output is as large as the input.
    Çiçek et al. 2016, 3D U-Net, MICCAI, doi:10.1007/978-3-319-46723-8_49.
    Lee et al. 2015, Deeply-Supervised Nets, AISTATS (arXiv:1409.5185).
    """
    if recipe.backbone is not None:
        features = make.backbone(image, recipe.backbone, skips=True)
        x, skips = features.deepest, dict(features.skips)
        if 0 not in skips:
            skips[0] = _level(recipe, make, image, "encoder0", 0)
    else:
        x, skips = image, {}
        for level in range(recipe.depth):
            skips[level] = _level(recipe, make, x, f"encoder{level}", level)
            x = make.pool(skips[level], f"encoder{level}_pool")
        x = _level(recipe, make, x, "bottom", recipe.depth)
    return _decode(recipe, make, x, skips, maps)


def _filters(recipe: UNet, level: int) -> int:
    return recipe.width * (2**level if recipe.width_growth == "double" else 1)


def _level(recipe: UNet, make: Layers[T], x: T, name: str, level: int) -> T:
    """Two convolutions, each normalised and rectified, then dropout."""
    bias = recipe.normalisation == "none"
    for number in range(2):
        filters = _filters(recipe, level)
        x = make.convolution(x, filters, recipe.kernel, f"{name}_conv{number}", bias=bias)
        x = make.normalise(x, recipe.normalisation, f"{name}_norm{number}")
        x = make.relu(x, f"{name}_relu{number}")
    return make.dropout(x, recipe.dropout, f"{name}_dropout") if recipe.dropout else x


def _decode(recipe: UNet, make: Layers[T], x: T, skips: dict[int, T], maps: int) -> list[T]:
    """Go up again from the deepest activations; levels without a skip are only enlarged."""
    outputs: list[T] = []
    for level in reversed(range(recipe.levels)):
        name, filters = f"decoder{level}", _filters(recipe, level)
        if recipe.upsampling == "transposed":
            x = make.transposed(x, filters, f"{name}_up")
        else:
            x = make.convolution(make.resize(x, f"{name}_resize"), filters, 2, f"{name}_up")
        if level in skips:
            x = make.join([skips[level], x], f"{name}_join")
        x = _level(recipe, make, x, name, level)
        if level == 0 or recipe.deep_supervision:
            outputs.insert(0, make.head(x, maps, f"{HEAD}{level or ''}"))
    return outputs
