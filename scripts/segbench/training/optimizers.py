"""The optimizers of a recipe."""

from __future__ import annotations

from typing import Any

import keras

from segbench.config.model import Optimizer

_CLASSES = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "adadelta": keras.optimizers.Adadelta,
}


def make_optimizer(recipe: Optimizer, policy: str) -> keras.optimizers.Optimizer:
    """Make the optimizer of a recipe.

    Parameters
    ----------
    recipe : Optimizer
        Its name and numbers. `weight_decay` is decoupled from the gradient in all of
        them (Loshchilov, Hutter 2019, arXiv:1711.05101); `clip_norm` bounds the norm of
        all gradients together.
    policy : str
        With ``mixed_float16`` the loss is scaled, so that small gradients survive.

    Returns
    -------
    keras.optimizers.Optimizer
    """
    options: dict[str, Any] = {"learning_rate": recipe.learning_rate, "name": recipe.name}
    if recipe.weight_decay or recipe.name == "adamw":
        options["weight_decay"] = recipe.weight_decay
    if recipe.clip_norm is not None:
        options["global_clipnorm"] = recipe.clip_norm
    if recipe.name == "sgd":
        options["momentum"] = recipe.momentum
    optimizer = _CLASSES[recipe.name](**options)
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, name="loss_scale")
    return optimizer
