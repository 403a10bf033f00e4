"""The registry of optimizers. No Keras before use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from segbench.strict import Below1, Strict

if TYPE_CHECKING:
    import keras

#: Apart from the registry, which stages that only read recipes do not use.
OptimizerName = Literal["adam", "adamw", "sgd", "adadelta"]


class Optimizer(Strict):
    """Optimizer and its numbers."""

    name: OptimizerName = Field("adam", description="The update rule.")
    learning_rate: float = Field(1e-3, gt=0, description="At full height of the schedule.")
    weight_decay: float = Field(
        0.0, ge=0, description="Decoupled from the gradient, for any of them."
    )
    momentum: Below1 = Field(0.9, description="sgd only.")
    clip_norm: float | None = Field(
        None,
        gt=0,
        description="Largest norm of the gradient of all weights together; null: no limit.",
    )


@dataclass(frozen=True)
class OptimizerKind:
    """An optimizer of Keras.

    Attributes
    ----------
    keras_name : str
        Its class in `keras.optimizers`.
    slots : int
        Numbers that it keeps for each weight.
    parameters : tuple of str
        Parameters of the recipe that it always takes.
    """

    keras_name: str
    slots: int
    parameters: tuple[str, ...] = ()


#: The registry: the names are those of `OptimizerName`.
OPTIMIZERS: dict[OptimizerName, OptimizerKind] = {
    "adam": OptimizerKind("Adam", 2),
    "adamw": OptimizerKind("AdamW", 2, ("weight_decay",)),
    "sgd": OptimizerKind("SGD", 1, ("momentum",)),
    "adadelta": OptimizerKind("Adadelta", 2),
}


def make_optimizer(recipe: Optimizer, policy: str) -> keras.optimizers.Optimizer:
    """Make the optimizer of a recipe.

    Its `weight_decay` is decoupled from the gradient in all of them (Loshchilov, Hutter 2019,
    arXiv:1711.05101); `clip_norm` bounds the norm of all gradients together. With ``mixed_float16``
    the loss is scaled, so that small gradients survive.
    """
    import keras

    kind = OPTIMIZERS[recipe.name]
    options: dict[str, Any] = {"learning_rate": recipe.learning_rate, "name": recipe.name}
    options |= {name: getattr(recipe, name) for name in kind.parameters}
    if recipe.weight_decay:
        options["weight_decay"] = recipe.weight_decay
    if recipe.clip_norm is not None:
        options["global_clipnorm"] = recipe.clip_norm
    optimizer = getattr(keras.optimizers, kind.keras_name)(**options)
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, name="loss_scale")
    return optimizer
