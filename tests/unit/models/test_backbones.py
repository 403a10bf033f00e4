"""What is known of the networks of keras.applications without building them."""

from __future__ import annotations

import pytest

from segbench.models.backbones import BACKBONES, COLOURS, LEVELS, Backbone, counts_of


def test_a_backbone_that_is_not_in_the_table_counts_as_the_largest():
    assert counts_of("NoSuchNet") is max(
        BACKBONES.values(), key=lambda counts: counts.multiply_adds_per_pixel
    )


def test_what_encoders_of_the_table_are_joined_at():
    for name, counts in BACKBONES.items():
        assert counts.weights > 100_000, name
        assert set(counts.skips) <= set(range(5)), name
    assert counts_of("ResNet50").skips == {1: 64, 2: 256, 3: 512, 4: 1024}


@pytest.mark.parametrize(
    ("weights", "local"), [(None, None), ("imagenet", None), ("w/a.h5", "w/a.h5")]
)
def test_weights_that_lie_in_a_file(weights, local):
    assert Backbone(name="ResNet50", weights=weights).local_weights == local


@pytest.mark.parametrize("name", ["MobileNetV3Small", "EfficientNetB0", "VGG16"])
def test_the_table_is_what_keras_builds(name):
    keras = pytest.importorskip("keras")
    from segbench.models.applications import _strides

    make = getattr(keras.applications, name)
    network = make(include_top=False, weights=None, input_shape=(None, None, COLOURS))
    constants = sum(
        layer.count_params()
        for layer in network.layers
        if isinstance(layer, keras.layers.Normalization)
    )
    counts = counts_of(name)
    assert counts.weights == network.count_params() - constants
    found = {
        stride.bit_length() - 1: operation.output.shape[-1]
        for stride, operation in _strides(network, name).items()
    }
    assert found.pop(LEVELS) == counts.channels == network.output_shape[-1]
    assert found == counts.skips
