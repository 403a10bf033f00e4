"""Optimizers do what the recipe says."""

from __future__ import annotations

import pytest

from segbench.config.model import Optimizer

keras = pytest.importorskip("keras")

from segbench.training.optimizers import make_optimizer  # noqa: E402

# Keras's own conversion of tensors to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_weight_decay_and_clipping_reach_the_optimizer():
    made = make_optimizer(
        Optimizer(name="sgd", momentum=0.5, weight_decay=0.01, clip_norm=2.0), "float32"
    )
    assert (made.momentum, made.weight_decay, made.global_clipnorm) == (0.5, 0.01, 2.0)
    scaled = make_optimizer(Optimizer(name="adam"), "mixed_float16")
    assert isinstance(scaled, keras.optimizers.LossScaleOptimizer)
