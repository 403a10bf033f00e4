"""CLAHE: scikit-image as oracle for the whole and for its parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.exposure import equalize_adapthist
from skimage.exposure._adapthist import clip_histogram

from segbench.imaging.clahe import LEVELS, clip_histograms, equalise, tile_histograms

#: Truncation of a rounding error to whole levels, and the stretch after it.
LEVEL = 3 / LEVELS


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth structure and noise, 0...1, like a micrograph."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    image = np.sin(y / 9) * np.cos(x / 13) + 0.3 * rng.standard_normal((height, width))
    return ((image - image.min()) / np.ptp(image)).astype(np.float32)


def peer(image: np.ndarray, tiles: int, bins: int, clip_limit: float) -> np.ndarray:
    kernel = [max(side // tiles, 1) for side in image.shape[:2]]
    return equalize_adapthist(
        image.astype(np.float64), kernel_size=kernel, clip_limit=clip_limit / bins, nbins=bins
    )


@pytest.mark.parametrize("shape", [(256, 256), (128, 128), (96, 160), (100, 131), (67, 255)])
@pytest.mark.parametrize("clip_limit", [1.0, 2.0, 4.0, 40.0])
def test_equals_scikit_image(shape, clip_limit):
    image = texture(*shape)
    ours = equalise(image[..., None], 8, 256, clip_limit)[..., 0]
    assert ours.dtype == np.float32
    difference = abs(ours - peer(image, 8, 256, clip_limit))
    assert difference.max() < LEVEL


@pytest.mark.parametrize(("tiles", "bins"), [(1, 256), (4, 64), (8, 128), (16, 1000), (3, 7)])
def test_equals_scikit_image_for_other_tiles_and_bins(tiles, bins):
    image = texture(90, 120, seed=5)
    ours = equalise(image[..., None], tiles, bins, 2.0)[..., 0]
    assert abs(ours - peer(image, tiles, bins, 2.0)).max() < LEVEL


@pytest.mark.parametrize("shape", [(7, 5), (9, 17), (1, 40), (3, 3)])
def test_tiny_images_have_tiles_of_a_pixel(shape):
    image = texture(*shape)
    ours = equalise(image[..., None], 8, 256, 2.0)[..., 0]
    assert ours.shape == shape
    assert np.isfinite(ours).all()
    if min(shape) > 1:  # scikit-image cannot mirror a single row
        assert abs(ours - peer(image, 8, 256, 2.0)).max() < LEVEL


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 70), st.integers(2, 70), st.sampled_from([0.5, 1.5, 3.0]), st.integers(0, 9))
def test_equals_scikit_image_for_any_size(height, width, clip_limit, seed):
    image = texture(height, width, seed)
    ours = equalise(image[..., None], 8, 256, clip_limit)[..., 0]
    assert abs(ours - peer(image, 8, 256, clip_limit)).max() < LEVEL


def test_colour_equals_scikit_image_by_way_of_hsv():
    image = np.stack([texture(64, 80, seed) for seed in range(3)], axis=-1)
    image[10:20, 10:20] = 0  # black has no hue
    ours = equalise(image, 8, 256, 2.0)
    assert abs(ours - peer(image, 8, 256, 2.0)).max() < 2 * LEVEL


def test_range_of_the_result():
    ours = equalise(texture(64, 64)[..., None] * 0.2 + 0.3, 8, 256, 2.0)
    assert ours.min() == 0
    assert ours.max() == 1


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_an_image_without_contrast_stays(value):
    image = np.full((32, 32, 1), value, np.float32)
    assert (equalise(image, 8, 256, 2.0) == np.float32(value)).all()
    colour = np.full((32, 32, 3), value, np.float32)
    np.testing.assert_allclose(equalise(colour, 8, 256, 2.0), value, atol=1e-6)


def test_more_clipping_means_less_contrast():
    image = 0.5 + 0.1 * texture(256, 256)
    image[0, 0], image[-1, -1] = 0, 1
    spread = [float(equalise(image[..., None], 8, 256, limit).std()) for limit in (1, 4, 64)]
    assert spread[0] < spread[1] < spread[2]


def test_input_is_not_changed():
    image = texture(40, 40)[..., None]
    before = image.copy()
    equalise(image, 8, 256, 2.0)
    assert (image == before).all()


# ---- parts


def test_histograms_of_tiles():
    binned = np.array([[0, 0, 1, 2], [0, 3, 1, 1]], np.int32)
    histogram = tile_histograms(binned, (2, 2), 4)
    assert histogram.tolist() == [[[3, 0, 0, 1], [0, 3, 1, 0]]]


def test_a_part_of_a_tile_is_mirrored():
    binned = np.array([[0, 1, 2]], np.int32)
    # Columns 0 1 | 2 1: the mirror lies on the last pixel.
    assert tile_histograms(binned, (1, 2), 3).tolist() == [[[1, 1, 0], [0, 1, 1]]]


def test_clipping_by_hand():
    histogram = np.array([[10, 0, 0, 0]], np.int32)
    clip_histograms(histogram, 4)
    # 6 too many: 1 for each bin under the limit, then 3 handed out from the left.
    assert histogram.sum() == 10
    assert histogram.max() <= 4
    peer_histogram = clip_histogram(np.array([10, 0, 0, 0]), 4)
    assert histogram[0].tolist() == peer_histogram.tolist()


@settings(deadline=None)
@given(
    hnp.arrays(np.int32, st.tuples(st.integers(1, 6), st.integers(2, 40)),
               elements=st.integers(0, 60)),
    st.integers(1, 50),
)  # fmt: skip
def test_clipping_equals_scikit_image_for_any_histograms(histograms, limit):
    expected = [clip_histogram(row.astype(np.int64), limit) for row in histograms]
    ours = histograms.copy()
    clip_histograms(ours, limit)
    assert ours.tolist() == [row.tolist() for row in expected]
