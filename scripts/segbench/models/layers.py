"""The abstract layers that networks are written in, and the base of their parameters.

A network is a function from its parameters and an image to logits, in terms of `Layers`.
`segbench.models.keras_network` makes Keras layers of it, `segbench.resources.network` counts
weights, activations and multiply-adds. No Keras here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

from segbench.models.backbones import Backbone
from segbench.strict import Strict

T = TypeVar("T")

#: Names of the layers that make logits start like this; they always compute in float32.
HEAD = "head"

Normalisation = Literal["none", "batch", "group", "instance"]


class Network(Strict):
    """Parameters of a network; each kind is a subclass, listed in `segbench.models.kinds`."""

    #: Tasks of the labels that the network can learn.
    tasks: ClassVar[tuple[str, ...]]

    #: Its name in recipes; subclasses narrow it to a `Literal`.
    kind: str

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Numbers of spatial axes that the network works on."""
        return 2, 3

    @property
    def unit(self) -> int:
        """Sides of what enters the network are multiples of this many pixels."""
        return 1

    @property
    def encoder(self) -> Backbone | None:
        """The network of keras.applications inside, if there is one."""
        return None

    @property
    def whole(self) -> bool:
        """Whether there is one answer for a whole image, instead of maps."""
        return "classification" in self.tasks


@dataclass(frozen=True)
class Features(Generic[T]):
    """What a backbone computes from an image.

    Attributes
    ----------
    skips : dict of int to T
        Activations by level, i.e. at 1 / 2**level of the image's sides, the deepest excluded.
    deepest : T
        The last activations.
    """

    skips: dict[int, T]
    deepest: T


class Layers(Protocol[T]):
    """Makes named layers; `T` stands for activations (batch, ..., channel).

    Every layer has a name of its own in its network. Layers compute in the network's number
    format; `head`, `mean`, `dense` and what says so in float32.
    """

    @abstractmethod
    def convolution(self, x: T, filters: int, kernel: int, name: str, *, bias: bool = True) -> T:
        """Convolve with kernels of side `kernel`, padded; initial weights after He."""

    @abstractmethod
    def transposed(self, x: T, filters: int, name: str) -> T:
        """Double the sides by a transposed convolution with kernels of side 2."""

    @abstractmethod
    def normalise(self, x: T, kind: Normalisation, name: str) -> T:
        """Normalise; ``none`` changes nothing."""

    @abstractmethod
    def relu(self, x: T, name: str) -> T:
        """Set negative values to 0."""

    @abstractmethod
    def dropout(self, x: T, rate: float, name: str, *, float32: bool = False) -> T:
        """Drop a share of the values when training."""

    @abstractmethod
    def pool(self, x: T, name: str) -> T:
        """Halve the sides, keeping the largest values."""

    @abstractmethod
    def resize(self, x: T, name: str) -> T:
        """Double the sides by repeating pixels."""

    @abstractmethod
    def join(self, parts: Sequence[T], name: str) -> T:
        """Concatenate the channels."""

    @abstractmethod
    def head(self, x: T, maps: int, name: str) -> T:
        """Make the logits of maps by a convolution with kernels of side 1."""

    @abstractmethod
    def mean(self, x: T, name: str) -> T:
        """Mean over all pixels: (batch, channel)."""

    @abstractmethod
    def dense(self, x: T, classes: int, name: str) -> T:
        """Make the logits of the classes of whole images."""

    @abstractmethod
    def backbone(self, image: T, recipe: Backbone, *, skips: bool) -> Features[T]:
        """Apply a network of keras.applications, its preprocessing included."""
