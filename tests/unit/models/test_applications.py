"""Encoders of keras.applications: cuts, input, weights from files, names, files."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.files import sha256_of_file
from segbench.models.backbones import Backbone
from segbench.models.unet import UNet

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own, by the thousand

from segbench.models import applications, colours, pretrained  # noqa: E402
from segbench.models.classifier import Classifier  # noqa: E402
from segbench.models.keras_network import KerasLayers, build_network  # noqa: E402
from segbench.models.layers import Features  # noqa: E402
from segbench.models.model_file import read_model, write_model  # noqa: E402
from segbench.models.unet import build_unet  # noqa: E402
from unit.models import tiny  # noqa: E402

SMALL = "Tiny"


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setattr(keras.applications, SMALL, tiny.Tiny, raising=False)


def unet(name=SMALL, channels=3, maps=2, policy="float32", pretrained=False, **options):
    network = UNet(backbone=Backbone(name=name, **options), width=2)
    return build_network(network, channels, maps, policy, pretrained=pretrained)


def notop(name=SMALL):
    make = tiny.Tiny if name == SMALL else getattr(keras.applications, name)
    return make(include_top=False, weights=None, input_shape=(None, None, 3))


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


@pytest.fixture(scope="module")
def original():
    """A network of Keras's own with weights that are not the initial ones."""
    keras.utils.set_random_seed(3)
    network = notop()
    rng = np.random.default_rng(0)
    network.set_weights([w + 0.05 * rng.random(w.shape, np.float32) for w in network.get_weights()])
    return network


# --- where it is cut


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
    (logits,) = build_unet(recipe, Few("float32", 2), image, 1)
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


# --- what it reads


@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2", "DenseNet121", "EfficientNetB0"])
def test_preprocessing_is_keras_own(name):
    module = importlib.import_module(getattr(keras.applications, name).__module__)
    layer = colours.ColourTransform(*map(np.ndarray.tolist, colours.preprocessing(
        module.preprocess_input)))  # fmt: skip
    image = pixels(1, 4, 5, 3)
    expected = module.preprocess_input(255 * image.copy())
    np.testing.assert_allclose(layer(image), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (1, [[1, 1, 1]]),
        (2, [[1, 0.5, 0], [0, 0.5, 1]]),
        (3, np.eye(3)),
        (4, [[0.75, 0, 0], [0.25, 0.5, 0], [0, 0.5, 0.25], [0, 0, 0.75]]),
        (6, np.repeat(np.eye(3), 2, axis=0) / 2),
    ],
)
def test_channels_become_colours(channels, expected):
    shares = colours.channel_shares(channels)
    np.testing.assert_allclose(shares, expected, atol=1e-6)
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-6)


def test_features_are_those_of_keras_own_network(tmp_path, original):
    """From an image in 0...1 to what the original makes of the preprocessed one in 0...255."""
    path = tmp_path / "small.weights.h5"
    original.save_weights(path)
    network = Classifier(kind="classifier", backbone=Backbone(
        name=SMALL, weights=str(path), sha256=sha256_of_file(path)))  # fmt: skip
    model = build_network(network, 1, 4, pretrained=True)
    grey = pixels(1, 64, 64, 1)
    deepest = model.get_layer("pool").input
    found = keras.Model(model.input, deepest)(grey)
    expected = original(tiny.preprocess_input(255 * np.repeat(grey, 3, axis=-1)))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert build_network(network, 1, 4).count_params() == model.count_params()


def test_an_adapter_begins_as_shares_of_the_channels():
    model = unet(channels=2)
    (weights,) = model.get_layer("adapter").get_weights()
    assert weights[0, 0].tolist() == [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]
    assert model.get_layer("adapter").trainable


# --- its weights


def flat(network):
    return [np.ravel(w) for w in network.get_layer("backbone").get_weights()]


@pytest.mark.parametrize("suffix", ["small.weights.h5", "small.h5", "small.keras"])
def test_weights_of_any_kind_of_file(tmp_path, original, suffix):
    path = tmp_path / suffix
    (original.save_weights if "weights" in suffix else original.save)(path)
    model = unet(weights=str(path), sha256=sha256_of_file(path), pretrained=True)
    assert all(
        np.array_equal(one, np.ravel(other))
        for one, other in zip(flat(model), original.get_weights(), strict=True)
    )
    random = unet(weights=str(path), sha256=sha256_of_file(path))
    assert not np.array_equal(flat(random)[0], flat(model)[0])


def test_the_backbone_of_another_training(tmp_path):
    """What a classifier has learnt, a U-Net can begin with."""
    network = Classifier(kind="classifier", backbone=Backbone(name=SMALL))
    classifier = build_network(network, 3, 5)
    path = tmp_path / "model.keras"
    write_model(classifier, path)
    model = unet(weights=str(path), sha256=sha256_of_file(path), pretrained=True)
    for one, other in zip(flat(model), flat(classifier), strict=True):
        assert np.array_equal(one, other)


