"""Resizing: scikit-image as oracle, literal vectors, properties of the matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.transform import resize as skimage_resize

from segbench.imaging.resampling import nearest_index, operator, resize_image, resize_label

SIDES = st.integers(1, 40)
KINDS = ("nearest", "bilinear", "bicubic", "area")


def picture(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


# ---- labels


def test_nearest_takes_the_pixel_under_the_centre():
    assert nearest_index(9, 3).tolist() == [1, 4, 7]
    assert nearest_index(3, 9).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert nearest_index(5, 2).tolist() == [1, 3]


@given(SIDES, SIDES)
def test_nearest_is_monotone_and_inside(old, new):
    index = nearest_index(old, new)
    assert len(index) == new
    assert index.min() >= 0
    assert index.max() < old
    assert (np.diff(index) >= 0).all()


@given(SIDES, SIDES)
def test_nearest_is_symmetric_but_for_ties(old, new):
    index = nearest_index(old, new)
    mirrored = old - 1 - index[::-1]
    tie = ((2 * np.arange(new) + 1) * old) % (2 * new) == 0
    assert (index[~tie] == mirrored[~tie]).all()


def test_label_by_hand():
    label = np.arange(16, dtype=np.uint16).reshape(4, 4)
    assert resize_label(label, (2, 2)).tolist() == [[5, 7], [13, 15]]
    assert resize_label(label, (2, 2)).dtype == np.uint16


@pytest.mark.parametrize("new", [(7, 5), (16, 16), (40, 21), (3, 31)])
def test_label_agrees_with_scikit_image(new):
    # 16 x 13: no ties with these sizes, where rounding would be a matter of taste.
    label = np.random.default_rng(1).integers(0, 5, (16, 13)).astype(np.uint8)
    peer = skimage_resize(label, new, order=0, anti_aliasing=False, preserve_range=True)
    odd = [
        ((2 * np.arange(n) + 1) * o) % (2 * n) != 0 for o, n in zip(label.shape, new, strict=True)
    ]
    mask = np.ix_(*odd)
    assert (resize_label(label, new)[mask] == peer[mask]).all()


@given(hnp.arrays(np.uint8, st.tuples(SIDES, SIDES)), SIDES, SIDES)
def test_label_gains_no_values(label, height, width):
    result = resize_label(label, (height, width))
    assert result.shape == (height, width)
    assert set(np.unique(result)) <= set(np.unique(label))


@given(hnp.arrays(np.uint8, st.tuples(SIDES, SIDES)), st.integers(1, 4), st.integers(1, 4))
def test_enlarging_by_whole_factors_repeats_and_comes_back(label, down, right):
    large = resize_label(label, (label.shape[0] * down, label.shape[1] * right))
    assert (large == label.repeat(down, 0).repeat(right, 1)).all()
    assert (resize_label(large, label.shape) == label).all()


# ---- images


@pytest.mark.parametrize(
    ("old", "new"),
    [((64, 64), (16, 16)), ((61, 47), (20, 33)), ((20, 33), (61, 47)), ((50, 10), (13, 40)),
     ((8, 8), (8, 8)), ((9, 5), (1, 1)), ((1, 1), (4, 4)), ((2, 3), (7, 9))],
)  # fmt: skip
@pytest.mark.parametrize("antialias", [True, False])
def test_bilinear_agrees_with_scikit_image(old, new, antialias):
    image = picture(*old, 2)
    peer = skimage_resize(image.astype(np.float64), (*new, 2), order=1, anti_aliasing=antialias)
    ours = resize_image(image, new, "bilinear", antialias)
    assert ours.dtype == np.float32
    assert ours.shape == (*new, 2)
    np.testing.assert_allclose(ours, peer, atol=2e-6)


def test_bilinear_by_hand():
    ramp = np.array([0, 1, 2, 3], np.float32).reshape(1, 4, 1)
    assert resize_image(ramp, (1, 2), "bilinear", antialias=False).ravel().tolist() == [0.5, 2.5]
    two = np.array([0, 4], np.float32).reshape(1, 2, 1)
    # At -1/4 the image is mirrored about the centre of pixel 0.
    assert resize_image(two, (1, 4), "bilinear").ravel().tolist() == [1, 1, 3, 3]


def test_antialias_hides_a_pattern_finer_than_the_new_pixels():
    stripes = np.zeros((64, 64, 1), np.float32)
    stripes[:, 1::4] = stripes[:, 2::4] = 1
    smooth = resize_image(stripes, (16, 16), "bilinear", antialias=True)
    sharp = resize_image(stripes, (16, 16), "bilinear", antialias=False)
    assert sharp.min() == 1  # the centres happen to lie on the stripes
    assert abs(smooth[2:-2, 2:-2] - 0.5).max() < 0.15


def test_bicubic_reproduces_a_parabola():
    # Keys' kernel with a = -1/2 is exact for second-order polynomials.
    x = np.arange(20, dtype=np.float64)
    image = (x**2 / 400)[None, :, None].astype(np.float32)
    ours = resize_image(image, (1, 40), "bicubic")[0, 6:-6, 0]
    centres = ((np.arange(40) + 0.5) / 2 - 0.5)[6:-6]
    np.testing.assert_allclose(ours, centres**2 / 400, atol=1e-6)


def test_bicubic_is_clipped_to_the_range_of_the_image():
    step = np.repeat(np.array([0, 1], np.float32), 8).reshape(1, 16, 1)
    result = resize_image(step, (1, 45), "bicubic")
    assert result.min() == 0
    assert result.max() == 1


def test_bicubic_agrees_with_pillow_where_no_border_is_near():
    from PIL import Image

    image = picture(12, 12, 1)
    peer = np.asarray(Image.fromarray(image[..., 0]).resize((36, 36), Image.Resampling.BICUBIC))
    ours = resize_image(image, (36, 36), "bicubic")[..., 0]
    inner = np.clip(peer, image.min(), image.max())[6:-6, 6:-6]
    np.testing.assert_allclose(ours[6:-6, 6:-6], inner, atol=1e-5)


def test_area_is_the_mean_under_each_new_pixel():
    image = picture(12, 15, 3)
    blocks = image.reshape(4, 3, 5, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(resize_image(image, (4, 5), "area"), blocks, atol=1e-6)


@pytest.mark.parametrize("size", [(5, 7), (3, 11), (12, 4)])
def test_area_agrees_with_opencv(size):
    import cv2

    image = picture(12, 15, 1)
    if size[1] > 15 or size[0] > 12:
        pytest.skip("OpenCV's area method is another one when enlarging")
    peer = cv2.resize(image[..., 0], size[::-1], interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(resize_image(image, size, "area")[..., 0], peer, atol=1e-5)


def test_nearest_images_follow_nearest_labels():
    image = picture(13, 17, 1)
    ours = resize_image(image, (29, 5), "nearest", antialias=True)
    assert (ours[..., 0] == resize_label(image[..., 0], (29, 5))).all()


@given(st.sampled_from(KINDS), SIDES, SIDES, st.booleans())
def test_rows_of_the_operator_sum_to_one(kind, old, new, antialias):
    matrix = operator(old, new, kind, antialias)
    assert matrix.shape == (new, old)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-5)


@given(st.sampled_from(("bilinear", "bicubic", "area")), SIDES, SIDES)
def test_operator_is_symmetric(kind, old, new):
    matrix = operator(old, new, kind, antialias=True).toarray()
    np.testing.assert_allclose(matrix, matrix[::-1, ::-1], atol=1e-6)


@settings(deadline=None)
@given(
    st.sampled_from(KINDS),
    st.tuples(SIDES, SIDES),
    st.tuples(SIDES, SIDES),
    st.floats(-10, 10, width=32),
)
def test_constants_stay(kind, old, new, value):
    image = np.full((*old, 1), value, np.float32)
    result = resize_image(image, new, kind)
    assert (result == np.float32(value)).all()


@settings(deadline=None)
@given(st.sampled_from(KINDS), SIDES, SIDES, st.integers(0, 99))
def test_result_stays_in_the_range_and_turns_with_the_image(kind, height, width, seed):
    image = picture(24, 31, 2, seed=seed)
    result = resize_image(image, (height, width), kind)
    assert result.min() >= image.min()
    assert result.max() <= image.max()
    if kind != "nearest":  # ties
        flipped = resize_image(image[::-1, ::-1], (height, width), kind)
        np.testing.assert_allclose(flipped[::-1, ::-1], result, atol=1e-6)
    turned = resize_image(image.swapaxes(0, 1), (width, height), kind)
    np.testing.assert_allclose(turned.swapaxes(0, 1), result, atol=1e-6)


@pytest.mark.parametrize("height", [1, 127, 128, 129, 500, 1300])
def test_bands_do_not_show(height):
    image = picture(height, 9, 1)
    new = max(height // 3, 1)
    whole = operator(height, new, "bilinear", True) @ image[:, :, 0]
    ours = resize_image(image, (new, 9), "bilinear")[..., 0]
    np.testing.assert_allclose(ours, whole, atol=1e-6)


def test_integers_become_fractions_of_their_range():
    for dtype in (np.uint8, np.uint16):
        image = np.full((300, 4, 1), np.iinfo(dtype).max, dtype)
        assert (resize_image(image, (10, 2)) == 1).all()


def test_convert_sees_bands_and_may_change_the_channels():
    seen = []

    def convert(band):
        seen.append(len(band))
        return band[..., :1].astype(np.float32)

    result = resize_image(picture(1024, 8, 3), (64, 4), convert=convert)
    assert result.shape == (64, 4, 1)
    assert len(seen) == 8
    assert max(seen) < 200
