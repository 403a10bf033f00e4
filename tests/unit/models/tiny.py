"""A network as those of keras.applications, but built in a few milliseconds."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from segbench.models.backbones import Backbone
from segbench.models.keras_network import build_network
from segbench.models.networks.unet import UNet

#: Its name, as tests put it among keras.applications.
SMALL = "Tiny"


def preprocess_input(pixels: Any) -> Any:
    """Swap red and blue, to -1...1."""
    return pixels[..., ::-1] / 127.5 - 1


def Tiny(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_shape: tuple[int | None, ...] | None = None,
    classes: int = 10,
) -> keras.Model:
    """Five stages of a convolution; batch normalisation, and names left to Keras."""
    assert weights is None
    x = image = keras.Input(input_shape or (32, 32, 3))
    for stage in range(5):
        x = keras.layers.Conv2D(4 + stage, 3, strides=2, padding="same", name=f"stage{stage}_conv")(
            x
        )
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
        x = keras.layers.Dropout(0.2)(x)
        x = x + keras.layers.Activation("sigmoid")(x)
    if include_top:
        x = keras.layers.GlobalAveragePooling2D()(x)
        x = keras.layers.Dense(classes)(x)
    return keras.Model(image, x)


def unet(name=SMALL, channels=3, maps=2, policy="float32", pretrained=False, **options):
    network = UNet(backbone=Backbone(name=name, **options), width=2)
    return build_network(network, channels, maps, policy, pretrained=pretrained)


def notop(name=SMALL):
    make = Tiny if name == SMALL else getattr(keras.applications, name)
    return make(include_top=False, weights=None, input_shape=(None, None, 3))


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)
