"""Encoders of keras.applications: cuts, input, weights from files, names, files."""

from __future__ import annotations

import pytest

from segbench.errors import SegbenchError
from segbench.models.backbones import Backbone
from segbench.models.networks.unet import UNet

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own, by the thousand

from segbench.models import applications  # noqa: E402
from segbench.models.keras_network import KerasLayers, build_network  # noqa: E402
from segbench.models.layers import Features  # noqa: E402
from segbench.models.networks import outputs_of  # noqa: E402
from unit.models import tiny  # noqa: E402
from unit.models.tiny import SMALL, notop, pixels, unet  # noqa: E402


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setattr(keras.applications, SMALL, tiny.Tiny, raising=False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # the layer before each halving, by the published architectures
        ("ResNet50", {2: "conv1_relu", 4: "conv2_block3_out", 8: "conv3_block4_out",
                      16: "conv4_block6_out", 32: "conv5_block3_out"}),
        ("MobileNetV2", {2: "block_1_expand_relu", 4: "block_3_expand_relu",
                         8: "block_6_expand_relu", 16: "block_13_expand_relu", 32: "out_relu"}),
        ("VGG16", {1: "block1_conv2", 2: "block2_conv2", 4: "block3_conv3", 8: "block4_conv3",
                   16: "block5_conv3", 32: "block5_pool"}),
        ("EfficientNetB0", {2: "block2a_expand_activation", 4: "block3a_expand_activation",
                            8: "block4a_expand_activation", 16: "block6a_expand_activation",
                            32: "top_activation"}),
    ],
)  # fmt: skip
def test_skips_are_the_last_before_each_halving(name, expected):
    found = applications._strides(notop(name), name)
    assert {stride: layer.name for stride, layer in found.items()} == expected


def test_any_multiple_of_32_in_the_same_size_out():
    for channels in (1, 5):
        model = unet(channels=channels)
        for sides in ((32, 32), (64, 96)):
            assert model(pixels(1, *sides, channels)).shape == (1, *sides, 2)


def test_levels_without_a_skip_are_only_enlarged():
    deepest, skip = keras.Input((None, None, 6)), keras.Input((None, None, 3))

    class Few(KerasLayers):
        def backbone(self, image, recipe, *, skips):
            return Features({0: image, 2: skip}, deepest)

    image = keras.Input((None, None, 1))
    recipe = UNet(width=2, backbone=Backbone(name=SMALL))
    (logits,) = outputs_of(recipe, Few("float32", 2), image, 1)
    model = keras.Model([image, deepest, skip], logits)
    joined = [layer.name for layer in model.layers if "join" in layer.name]
    assert joined == ["decoder2_join", "decoder0_join"]
    sides = {1: 64, 3: 16, 6: 2}
    arrays = [pixels(1, sides[c], sides[c], c) for c in (1, 6, 3)]
    assert model(arrays).shape == (1, 64, 64, 1)


def test_what_computes_at_full_size_needs_no_convolutions_beside_it():
    assert "encoder0_conv0" not in {layer.name for layer in unet("VGG16").layers}
    assert "encoder0_conv0" in {layer.name for layer in unet().layers}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ResNet", "nearest is ResNet"),
        ("resnet50", "nearest is ResNet50"),
        ("keras", "not a network of keras.applications"),
        ("InceptionV3", "exact halves"),
    ],
)
def test_networks_that_cannot_be_encoders(name, message):
    with pytest.raises(SegbenchError, match=message):
        unet(name)


def test_volumes_have_no_backbones():
    with pytest.raises(SegbenchError, match="unet on 3-D samples with backbone Tiny"):
        build_network(UNet(backbone=Backbone(name=SMALL)), 1, 1, dimensions=3)


def test_moving_averages_of_backbones_do_not_lag():
    averaged = [
        layer
        for layer in unet().get_layer("backbone").layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert {layer.momentum for layer in averaged} == {0.9}
    assert len(averaged) == 5
