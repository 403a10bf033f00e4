"""What all Keras networks have in common: names, number formats, averages."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.models.networks.unet import UNet

keras = pytest.importorskip("keras")

from segbench.models.keras_network import build_network  # noqa: E402 - needs Keras

TINY = {"depth": 2, "width": 4}


def test_every_layer_has_a_name_of_its_own_choice():
    """Names that Keras counts up would make equal networks unequal files."""
    first = [layer.name for layer in build_network(UNet(**TINY, dropout=0.1), 1, 1).layers]
    again = [layer.name for layer in build_network(UNet(**TINY, dropout=0.1), 1, 1).layers]
    assert first == again
    assert first[0] == "image"
    assert first[-1] == "head"


def test_the_head_stays_float32():
    model = build_network(UNet(**TINY), 1, 1, "mixed_bfloat16")
    assert model.get_layer("encoder0_conv0").compute_dtype == "bfloat16"
    assert model.get_layer("encoder0_conv0").variable_dtype == "float32"
    result = model(np.zeros((1, 8, 8, 1), np.float32))
    assert keras.backend.standardize_dtype(result.dtype) == "float32"


def test_moving_averages_do_not_lag():
    """After 20 steps a constant statistic is known to within an eighth."""
    model = build_network(UNet(**TINY, normalisation="batch"), 1, 1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            assert layer.momentum**20 < 0.125
