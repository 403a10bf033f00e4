"""Weights of backbones: from files of any kind, from a download, and what cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.files import sha256_of_file
from segbench.models.backbones import Backbone

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own, by the thousand

from segbench.models import applications, pretrained  # noqa: E402
from segbench.models.keras_network import build_network  # noqa: E402
from segbench.models.model_file import write_model  # noqa: E402
from segbench.models.networks.classifier import Classifier  # noqa: E402
from unit.models import tiny  # noqa: E402
from unit.models.tiny import SMALL, notop, unet  # noqa: E402


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setattr(keras.applications, SMALL, tiny.Tiny, raising=False)


@pytest.fixture(scope="module")
def original():
    """A network of Keras's own with weights that are not the initial ones."""
    keras.utils.set_random_seed(3)
    network = notop()
    rng = np.random.default_rng(0)
    network.set_weights([w + 0.05 * rng.random(w.shape, np.float32) for w in network.get_weights()])
    return network


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
        ("absent.weights.h5", "0" * 64, "absent.weights.h5 does not exist", "weights: imagenet"),
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
