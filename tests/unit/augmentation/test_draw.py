"""Random numbers depend on the seed and on the knob alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.augmentation import Jitter

keras = pytest.importorskip("keras")

from segbench.augmentation import jitter as jitters  # noqa: E402 - needs Keras
from segbench.augmentation.draw import Draw  # noqa: E402

#: Every knob that moves pixels, at once.
ALL_MOVES = {
    "flip_horizontal": 0.5,
    "flip_vertical": 0.5,
    "rotate90": 0.75,
    "rotation_degrees": (-30, 30),
    "shift_fraction": (-0.3, 0.3),
    "scale": (0.5, 2.0),
    "elastic_alpha_px": 3.0,
    "elastic_sigma_px": 4.0,
    "probability": 0.9,
}


def apply(config, image, target, seed=(0, 0)):
    """Jitter NumPy arrays (batch, y, x, channel)."""
    draw = Draw(keras.random.SeedGenerator(0), list(seed), len(image))
    image, target = jitters.jitter(
        Jitter(**config),
        keras.ops.convert_to_tensor(np.asarray(image, np.float32)),
        keras.ops.convert_to_tensor(target),
        draw,
    )
    return keras.ops.convert_to_numpy(image), keras.ops.convert_to_numpy(target)


def numbered(batch=1, height=8, width=8):
    """A picture in which every pixel has a value of its own, as image and as target."""
    one = np.arange(height * width, dtype=np.uint8).reshape(height, width, 1)
    target = np.repeat(one[None], batch, axis=0)
    return target.astype(np.float32), target


def test_chance_is_the_probability():
    image, target = numbered(512)
    _, moved = apply({"flip_horizontal": 0.25}, image, target)
    flipped = np.array([not np.array_equal(m, target[0]) for m in moved])
    assert 0.18 < flipped.mean() < 0.32


def test_same_seed_same_result_other_seed_another():
    image, target = numbered(4)
    config = {**ALL_MOVES, "noise_sd": 0.5, "gamma": (0.5, 2)}
    first = apply(config, image, target, (1, 2))
    again = apply(config, image, target, (1, 2))
    other = apply(config, image, target, (1, 3))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_a_knob_does_not_change_what_another_draws():
    image, target = numbered(16)
    alone = apply({"flip_horizontal": 0.5}, image, target)[1]
    beside = apply({"flip_horizontal": 0.5, "noise_sd": 0.1}, image, target)[1]
    assert np.array_equal(alone, beside)


def test_parts_of_a_batch_draw_what_the_whole_would():
    """Devices that share a batch take rows of the same numbers."""

    def drawn(samples, *part):
        draw = Draw(keras.random.SeedGenerator(0), [3, 4], samples, *part)
        draw.begin("gamma")
        return [
            keras.ops.convert_to_numpy(draw.uniform()),
            keras.ops.convert_to_numpy(draw.normal((2,))),
        ]

    whole = drawn(6)
    parts = [drawn(2, 3, number) for number in range(3)]
    for index in range(2):
        assert np.array_equal(np.concatenate([part[index] for part in parts]), whole[index])


@settings(max_examples=20, deadline=None)
@given(st.floats(-5, 5), st.floats(0, 5))
def test_numbers_lie_in_their_range(low, width):
    draw = Draw(keras.random.SeedGenerator(0), [1, 2], 50)
    draw.begin("noise_sd")
    values = keras.ops.convert_to_numpy(draw.between((low, low + width), 1.0, neutral=99.0))
    assert values.min() >= np.float32(low) and values.max() <= np.float32(low + width)
    assert set(keras.ops.convert_to_numpy(draw.between((low, low + width), 0.0, 99.0))) == {99.0}
