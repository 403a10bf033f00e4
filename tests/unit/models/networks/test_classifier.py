"""Classifiers of whole images."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.files import sha256_of_file
from segbench.models.backbones import Backbone

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own, by the thousand

from segbench.models.keras_network import build_network  # noqa: E402
from segbench.models.networks.classifier import Classifier  # noqa: E402
from unit.models import tiny  # noqa: E402

SMALL = "Tiny"


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setattr(keras.applications, SMALL, tiny.Tiny, raising=False)


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


def test_a_classifier():
    network = Classifier(kind="classifier", backbone=Backbone(name=SMALL), dropout=0.3)
    model = build_network(network, 1, 7)
    assert model(pixels(2, 70, 45, 1)).shape == (2, 7)
    assert model.get_layer("head").compute_dtype == "float32"


def test_classifiers_of_volumes():
    network = Classifier(kind="classifier", backbone=Backbone(name=SMALL))
    with pytest.raises(SegbenchError, match="classifier on 3-D samples"):
        build_network(network, 1, 2, dimensions=3)