def test_keras_files_of_efficientnet_hold_deviations_as_variances(tmp_path):
    """Keras's own download divides by their root twice: once in a layer of its own."""
    network = notop("EfficientNetB0")
    layer = next(x for x in network.layers if isinstance(x, keras.layers.Normalization))
    layer.set_weights([np.float32(applications.IMAGENET_MEAN),
                       np.float32(applications.IMAGENET_SD),
                       np.int64(0)])  # fmt: skip
    path = tmp_path / "b0.weights.h5"
    network.save_weights(path)
    recipe = Backbone(name="EfficientNetB0", weights=str(path), sha256=sha256_of_file(path))
    mean, variance = pretrained.load_weights(network, keras.applications.EfficientNetB0, recipe)
    assert mean == pytest.approx([0.485, 0.456, 0.406])
    assert variance == pytest.approx([0.229**2, 0.224**2, 0.225**2], rel=1e-5)
    # What they are without a file.
    model = unet("EfficientNetB0")
    config = model.get_layer("backbone").get_layer("auto_normalization_1").get_config()
    assert config["mean"] == pytest.approx(mean)
    assert config["variance"] == pytest.approx(variance)


@pytest.mark.parametrize(
    ("weights", "sha256", "message", "action"),
    [
        ("absent.weights.h5", "0" * 64, "absent.weights.h5 is not there", "weights: imagenet"),
        ("small.weights.h5", None, "sha256 is missing", "set `sha256: "),
        ("small.weights.h5", "0" * 64, "has the SHA-256 ", "correct"),
    ],
)
def test_files_that_are_not_what_is_meant(
    tmp_path, monkeypatch, original, weights, sha256, message, action
):
    monkeypatch.chdir(tmp_path)
    original.save_weights("small.weights.h5")
    with pytest.raises(SegbenchError, match=message) as caught:
        unet(weights=weights, sha256=sha256, pretrained=True)
    assert action in caught.value.action


@pytest.mark.parametrize("suffix", ["x.weights.h5", "x.h5", "x.keras"])
def test_weights_of_another_network(tmp_path, suffix):
    path = tmp_path / suffix
    image = keras.Input((None, None, 3))
    other = keras.Model(image, keras.layers.Conv2D(4, 1)(image))
    (other.save_weights if "weights" in suffix else other.save)(path)
    with pytest.raises(SegbenchError, match="does not fit Tiny"):
        unet(weights=str(path), sha256=sha256_of_file(path), pretrained=True)


@pytest.mark.parametrize("name", ["x.weights.h5", "x.h5", "x.keras"])
def test_damaged_files(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"not weights")
    with pytest.raises(SegbenchError, match=r"does not fit|not a readable network"):
        unet(weights=str(path), sha256=sha256_of_file(path), pretrained=True)


def test_no_download_says_what_to_do(monkeypatch):
    def offline(*_args, weights, **_options):
        raise Exception("URL fetch failure on https://host/file: None")

    with pytest.raises(SegbenchError, match=r"imagenet: ResNet50 .*URL fetch failure") as caught:
        pretrained.load_weights(None, offline, Backbone(name="ResNet50", weights="imagenet"))
    assert "sha256" in caught.value.action


def test_a_whole_network_with_its_top_gives_what_is_below(tmp_path):
    whole = tiny.Tiny(weights=None)
    path = tmp_path / "whole.keras"
    whole.save(path)
    model = unet(weights=str(path), sha256=sha256_of_file(path), pretrained=True)
    for one, other in zip(flat(model), whole.get_weights()[:-2], strict=True):
        assert np.array_equal(one, np.ravel(other))


def test_a_download_is_copied_layer_by_layer(original):
    taker = notop()
    recipe = Backbone(name=SMALL, weights="imagenet")
    assert pretrained.load_weights(taker, lambda **_: original, recipe) is None
    for one, other in zip(taker.get_weights(), original.get_weights(), strict=True):
        assert np.array_equal(one, other)


# --- files, precision, averages


def test_equal_networks_are_equal_files(tmp_path):
    """Keras counts unnamed layers over the life of the process; here names are settled."""
    digests = []
    for number in range(2):
        keras.utils.set_random_seed(1)
        path = tmp_path / f"{number}.keras"
        write_model(unet(channels=1), path)
        digests.append(sha256_of_file(path))
    assert digests[0] == digests[1]


def test_files_load_in_safe_mode_in_any_precision(tmp_path):
    model = unet(channels=5)
    write_model(model, tmp_path / "m.keras")
    exact = read_model(tmp_path / "m.keras")
    quick = read_model(tmp_path / "m.keras", "mixed_bfloat16")
    image = pixels(1, 32, 32, 5)
    assert np.array_equal(model(image), exact(image))
    np.testing.assert_allclose(model(image), quick(image), atol=0.2)
    inner = quick.get_layer("backbone").get_layer("stage0_conv")
    assert inner.compute_dtype == "bfloat16"
    assert quick.get_layer("head").compute_dtype == "float32"


def test_moving_averages_of_backbones_do_not_lag():
    averaged = [
        layer
        for layer in unet().get_layer("backbone").layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert {layer.momentum for layer in averaged} == {0.9}
    assert len(averaged) == 5


# --- classifiers


def test_a_classifier():
    network = Classifier(kind="classifier", backbone=Backbone(name=SMALL), dropout=0.3)
    model = build_network(network, 1, 7)
    assert model(pixels(2, 70, 45, 1)).shape == (2, 7)
    assert model.get_layer("head").compute_dtype == "float32"


def test_classifiers_of_volumes():
    network = Classifier(kind="classifier", backbone=Backbone(name=SMALL))
    with pytest.raises(SegbenchError, match="classifier on 3-D samples"):
        build_network(network, 1, 2, dimensions=3)
