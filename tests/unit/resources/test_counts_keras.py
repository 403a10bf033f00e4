"""The counts without Keras are those that Keras gives for the networks it builds."""

from __future__ import annotations

import pytest

from segbench.models.backbones import Backbone
from segbench.models.keras_network import build_network
from segbench.models.networks.classifier import Classifier
from segbench.models.networks.unet import UNet
from segbench.resources.network import count

NETWORKS = [
    (UNet(depth=2, width=4), 1, 1, 2),
    (UNet(depth=3, width=6, normalisation="none", kernel=5), 3, 4, 2),
    (UNet(depth=2, width=4, normalisation="batch", dropout=0.2), 2, 2, 2),
    (UNet(depth=2, width=5, upsampling="resize", width_growth="constant"), 1, 1, 2),
    (UNet(depth=3, width=4, deep_supervision=True), 1, 2, 2),
    (UNet(depth=2, width=4, normalisation="instance"), 4, 3, 3),
    (UNet(depth=3, width=2, deep_supervision=True, upsampling="resize"), 1, 1, 3),
    (UNet(width=4, backbone=Backbone(name="MobileNetV3Small")), 3, 1, 2),
    (UNet(width=4, backbone=Backbone(name="MobileNetV2")), 5, 2, 2),
    (Classifier(kind="classifier", backbone=Backbone(name="MobileNetV3Small")), 1, 7, 2),
]


@pytest.mark.parametrize("case", NETWORKS, ids=lambda case: "-".join(map(str, case[1:])))
def test_weights_are_those_that_keras_counts(case):
    recipe, channels, maps, dimensions = case
    network = build_network(recipe, channels, maps, dimensions=dimensions, supervised=True)
    side = recipe.unit * 2
    found = count(recipe, channels, maps, (side,) * dimensions)
    assert found.weights == network.count_params()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_activations_are_of_the_shapes_that_keras_gives(dimensions):
    recipe = UNet(depth=2, width=4, deep_supervision=True)
    network = build_network(recipe, 2, 3, dimensions=dimensions, supervised=True)
    sides = (8, 16, 8)[-dimensions:]
    import keras

    every = keras.Model(network.input, [layer.output for layer in network.layers[1:]])
    shapes = every.compute_output_shape((1, *sides, 2))
    made = {layer.name: shape for layer, shape in zip(network.layers[1:], shapes, strict=True)}
    found = count(recipe, 2, 3, sides).layers
    assert {layer.name for layer in found} == set(made)
    for layer in found:
        numbers = 1
        for side in made[layer.name][1:]:
            numbers *= side
        assert layer.elements + layer.elements_float32 == numbers, layer.name
