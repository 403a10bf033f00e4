"""Volumes are turned slice by slice, all alike; images of a class move, their class stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.augmentation import Jitter
from segbench.errors import SegbenchError

keras = pytest.importorskip("keras")

from segbench.augmentation import jitter as jitters  # noqa: E402 - needs Keras
from segbench.augmentation.draw import Draw  # noqa: E402


def apply(config, image, target, seed=(0, 0)):
    draw = Draw(keras.random.SeedGenerator(0), list(seed), len(image))
    image, target = jitters.jitter(
        config,
        keras.ops.convert_to_tensor(np.asarray(image, np.float32)),
        keras.ops.convert_to_tensor(target),
        draw,
    )
    return keras.ops.convert_to_numpy(image), keras.ops.convert_to_numpy(target)


def numbered(batch=1, sides=(3, 4, 4), channels=1):
    """A volume in which every voxel has a value of its own."""
    one = np.arange(np.prod(sides) * channels, dtype=np.uint8).reshape(*sides, channels)
    target = np.repeat(one[None], batch, axis=0)
    return target.astype(np.float32), target


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"flip_horizontal": 1.0}, lambda v: v[:, :, ::-1]),
        ({"flip_vertical": 1.0}, lambda v: v[:, ::-1]),
        ({"flip_horizontal": 1.0, "flip_vertical": 1.0}, lambda v: v[:, ::-1, ::-1]),
        ({"rotation_degrees": (90, 90), "probability": 1}, lambda v: np.rot90(v, axes=(1, 2))),
    ],
)
def test_moves_against_numpy(config, expected):
    image, target = numbered(2, channels=2)
    moved_image, moved = apply(Jitter(**config), image, target)
    for volume in moved:
        assert np.array_equal(volume, expected(target[0]))
    np.testing.assert_allclose(moved_image, moved, atol=1e-3)


def test_depth_is_flipped_where_the_recipe_has_it():
    image, target = numbered(64)
    moved_image, moved = apply(Jitter(flip_depth=0.5), image, target)
    flipped = [np.array_equal(v, target[0, ::-1]) for v in moved]
    assert all(a or np.array_equal(v, target[0]) for a, v in zip(flipped, moved, strict=True))
    assert 15 < sum(flipped) < 49
    assert np.array_equal(moved_image, moved)


@settings(max_examples=15, deadline=None)
@given(seed=st.tuples(st.integers(0, 2**30 - 1), st.integers(0, 2**30 - 1)))
def test_all_slices_move_alike_and_the_target_with_them(seed):
    """Each slice of a volume of equal slices stays equal to the others, and image to target."""
    rng = np.random.default_rng(0)
    plane = rng.integers(0, 2, (1, 1, 8, 8, 1)).astype(np.uint8)
    volume = np.repeat(plane, 5, axis=1)
    config = Jitter(flip_horizontal=0.5, flip_vertical=0.5, rotate90=0.75)
    image, target = apply(config, volume, volume, seed)
    assert np.array_equal(image, target)
    assert (target == target[:, :1]).all()
    assert target.sum() == volume.sum()


def test_equal_seeds_turn_images_and_volumes_alike():
    image, target = numbered(4, (1, 6, 6))
    config = Jitter(flip_horizontal=0.5, flip_vertical=0.5, rotate90=0.75)
    volume, _ = apply(config, image, target, (3, 4))
    plane, _ = apply(config, image[:, 0], target[:, 0], (3, 4))
    assert np.array_equal(volume[:, 0], plane)


@pytest.mark.parametrize(
    "name", sorted(n for n, move in jitters.GEOMETRY.items() if not move.in_plane)
)
def test_knobs_without_a_meaning_for_volumes(name):
    values = {"elastic_alpha_px": 2.0, "shift_fraction": (0, 0.1), "scale": (0.9, 1.1)}
    image, target = numbered()
    with pytest.raises(SegbenchError, match=rf"jitter\.{name} on volumes"):
        apply(Jitter(**{name: values[name]}), image, target)


def test_intensities_change_and_the_target_does_not():
    rng = np.random.default_rng(1)
    image = rng.random((3, 4, 6, 8, 2)).astype(np.float32)
    target = rng.integers(0, 3, (3, 4, 6, 8, 1)).astype(np.uint8)
    config = Jitter(
        noise_sd=0.1, blur_px=3, brightness=0.2, contrast=(0.5, 2), gamma=(0.5, 2), probability=1
    )
    changed, kept = apply(config, image, target)
    assert np.array_equal(kept, target)
    assert changed.shape == image.shape
    assert np.isfinite(changed).all()
    assert (np.abs(changed - image).mean(axis=(1, 2, 3, 4)) > 0.01).all()


def test_blur_is_a_mean_over_a_cube():
    image = np.zeros((64, 5, 5, 5, 1), np.float32)
    image[:, 2, 2, 2] = 27
    blurred, _ = apply(Jitter(blur_px=3, probability=1), image, image.astype(np.uint8))
    sides = {round(float(27 / v.max()) ** (1 / 3)) for v in blurred}
    assert sides == {1, 2, 3}  # a side of 2 is centred: 2 voxels, the outer by half
    np.testing.assert_allclose(blurred.sum(axis=(1, 2, 3, 4)), 27, rtol=1e-4)


def test_gamma_goes_between_the_extremes_of_each_volume():
    image = np.linspace(0, 1, 24, dtype=np.float32).reshape(1, 2, 3, 4, 1)
    changed, _ = apply(Jitter(gamma=(2, 2), probability=1), image, image.astype(np.uint8))
    np.testing.assert_allclose(changed, image**2, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_class_of_an_image_stays(channels):
    """A target of one number an image is no picture."""
    rng = np.random.default_rng(2)
    image = rng.random((6, 8, 8, channels)).astype(np.float32)
    target = np.arange(6, dtype=np.uint8)[:, None]
    config = Jitter(flip_horizontal=0.5, rotate90=0.5, rotation_degrees=(-20, 20), noise_sd=0.1)
    changed, kept = apply(config, image, target)
    assert np.array_equal(kept, target)
    assert changed.shape == image.shape
    assert not np.array_equal(changed, image)


def test_colours_move_together():
    """A grey picture in three equal channels stays grey."""
    grey = np.repeat(np.random.default_rng(0).random((4, 8, 8, 1), np.float32), 3, axis=-1)
    config = Jitter(
        rotation_degrees=(-30, 30), elastic_alpha_px=2, blur_px=3, brightness=0.2,
        contrast=(0.5, 2), gamma=(0.5, 2), probability=1,
    )  # fmt: skip
    changed, _ = apply(config, grey, np.zeros((4, 8, 8, 1), np.uint8))
    np.testing.assert_allclose(changed, np.repeat(changed[..., :1], 3, axis=-1), atol=1e-5)
