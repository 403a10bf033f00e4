"""Back from the network's grid to the original size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.preprocessing import Preprocessing, Size
from segbench.errors import SegbenchError
from segbench.imaging.cropping import window
from segbench.imaging.inverse import label_at_original_size
from segbench.imaging.resampling import resize_label
from unit.imaging.heads import BRATS, head, likeliest, maps_of, prepare


def small(height, width):
    return Preprocessing(resize=Size(height=height, width=width))


def resized(maps, size):
    """The maps themselves at the original size."""
    return label_at_original_size(maps, size, None, lambda maps: maps)


# ---- images


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_sizes_come_back_exactly(height, width, new_height, new_width):
    label = np.arange(height * width, dtype=np.uint16).reshape(height, width)
    _, small_label, _ = prepare(np.zeros((height, width)), label, small(new_height, new_width))
    assert resize_label(small_label, (height, width)).shape == (height, width)
    maps = np.zeros((new_height, new_width, 3), np.float16)
    assert resized(maps, (height, width)).shape == (height, width, 3)


def test_smooth_labels_come_back_nearly_whole():
    y, x = np.mgrid[:1024, :1002]
    label = (((y - 500) ** 2 + (x - 400) ** 2) < 200**2).astype(np.uint8)
    label[800:, 700:] = 3
    _, at_grid, _ = prepare(label, label, small(256, 256))
    back = resize_label(at_grid, label.shape)
    assert np.unique(back).tolist() == [0, 1, 3]
    assert (back != label).mean() < 0.004


def test_pixel_centres_stay_in_place():
    # The centre of mass of a disc must not move by the corner-alignment error of 3/8 pixels.
    y, x = np.mgrid[:512, :512]
    label = (((y - 200) ** 2 + (x - 311) ** 2) < 80**2).astype(np.uint8)
    _, at_grid, _ = prepare(label, label, small(64, 64))
    back = resize_label(at_grid, (512, 512))
    centre = [float(axis[back == 1].mean()) for axis in (y, x)]
    assert centre == pytest.approx([200, 311], abs=0.6)
    smooth = resized(at_grid[..., None].astype(np.float32), (512, 512))[..., 0]
    weighted = [float((axis * smooth).sum() / smooth.sum()) for axis in (y, x)]
    assert weighted == pytest.approx([200, 311], abs=0.6)


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(1, 50), st.integers(1, 50))
def test_probabilities_stay_probabilities(seed, height, width):
    maps = np.random.default_rng(seed).random((12, 9, 4)).astype(np.float32)
    maps /= maps.sum(axis=2, keepdims=True)
    back = resized(maps.astype(np.float16), (height, width))
    assert back.dtype == np.float32
    assert back.min() >= 0
    assert back.max() <= 1
    np.testing.assert_allclose(back.sum(axis=2), 1, atol=2e-3)


def test_same_size_changes_nothing():
    maps = np.random.default_rng(0).random((5, 6, 2)).astype(np.float32)
    assert (resized(maps, (5, 6)) == maps).all()


# ---- volumes


@settings(max_examples=60)
@given(
    st.tuples(*[st.integers(1, 12)] * 3),
    st.tuples(*[st.sampled_from([0.5, 1.0, 2.0, 3.0])] * 3),
    st.integers(0, 999),
)
def test_there_and_back(shape, spacing, seed):
    """Crop and resampling are undone: exactly on a finer grid, in shape always."""
    rng = np.random.default_rng(seed)
    image = np.zeros((*shape, 2), np.float32)
    label = np.zeros(shape, np.uint8)
    low = [int(rng.integers(0, side)) for side in shape]
    high = [int(rng.integers(a, side)) + 1 for a, side in zip(low, shape, strict=True)]
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    image[box] = 5 + rng.random(image[box].shape)
    label[box] = rng.integers(0, 3, label[box].shape)
    wanted = tuple(1.0 / s for s in spacing)
    recipe = BRATS.model_copy(update={"spacing_mm": wanted})
    _, at_grid, crop = prepare(image, label, recipe, (1.0, 1.0, 1.0))
    back = label_at_original_size(maps_of(at_grid, 3), shape, crop, likeliest)
    assert back.shape == shape
    assert back.dtype == np.uint8
    outside = np.ones(shape, bool)
    outside[box] = False
    assert not back[outside].any()
    if all(s in (1.0, 3.0) for s in spacing):
        # Whole numbers of finer voxels: the middle one is the old one.
        np.testing.assert_array_equal(back, label)


def test_masks_come_back_as_masks():
    _, label = head()
    masks = (label[..., None] >= np.array([1, 2, 3])).astype(np.float16)
    crop = ((2, 8), (3, 11), (4, 9))
    back = label_at_original_size(
        masks[window(crop)], label.shape, crop, lambda m: (m > 0.5).astype(np.uint8)
    )
    np.testing.assert_array_equal(back, masks)


def test_a_ball_comes_back_from_a_coarse_grid():
    z, y, x = np.ogrid[:40, :50, :60]
    ball = (((z - 20) ** 2 + (y - 27) ** 2 + (x - 25) ** 2) < 15**2).astype(np.uint8)
    small = resize_label(ball, (20, 25, 30))
    back = label_at_original_size(maps_of(small, 2), ball.shape, None, likeliest)
    both = (back & ball).sum() * 2 / (back.sum() + ball.sum())
    assert both > 0.94  # the nearest voxel of an even number is half a voxel off
    centre = [float(axis.mean()) for axis in np.nonzero(back)]
    assert centre == pytest.approx([20, 27, 25], abs=0.6)


def test_a_crop_of_another_volume():
    with pytest.raises(SegbenchError, match="crop"):
        label_at_original_size(
            np.zeros((2, 2, 2, 1)), (3, 3, 3), ((0, 2), (0, 2), (2, 4)), likeliest
        )
