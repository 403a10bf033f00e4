"""What a network is made of, counted from its recipe: weights, activations, multiply-adds.

Nothing is built and Keras is not imported: the layers are those of `segbench.models`, and a
test compares the weights with what Keras counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from segbench.config.model import UNet
from segbench.resources.backbones import BackboneCounts, counts_of

#: Weights a channel of each normalisation: factor and offset; batch also keeps two averages.
_NORMALISATION = {"none": 0, "batch": 4, "group": 2, "instance": 2}

#: Normalisations that keep a copy of what they normalise in float32, see `GroupNorm`.
_IN_FLOAT32 = ("group", "instance")

#: Name of the layer that is a whole backbone.
BACKBONE = "backbone"

#: A backbone's deepest activations are at 1 / 2**5 of the sides.
_BACKBONE_LEVELS = 5

#: Channels that backbones take.
_COLOURS = 3


@dataclass(frozen=True)
class Layer:
    """One layer, applied to one sample.

    Attributes
    ----------
    name : str
        As Keras calls it.
    weights : int
        Numbers that are learnt or averaged.
    elements : int
        Numbers that the backward pass still needs, in the network's precision.
    elements_float32 : int
        The same, in float32 whatever the precision.
    multiply_adds : int
        Of the forward pass.
    """

    name: str
    weights: int
    elements: int
    elements_float32: int
    multiply_adds: int


@dataclass(frozen=True)
class Network:
    """The sums over all layers, for one sample.

    Attributes
    ----------
    layers : tuple of Layer
        In the order in which they are applied.
    """

    layers: tuple[Layer, ...]

    @property
    def weights(self) -> int:
        """Numbers that are learnt or averaged."""
        return sum(layer.weights for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Of the forward pass of one sample."""
        return sum(layer.multiply_adds for layer in self.layers)

    def activation_bytes(self, itemsize: int) -> int:
        """What the backward pass of one sample needs of the forward pass.

        Parameters
        ----------
        itemsize : int
            Bytes of a number in the network's precision: 2 or 4.
        """
        return sum(n.elements * itemsize + 4 * n.elements_float32 for n in self.layers)

    def largest_bytes(self, itemsize: int) -> float:
        """The largest output of a layer, of which prediction holds a few at a time.

        Of a backbone, which is one layer here, a twentieth: the largest of its hundreds of
        outputs is a 46th (ResNet50) or a 60th (EfficientNetB7) of their sum.
        """
        return max(
            (n.elements * itemsize + 4 * n.elements_float32) / (20 if n.name == BACKBONE else 1)
            for n in self.layers
        )


@lru_cache(maxsize=4096)
def count(
    recipe: UNet, channels: int, maps: int, sides: tuple[int, ...], supervised: bool = True
) -> Network:
    """Count the layers of the network of a recipe.

    Parameters
    ----------
    recipe : UNet
        The `network` part of a model recipe.
    channels, maps : int
        Channels of the images; maps to predict, of a classifier the classes.
    sides : tuple of int
        Pixels along (y, x) or (z, y, x) of what enters the network; of a U-Net multiples
        of ``recipe.unit``.
    supervised : bool, optional
        Whether the auxiliary heads of `deep_supervision` are counted, as in training.

    Returns
    -------
    Network

    Examples
    --------
    >>> count(UNet(depth=1, width=2, normalisation="none"), 1, 1, (4, 4)).weights
    431
    """
    make = _Counter(recipe, sides)
    if recipe.kind == "classifier":
        return Network(tuple(_classifier(recipe, make, channels, maps)))
    if recipe.backbone is not None:
        return Network(tuple(_backbone_unet(recipe, make, channels, maps, supervised)))
    return Network(tuple(_unet(recipe, make, channels, maps, supervised)))


