"""What tests of volumes share."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from segbench.config.preprocessing import Preprocessing
from segbench.imaging.prepare import prepare_sample

BRATS = Preprocessing(
    channels="all", crop="nonzero", normalise="zscore", normalise_within="nonzero", dtype="float16"
)
sides = st.integers(1, 9)


def head(shape=(10, 12, 14), channels=4, seed=0):
    """A box of positive values in zeros, and a label in it."""
    rng = np.random.default_rng(seed)
    image = np.zeros((*shape, channels), np.float32)
    image[2:8, 3:11, 4:9] = rng.integers(100, 900, (6, 8, 5, channels))
    label = np.zeros(shape, np.uint8)
    label[3:6, 4:8, 5:8] = rng.integers(1, 4, (3, 4, 3))
    return image, label


def maps_of(label, count):
    """The perfect probabilities of a label map: background and classes."""
    return (label[..., None] == np.arange(count)).astype(np.float16)


def likeliest(maps):
    return maps.argmax(axis=-1).astype(np.uint8)


def prepare(image, label, recipe, spacing_mm=None):
    """Prepared image, its label and the crop."""
    found = prepare_sample(image, label, recipe, spacing_mm)
    return found.image, found.label, found.crop
