"""Volumes at another spacing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.imaging.resampling import resize_image, resize_label
from segbench.imaging.volume_resampling import resample_volume, resampled_size
from unit.imaging.heads import sides


def test_sizes_keep_the_millimetres():
    assert resampled_size((155, 240, 240), (1, 1, 1), (2, 2, 2)) == (78, 120, 120)
    assert resampled_size((20, 512, 512), (5, 0.8, 0.8), (1, 1, 1)) == (100, 410, 410)
    assert resampled_size((1, 1, 1), (1, 1, 1), (9, 9, 9)) == (1, 1, 1)
    with pytest.raises(SegbenchError, match="spacing_mm"):
        resampled_size((2, 2, 2), (1, 1, 1), (1, 0, 1))


def test_slices_are_resized_as_images_are():
    volume = np.random.default_rng(0).random((5, 20, 30, 2)).astype(np.float32)
    for kind in ("bilinear", "bicubic", "area"):
        found = resample_volume(volume, (5, 9, 41), kind)
        for number in range(5):
            np.testing.assert_array_equal(
                found[number], resize_image(volume[number], (9, 41), kind)
            )


# Not the cubic: what it overshoots is cut to the range of a slice or of the volume.
@pytest.mark.parametrize("kind", ["nearest", "bilinear", "area"])
@pytest.mark.parametrize("depth", [2, 5, 11])
def test_the_axes_are_alike(kind, depth):
    """Resampled along z, or turned so that z is y: the same numbers."""
    volume = np.random.default_rng(1).random((5, 4, 3, 2)).astype(np.float32)
    along_z = resample_volume(volume, (depth, 4, 3), kind)
    along_y = resample_volume(volume.swapaxes(0, 1), (4, depth, 3), kind).swapaxes(0, 1)
    np.testing.assert_allclose(along_z, along_y, atol=1e-6)


def test_linear_means_linear_in_three_axes():
    z, y, x = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (6, 8, 10)), indexing="ij")
    ramp = (z + 10 * y + 100 * x)[..., None]
    found = resample_volume(ramp, (12, 16, 20), "bilinear")[2:-2, 2:-2, 2:-2, 0]
    centres = [(np.arange(2, 2 * n - 2) + 0.5) / 2 - 0.5 for n in (6, 8, 10)]
    z, y, x = np.meshgrid(*centres, indexing="ij")
    np.testing.assert_allclose(found, z + 10 * y + 100 * x, rtol=1e-5)


@given(st.tuples(sides, sides, sides), st.tuples(sides, sides, sides), st.integers(0, 99))
def test_labels_take_no_new_values(shape, size, seed):
    label = np.random.default_rng(seed).integers(0, 4, shape).astype(np.uint8)
    found = resize_label(label, size)
    assert found.shape == size
    assert set(np.unique(found)) <= set(np.unique(label))
    masks = resize_label((label[..., None] == np.arange(4)).astype(np.uint8), size)
    np.testing.assert_array_equal(masks.argmax(axis=-1), found)


@settings(max_examples=30)
@given(
    st.tuples(sides, sides, sides), st.tuples(sides, sides, sides),
    st.sampled_from(["bilinear", "bicubic", "area", "nearest"]),
)  # fmt: skip
def test_values_stay_in_range(shape, size, kind):
    volume = np.random.default_rng(sum(shape)).random((*shape, 2)).astype(np.float32)
    found = resample_volume(volume, size, kind)
    assert found.shape == (*size, 2)
    assert found.min() >= volume.min()
    assert found.max() <= volume.max()
