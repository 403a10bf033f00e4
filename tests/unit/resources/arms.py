"""Small recipes and data of the tests of predictions."""

from __future__ import annotations

import math

from segbench.config.model import Model, Training
from segbench.models.networks.unet import UNet
from segbench.resources import Fingerprint, Sheet


def data(sides=(128, 128), training=100, **changes):
    pixels = float(math.prod(sides))
    values = {
        "training": training, "validation": 10, "test": 20, "largest": sides, "pixels": pixels,
        "channels": 1, "itemsize": 1, "classes": 1, "task": "semantic",
        "original": Sheet(130, 20, sides, pixels, 1), "shards": 1, **changes,
    }  # fmt: skip
    return Fingerprint(**values)


def model(width=8, batch=4, patch=None, epochs=10, steps=20, **network):
    return Model(
        network=UNet(depth=2, width=width, **network),
        training=Training(batch=batch, patch=patch, epochs=epochs, steps_per_epoch=steps),
    )
