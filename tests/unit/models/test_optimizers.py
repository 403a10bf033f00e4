"""Optimizers do what the recipe says."""

from __future__ import annotations

from typing import get_args

import pytest

from segbench.models.optimizers import OPTIMIZERS, Optimizer, OptimizerName, make_optimizer

keras = pytest.importorskip("keras")


# Keras's own conversion of tensors to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_weight_decay_and_clipping_reach_the_optimizer():
    made = make_optimizer(
        Optimizer(name="sgd", momentum=0.5, weight_decay=0.01, clip_norm=2.0), "float32"
    )
    assert (made.momentum, made.weight_decay, made.global_clipnorm) == (0.5, 0.01, 2.0)
    scaled = make_optimizer(Optimizer(name="adam"), "mixed_float16")
    assert isinstance(scaled, keras.optimizers.LossScaleOptimizer)


def test_the_registry_has_every_name_that_recipes_may_say():
    assert set(OPTIMIZERS) == set(get_args(OptimizerName))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_slots_are_the_numbers_that_keras_keeps_for_each_weight(name):
    kind = OPTIMIZERS[name]
    made = make_optimizer(Optimizer(name=name, learning_rate=0.25), "float32")
    assert type(made) is getattr(keras.optimizers, kind.keras_name)
    weight = keras.Variable(keras.ops.zeros((7, 11)))
    made.build([weight])
    kept = sum(keras.ops.size(v) for v in made.variables if len(v.shape) == 2)
    assert kept == kind.slots * 77
    assert float(made.learning_rate) == 0.25


@pytest.mark.parametrize(
    ("name", "decay", "expected"),
    [("adam", 0.0, None), ("sgd", 0.0, None), ("adamw", 0.0, 0.0), ("adadelta", 0.1, 0.1)],
)
def test_weights_decay_only_as_the_recipe_says(name, decay, expected):
    made = make_optimizer(Optimizer(name=name, weight_decay=decay), "float32")
    assert made.weight_decay == expected