class _Counter:
    """Counts the named parts of a U-Net, see `segbench.models.blocks.Blocks`."""

    def __init__(self, recipe: UNet, sides: Sequence[int]) -> None:
        self.recipe = recipe
        self.sides = tuple(sides)

    def filters(self, level: int) -> int:
        """Filters of a level."""
        return self.recipe.width * (2**level if self.recipe.width_growth == "double" else 1)

    def pixels(self, level: int) -> int:
        """Pixels at a level, of which each side is a 2**level-th."""
        return math.prod(max(side >> level, 1) for side in self.sides)

    def convolution(
        self, name: str, given: int, made: int, side: int, level: int, bias: bool
    ) -> Layer:
        """A convolution from `given` to `made` channels with kernels of this side."""
        taps = side ** len(self.sides) * given * made
        out = self.pixels(level) * made
        return Layer(name, taps + made * bias, out, 0, self.pixels(level) * taps)

    def level(self, name: str, given: int, level: int) -> Iterator[Layer]:
        """Two convolutions, each normalised and rectified, then dropout."""
        recipe, made = self.recipe, self.filters(level)
        out, kind = self.pixels(level) * made, recipe.normalisation
        for number in range(2):
            yield self.convolution(
                f"{name}_conv{number}", given, made, recipe.kernel, level, kind == "none"
            )
            if kind != "none":
                wide = out if kind in _IN_FLOAT32 else 0
                kept = 0 if kind in _IN_FLOAT32 else out
                yield Layer(f"{name}_norm{number}", _NORMALISATION[kind] * made, kept, wide, 0)
            yield Layer(f"{name}_relu{number}", 0, out, 0, 0)
            given = made
        if recipe.dropout:
            yield Layer(f"{name}_dropout", 0, 2 * out, 0, 0)

    def upsample(self, name: str, given: int, level: int) -> Iterator[Layer]:
        """Twice the sides, with the filters of `level`."""
        made = self.filters(level)
        if self.recipe.upsampling == "resize":
            yield Layer(f"{name}_resize", 0, self.pixels(level) * given, 0, 0)
            yield self.convolution(f"{name}_up", given, made, 2, level, True)
            return
        up = self.convolution(f"{name}_up", given, made, 2, level, True)
        # Kernels of 2 at strides of 2: one tap reaches each pixel that comes out.
        yield Layer(up.name, up.weights, up.elements, 0, up.multiply_adds // 2 ** len(self.sides))

    def decode(
        self, given: int, skips: dict[int, int], levels: int, maps: int, supervised: bool
    ) -> Iterator[Layer]:
        """Go up again; `skips` has the channels of the encoder by level."""
        for level in reversed(range(levels)):
            yield from self.upsample(f"decoder{level}", given, level)
            given = self.filters(level)
            if level in skips:
                given += skips[level]
                yield Layer(f"decoder{level}_join", 0, self.pixels(level) * given, 0, 0)
            yield from self.level(f"decoder{level}", given, level)
            given = self.filters(level)
            if level == 0 or (self.recipe.deep_supervision and supervised):
                pixels = self.pixels(level)
                weights, work = given * maps + maps, pixels * given * maps
                yield Layer(f"head{level or ''}", weights, 0, pixels * maps, work)


def _unet(
    recipe: UNet, make: _Counter, channels: int, maps: int, supervised: bool
) -> Iterator[Layer]:
    given, skips = channels, {}
    for level in range(recipe.depth):
        yield from make.level(f"encoder{level}", given, level)
        given = skips[level] = make.filters(level)
        yield Layer(f"encoder{level}_pool", 0, make.pixels(level + 1) * given, 0, 0)
    yield from make.level("bottom", given, recipe.depth)
    yield from make.decode(make.filters(recipe.depth), skips, recipe.depth, maps, supervised)


def _encoder(counts: BackboneCounts, make: _Counter, channels: int) -> Layer:
    """A backbone as one layer; its table counts by pixel of the image.

    Images of neither one nor three channels pass through a convolution of 1 x 1 before it.
    """
    pixels = make.pixels(0)
    adapter = 0 if channels in (1, _COLOURS) else channels * _COLOURS
    return Layer(
        BACKBONE,
        counts.weights + adapter,
        int(counts.elements_per_pixel * pixels),
        0,
        int(counts.multiply_adds_per_pixel * pixels),
    )


def _backbone_unet(
    recipe: UNet, make: _Counter, channels: int, maps: int, supervised: bool
) -> Iterator[Layer]:
    assert recipe.backbone is not None
    counts = counts_of(recipe.backbone.name)
    yield _encoder(counts, make, channels)
    skips = dict(counts.skips)
    if 0 not in skips:
        yield from make.level("encoder0", channels, 0)
        skips[0] = make.filters(0)
    yield from make.decode(counts.channels, skips, _BACKBONE_LEVELS, maps, supervised)


def _classifier(recipe: UNet, make: _Counter, channels: int, classes: int) -> Iterator[Layer]:
    assert recipe.backbone is not None
    counts = counts_of(recipe.backbone.name)
    yield _encoder(counts, make, channels)
    weights = counts.channels * classes + classes
    yield Layer("head", weights, 0, counts.channels + classes, counts.channels * classes)
