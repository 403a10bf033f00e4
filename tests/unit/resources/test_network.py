"""A tiny network counted by hand, and what must hold for all of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.models.backbones import Backbone
from segbench.models.networks.unet import UNet
from segbench.resources.network import BACKBONE, count

TINY = UNet(depth=1, width=2, normalisation="group")


def by_name(network):
    return {layer.name: layer for layer in network.layers}


def test_weights_of_a_tiny_unet_counted_by_hand():
    layers = by_name(count(TINY, 1, 1, (4, 4)))
    weights = {name: layer.weights for name, layer in layers.items() if layer.weights}
    assert weights == {
        "encoder0_conv0": 3 * 3 * 1 * 2,
        "encoder0_norm0": 2 * 2,
        "encoder0_conv1": 3 * 3 * 2 * 2,
        "encoder0_norm1": 2 * 2,
        "bottom_conv0": 3 * 3 * 2 * 4,
        "bottom_norm0": 2 * 4,
        "bottom_conv1": 3 * 3 * 4 * 4,
        "bottom_norm1": 2 * 4,
        "decoder0_up": 2 * 2 * 4 * 2 + 2,
        "decoder0_conv0": 3 * 3 * 4 * 2,
        "decoder0_norm0": 2 * 2,
        "decoder0_conv1": 3 * 3 * 2 * 2,
        "decoder0_norm1": 2 * 2,
        "head": 2 * 1 + 1,
    }
    assert count(TINY, 1, 1, (4, 4)).weights == 447


def test_activations_of_a_tiny_unet_counted_by_hand():
    layers = by_name(count(TINY, 1, 1, (4, 4)))
    kept = {name: (layer.elements, layer.elements_float32) for name, layer in layers.items()}
    assert kept["encoder0_conv0"] == (16 * 2, 0)
    assert kept["encoder0_norm0"] == (0, 16 * 2), "GroupNorm computes in float32"
    assert kept["encoder0_relu0"] == (16 * 2, 0)
    assert kept["encoder0_pool"] == (4 * 2, 0)
    assert kept["bottom_conv0"] == (4 * 4, 0)
    assert kept["decoder0_up"] == (16 * 2, 0)
    assert kept["decoder0_join"] == (16 * 4, 0)
    assert kept["head"] == (0, 16)
    # Two levels of two convolutions at full size, one at a quarter: conv, relu; norm.
    elements = 4 * 2 * 32 + 2 * 2 * 16 + 8 + 32 + 64
    assert count(TINY, 1, 1, (4, 4)).activation_bytes(2) == 2 * elements + 4 * (6 * 32 + 16 - 32)


def test_multiply_adds_of_a_tiny_unet_counted_by_hand():
    layers = by_name(count(TINY, 1, 1, (4, 4)))
    work = {name: layer.multiply_adds for name, layer in layers.items() if layer.multiply_adds}
    assert work == {
        "encoder0_conv0": 16 * 18,
        "encoder0_conv1": 16 * 36,
        "bottom_conv0": 4 * 72,
        "bottom_conv1": 4 * 144,
        "decoder0_up": 16 * 4 * 2,  # of four taps one reaches a pixel
        "decoder0_conv0": 16 * 72,
        "decoder0_conv1": 16 * 36,
        "head": 16 * 2,
    }


def test_a_third_axis_cubes_the_kernels():
    layers = by_name(count(TINY, 1, 1, (4, 4, 4)))
    assert layers["encoder0_conv0"].weights == 27 * 2
    assert layers["encoder0_conv0"].multiply_adds == 64 * 27 * 2
    assert layers["decoder0_up"].weights == 8 * 4 * 2 + 2
    assert layers["bottom_relu0"].elements == 8 * 4


@pytest.mark.parametrize(
    ("change", "weights"),
    [
        ({"normalisation": "none"}, 447 - 2 * 4 - 2 * 8 - 2 * 4 + 2 + 2 + 4 + 4 + 2 + 2),
        ({"normalisation": "instance"}, 447),
        ({"normalisation": "batch"}, 447 + 2 * 4 + 2 * 8 + 2 * 4),
        ({"dropout": 0.5}, 447),
        ({"upsampling": "resize"}, 447),
        ({"kernel": 1}, 447 - 8 * (2 + 4 + 8 + 16 + 8 + 4)),
        ({"width_growth": "constant"}, 447 - 9 * (4 + 12 + 0) - 8 - 16),
    ],
)
def test_what_a_knob_changes(change, weights):
    changed = TINY.model_copy(update=change)
    assert count(changed, 1, 1, (4, 4)).weights == weights


def test_auxiliary_heads_are_counted_in_training_only():
    deep = UNet(depth=3, width=2, deep_supervision=True)
    heads = {n.name for n in count(deep, 1, 1, (8, 8)).layers if n.name.startswith("head")}
    assert heads == {"head", "head1", "head2"}
    alone = count(deep, 1, 1, (8, 8), supervised=False)
    assert {n.name for n in alone.layers if n.name.startswith("head")} == {"head"}


def test_prediction_does_not_hold_all_of_a_backbone():
    network = count(UNet(backbone=Backbone(name="ResNet50")), 3, 1, (256, 256))
    whole = by_name(network)[BACKBONE].elements * 4
    assert network.largest_bytes(4) < whole


RECIPES = st.builds(
    UNet,
    depth=st.integers(1, 4),
    width=st.integers(1, 12),
    kernel=st.sampled_from([1, 3, 5]),
    normalisation=st.sampled_from(["none", "batch", "group", "instance"]),
    dropout=st.sampled_from([0.0, 0.3]),
    upsampling=st.sampled_from(["transposed", "resize"]),
    deep_supervision=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(RECIPES, st.integers(1, 4), st.integers(1, 5), st.integers(1, 3))
def test_more_of_anything_is_never_less(recipe, channels, maps, multiple):
    side = recipe.unit * multiple
    base = count(recipe, channels, maps, (side, side))
    larger = [
        count(recipe, channels + 1, maps, (side, side)),
        count(recipe, channels, maps + 1, (side, side)),
        count(recipe, channels, maps, (side, side + recipe.unit)),
        count(recipe, channels, maps, (side, side, side)),
        count(recipe.model_copy(update={"width": recipe.width + 1}), channels, maps, (side, side)),
    ]
    for network in larger:
        assert network.weights >= base.weights
        assert network.multiply_adds >= base.multiply_adds
        for itemsize in (2, 4):
            assert network.activation_bytes(itemsize) >= base.activation_bytes(itemsize)
    assert base.activation_bytes(4) >= base.activation_bytes(2)
    assert math.isclose(base.largest_bytes(4), max(
        4 * (n.elements + n.elements_float32) for n in base.layers
    ))  # fmt: skip
