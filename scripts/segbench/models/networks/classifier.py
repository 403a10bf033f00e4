"""One class per image: a network of keras.applications, pooled, and logits. No Keras here."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from segbench.models.backbones import LEVELS, Backbone
from segbench.models.layers import HEAD, Layers, Network, T
from segbench.strict import Below1


class Classifier(Network):
    """A network of keras.applications whose pooled activations decide on one class per image."""

    tasks: ClassVar[tuple[str, ...]] = ("classification",)

    kind: Literal["classifier"] = Field(description="One class per image.")
    backbone: Backbone = Field(description="What computes the activations.")
    dropout: Below1 = Field(0.0, description="Of the pooled activations.")

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Backbones work on images only."""
        return (2,)

    @property
    def unit(self) -> int:
        """Sides that the backbone can halve."""
        return int(2**LEVELS)

    @property
    def encoder(self) -> Backbone | None:
        """The backbone."""
        return self.backbone


NETWORK = Classifier


def build(recipe: Classifier, make: Layers[T], image: T, classes: int) -> list[T]:
    """Build the classifier: logits (batch, `classes`), the only item.

    Parameters
    ----------
    recipe : Classifier
        The backbone, and the share that is dropped before the last layer.
    make : Layers
        Makes the layers.
    image : T
        (batch, y, x, channel), in 0...1.
    classes : int
        Classes to tell apart.
    """
    x = make.mean(make.backbone(image, recipe.backbone, skips=False).deepest, "pool")
    if recipe.dropout:
        x = make.dropout(x, recipe.dropout, "dropout", float32=True)
    return [make.dense(x, classes, HEAD)]
