"""Jitter of intensities changes the values as its keys say, and leaves the target alone."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.config.augmentation import Jitter

keras = pytest.importorskip("keras")

from segbench.augmentation import jitter as jitters  # noqa: E402 - needs Keras


def apply(config, image, target, seed=(0, 0)):
    """Jitter NumPy arrays (batch, y, x, channel)."""
    draw = jitters.Draw(keras.random.SeedGenerator(0), list(seed), len(image))
    image, target = jitters.jitter(
        Jitter(**config),
        keras.ops.convert_to_tensor(np.asarray(image, np.float32)),
        keras.ops.convert_to_tensor(target),
        draw,
    )
    return keras.ops.convert_to_numpy(image), keras.ops.convert_to_numpy(target)


@pytest.mark.parametrize("key", sorted(jitters.PHOTOMETRY))
def test_photometry_leaves_the_target_alone(key):
    values = {"blur_px": 4, "gamma": (2, 2), "contrast": (0.5, 0.5), "brightness": 0.3}
    rng = np.random.default_rng(0)
    image = rng.random((2, 16, 16, 3), dtype=np.float32)
    target = rng.integers(0, 5, (2, 16, 16, 1), dtype=np.uint8)
    changed, same = apply({key: values.get(key, 0.2), "probability": 1.0}, image, target)
    assert np.array_equal(same, target)
    assert changed.shape == image.shape
    assert not np.allclose(changed, image)


def test_gamma_is_a_power_between_the_extremes():
    image = np.float32([0.0, 0.5, 1.0, 0.25]).reshape(1, 2, 2, 1)
    changed, _ = apply({"gamma": (2, 2), "probability": 1}, image, image.astype(np.uint8))
    np.testing.assert_allclose(changed.ravel(), [0.0, 0.25, 1.0, 0.0625], atol=1e-5)
    shifted, _ = apply({"gamma": (2, 2), "probability": 1}, image * 4 - 2, image.astype(np.uint8))
    np.testing.assert_allclose(shifted.ravel(), [-2.0, -1.0, 2.0, -1.75], atol=1e-5)


def test_contrast_turns_about_the_mean():
    image = np.float32([0.2, 0.4, 0.6, 0.8]).reshape(1, 2, 2, 1)
    changed, _ = apply({"contrast": (2, 2), "probability": 1}, image, image.astype(np.uint8))
    np.testing.assert_allclose(changed.ravel(), [-0.1, 0.3, 0.7, 1.1], atol=1e-6)


def test_brightness_is_one_offset_an_image_within_its_range():
    image = np.zeros((200, 4, 4, 1), np.float32)
    changed, _ = apply({"brightness": 0.3, "probability": 1}, image, image.astype(np.uint8))
    offsets = changed[:, 0, 0, 0]
    assert np.ptp(changed, axis=(1, 2)).max() == 0
    assert -0.3 <= offsets.min() < -0.2
    assert 0.2 < offsets.max() <= 0.3


def test_noise_has_zero_mean_and_at_most_its_deviation():
    image = np.zeros((50, 32, 32, 1), np.float32)
    changed, _ = apply({"noise_sd": 0.1, "probability": 1}, image, image.astype(np.uint8))
    deviations = changed.std(axis=(1, 2, 3))
    assert abs(changed.mean()) < 0.002
    assert 0.08 < deviations.max() < 0.105
    assert deviations.min() < 0.02


def test_blur_of_each_side_is_centred_and_keeps_the_sum():
    image = np.zeros((400, 15, 15, 1), np.float32)
    image[:, 7, 7] = 1
    changed, _ = apply({"blur_px": 4, "probability": 1}, image, image.astype(np.uint8))
    np.testing.assert_allclose(changed.sum(axis=(1, 2, 3)), 1, atol=1e-5)
    np.testing.assert_allclose(changed, changed[:, ::-1, ::-1], atol=1e-7)
    profiles = {tuple(np.round(np.float64(c[5:10, :, 0].sum(axis=1)), 4).tolist()) for c in changed}
    assert profiles == {
        (0, 0, 1, 0, 0),
        (0, 0.25, 0.5, 0.25, 0),
        (0, 0.3333, 0.3333, 0.3333, 0),
        (0.125, 0.25, 0.25, 0.25, 0.125),
    }
