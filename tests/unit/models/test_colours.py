"""From channels in 0...1 to what networks of keras.applications read."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own, by the thousand

from segbench.models import colours  # noqa: E402
from unit.models import tiny  # noqa: E402
from unit.models.tiny import SMALL, pixels, unet  # noqa: E402


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setattr(keras.applications, SMALL, tiny.Tiny, raising=False)


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


def test_an_adapter_begins_as_shares_of_the_channels():
    model = unet(channels=2)
    (weights,) = model.get_layer("adapter").get_weights()
    assert weights[0, 0].tolist() == [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]
    assert model.get_layer("adapter").trainable
