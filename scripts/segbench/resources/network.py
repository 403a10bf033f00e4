"""Size of a network: weights, activations, multiply-adds.

Nothing is built and Keras is not imported: `Counter` runs the same builders that make the Keras
networks, and counts each layer instead of making it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from segbench.models.backbones import BACKBONE, COLOURS, LEVELS, Backbone, counts_of
from segbench.models.layers import Features, Network, Normalisation
from segbench.models.networks import outputs_of

#: Weights per channel of each normalisation: factor and offset; batch also keeps two averages.
_NORMALISATION = {"batch": 4, "group": 2, "instance": 2}

#: Normalisations that keep a copy of what they normalise in float32, see `GroupNorm`.
_IN_FLOAT32 = ("group", "instance")


@dataclass(frozen=True)
class Layer:
    """One layer, applied to one sample.

    Attributes
    ----------
    name : str
        As Keras calls it.
    weights : int
        Number of weights, trained or averaged.
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
class Counts:
    """The sums over all layers, for one sample.

    Attributes
    ----------
    layers : tuple of Layer
        In the order in which they are applied.
    """

    layers: tuple[Layer, ...]

    @property
    def weights(self) -> int:
        """Number of weights, trained or averaged."""
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
    recipe: Network, channels: int, maps: int, sides: tuple[int, ...], supervised: bool = True
) -> Counts:
    """Count the layers of a network.

    Parameters
    ----------
    recipe : Network
        The `network` part of a model recipe.
    channels, maps : int
        Channels of the images; maps to predict, of a classifier the classes.
    sides : tuple of int
        Pixels along (y, x) or (z, y, x) of what enters the network, multiples of
        ``recipe.unit``.
    supervised : bool, optional
        Whether auxiliary heads are counted, as in training.

    Returns
    -------
    Counts

    Examples
    --------
    >>> from segbench.models.networks.unet import UNet
    >>> count(UNet(depth=1, width=2, normalisation="none"), 1, 1, (4, 4)).weights
    431
    """
    make = Counter()
    outputs = outputs_of(recipe, make, Activations("image", sides, channels), maps)
    unused = set() if supervised else {output.layer for output in outputs[1:]}
    return Counts(tuple(layer for layer in make.layers if layer.name not in unused))


@dataclass(frozen=True)
class Activations:
    """The output of a layer for one sample.

    Attributes
    ----------
    layer : str
        Its name.
    sides : tuple of int
        Pixels along the spatial axes; empty where there are none.
    channels : int
        Numbers per pixel.
    """

    layer: str
    sides: tuple[int, ...]
    channels: int

    @property
    def numbers(self) -> int:
        """All of them."""
        return math.prod(self.sides) * self.channels

    def halved(self, times: int = 1) -> tuple[int, ...]:
        """Sides after so many poolings."""
        return tuple(max(side >> times, 1) for side in self.sides)

    def doubled(self) -> tuple[int, ...]:
        """Sides at twice the resolution."""
        return tuple(2 * side for side in self.sides)


class Counter:
    """Counts layers, see `segbench.models.layers.Layers`.

    Attributes
    ----------
    layers : list of Layer
        Those counted so far.
    """

    def __init__(self) -> None:
        self.layers: list[Layer] = []

    def _put(
        self, out: Activations, weights: int = 0, work: int = 0, *,
        kept: int | None = None, float32: bool = False,
    ) -> Activations:  # fmt: skip
        """Enter a layer; `kept` numbers of it are needed by the backward pass, else all."""
        kept = out.numbers if kept is None else kept
        numbers = (0, kept) if float32 else (kept, 0)
        self.layers.append(Layer(out.layer, weights, *numbers, work))
        return out

    def convolution(
        self, x: Activations, filters: int, kernel: int, name: str, *, bias: bool = True
    ) -> Activations:
        """Count a convolution."""
        taps = kernel ** len(x.sides) * x.channels * filters
        out = Activations(name, x.sides, filters)
        return self._put(out, taps + filters * bias, math.prod(x.sides) * taps)

    def transposed(self, x: Activations, filters: int, name: str) -> Activations:
        """Count kernels of 2 at strides of 2: one tap reaches each pixel that comes out."""
        taps = x.channels * filters
        out = Activations(name, x.doubled(), filters)
        weights = 2 ** len(x.sides) * taps + filters
        return self._put(out, weights, math.prod(out.sides) * taps)

    def normalise(self, x: Activations, kind: Normalisation, name: str) -> Activations:
        """Count factors, offsets and averages."""
        if kind == "none":
            return x
        weights = _NORMALISATION[kind] * x.channels
        return self._put(replace(x, layer=name), weights, float32=kind in _IN_FLOAT32)

    def relu(self, x: Activations, name: str) -> Activations:
        """Count the output."""
        return self._put(replace(x, layer=name))

    def dropout(
        self, x: Activations, rate: float, name: str, *, float32: bool = False
    ) -> Activations:
        """Count the output and the mask of kept values."""
        return self._put(replace(x, layer=name), kept=2 * x.numbers, float32=float32)

    def pool(self, x: Activations, name: str) -> Activations:
        """Count the output."""
        return self._put(Activations(name, x.halved(), x.channels))

    def resize(self, x: Activations, name: str) -> Activations:
        """Count the output."""
        return self._put(Activations(name, x.doubled(), x.channels))

    def join(self, parts: Sequence[Activations], name: str) -> Activations:
        """Count the copy."""
        channels = sum(part.channels for part in parts)
        return self._put(Activations(name, parts[0].sides, channels))

    def head(self, x: Activations, maps: int, name: str) -> Activations:
        """Count a convolution with kernels of side 1 in float32."""
        work = x.numbers * maps
        out = Activations(name, x.sides, maps)
        return self._put(out, x.channels * maps + maps, work, float32=True)

    def mean(self, x: Activations, name: str) -> Activations:
        """Count the output."""
        return self._put(Activations(name, (), x.channels), float32=True)

    def dense(self, x: Activations, classes: int, name: str) -> Activations:
        """Count a matrix."""
        return self.head(x, classes, name)

    def backbone(
        self, image: Activations, recipe: Backbone, *, skips: bool
    ) -> Features[Activations]:
        """Count a backbone as one layer; its table counts by pixel of the image.

        Images of neither one nor three channels pass through a convolution of 1 x 1 before it.
        """
        counts, pixels = counts_of(recipe.name), math.prod(image.sides)
        adapter = 0 if image.channels in (1, COLOURS) else image.channels * COLOURS
        deepest = Activations(BACKBONE, image.halved(LEVELS), counts.channels)
        self._put(
            deepest, counts.weights + adapter, int(counts.multiply_adds_per_pixel * pixels),
            kept=int(counts.elements_per_pixel * pixels),
        )  # fmt: skip
        joined = counts.skips if skips else {}
        return Features(
            {
                level: Activations(BACKBONE, image.halved(level), channels)
                for level, channels in joined.items()
            },
            deepest,
        )
