"""The network's shape, names, parameters and number formats."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.models.networks.unet import UNet

keras = pytest.importorskip("keras")

from segbench.models.keras_network import build_network  # noqa: E402 - needs Keras

TINY = {"depth": 2, "width": 4}


@pytest.mark.parametrize("normalisation", ["none", "batch", "group", "instance"])
@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_any_size_in_the_same_size_out(normalisation, upsampling):
    network = UNet(**TINY, normalisation=normalisation, upsampling=upsampling, dropout=0.1)
    model = build_network(network, channels=3, maps=2)
    for height, width in ((8, 8), (12, 20)):
        assert model(np.zeros((1, height, width, 3), np.float32)).shape == (1, height, width, 2)


def test_ronneberger_has_31_million_weights():
    """Figure 1 of the paper, added up: depth 4, 64 filters, no normalisation, 2 classes."""

    def conv(side, before, after):
        return side * side * before * after + after

    widths = [64, 128, 256, 512, 1024]
    expected = sum(
        conv(3, before, after) + conv(3, after, after)
        for before, after in zip([1, *widths[:-1]], widths, strict=True)
    )
    expected += sum(
        conv(2, 2 * width, width) + conv(3, 2 * width, width) + conv(3, width, width)
        for width in widths[:-1]
    )
    expected += conv(1, 64, 2)
    model = build_network(UNet(depth=4, width=64, normalisation="none"), channels=1, maps=2)
    assert model.count_params() == expected == 31_030_658


def test_weights_by_hand():
    # depth 1, width 2, kernel 3, grey, one map, no normalisation
    expected = (
        (9 * 1 * 2 + 2)
        + (9 * 2 * 2 + 2)  # encoder0
        + (9 * 2 * 4 + 4)
        + (9 * 4 * 4 + 4)  # bottom
        + (4 * 4 * 2 + 2)  # decoder0_up
        + (9 * 4 * 2 + 2)
        + (9 * 2 * 2 + 2)  # decoder0
        + (2 + 1)  # head
    )
    model = build_network(UNet(depth=1, width=2, normalisation="none"), 1, 1)
    assert model.count_params() == expected


@pytest.mark.parametrize("normalisation", ["none", "batch", "group", "instance"])
@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_volumes_of_any_size_in_the_same_size_out(normalisation, upsampling):
    network = UNet(depth=1, width=2, normalisation=normalisation, upsampling=upsampling)
    model = build_network(network, channels=4, maps=3, dimensions=3)
    assert model(np.zeros((1, 2, 4, 6, 4), np.float32)).shape == (1, 2, 4, 6, 3)


def test_weights_of_a_network_for_volumes_by_hand():
    # depth 1, width 2, kernel 3, 4 modalities, 3 maps, no normalisation
    expected = (
        (27 * 4 * 2 + 2)
        + (27 * 2 * 2 + 2)  # encoder0
        + (27 * 2 * 4 + 4)
        + (27 * 4 * 4 + 4)  # bottom
        + (8 * 4 * 2 + 2)  # decoder0_up
        + (27 * 4 * 2 + 2)
        + (27 * 2 * 2 + 2)  # decoder0
        + (2 * 3 + 3)  # head
    )
    model = build_network(UNet(depth=1, width=2, normalisation="none"), 4, 3, dimensions=3)
    assert model.count_params() == expected


def test_deep_supervision_of_volumes():
    network = UNet(depth=2, width=2, deep_supervision=True)
    supervised = build_network(network, 1, 1, dimensions=3, supervised=True)
    shapes = [tuple(o.shape) for o in supervised(np.zeros((1, 8, 4, 4, 1), np.float32))]
    assert shapes == [(1, 8, 4, 4, 1), (1, 4, 2, 2, 1)]


def test_constant_width():
    network = UNet(depth=3, width=6, width_growth="constant")
    model = build_network(network, 1, 1)
    filters = {layer.filters for layer in model.layers if hasattr(layer, "filters")}
    assert filters == {6, 1}


def test_deep_supervision_adds_heads_in_training_only():
    network = UNet(depth=3, width=2, deep_supervision=True)
    supervised = build_network(network, 1, 1, supervised=True)
    shapes = [tuple(o.shape) for o in supervised(np.zeros((1, 16, 16, 1), np.float32))]
    assert shapes == [(1, 16, 16, 1), (1, 8, 8, 1), (1, 4, 4, 1)]
    plain = build_network(network, 1, 1)
    assert [layer.name for layer in plain.layers if "head" in layer.name] == ["head"]
    assert plain.count_params() == build_network(UNet(depth=3, width=2), 1, 1).count_params()
