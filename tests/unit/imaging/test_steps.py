"""The small steps: range, channels, invert, normalise, gamma, quantise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import color, exposure

from segbench.errors import SegbenchError
from segbench.imaging.channels import to_channels
from segbench.imaging.gamma import apply_gamma
from segbench.imaging.invert import invert_bright, is_bright
from segbench.imaging.normalise import normalise
from segbench.imaging.quantise import image_scale, quantise
from segbench.imaging.unit_range import finite, require_unit, to_unit

IMAGES = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3)),
    elements=st.floats(-1e6, 1e6, width=32),
)


def row(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(1, -1, 1)


# ---- range


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.array([0, 51, 255], np.uint8), [0, 0.2, 1]),
        (np.array([0, 13107, 65535], np.uint16), [0, 0.2, 1]),
        (np.array([False, True]), [0, 1]),
        (np.array([-2.5, 7], np.float64), [-2.5, 7]),
        (np.array([0.5], np.float16), [0.5]),
    ],
)
def test_unit(image, expected):
    ours = to_unit(image)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_unit_reaches_one_exactly_and_never_passes():
    for dtype in (np.uint8, np.uint16, np.uint32, np.int16):
        every = np.linspace(0, np.iinfo(dtype).max, 999).astype(dtype)
        assert to_unit(every).max() == 1


def test_unit_refuses_complex_images():
    with pytest.raises(SegbenchError, match="complex"):
        to_unit(np.zeros((2, 2), np.complex64))


def test_finite_replaces_by_the_smallest():
    image = np.array([np.nan, 3, -np.inf, 1, np.inf], np.float32)
    assert finite(image).tolist() == [1, 3, 1, 1, 1]
    assert finite(image).dtype == np.float32
    assert finite(np.full(3, np.nan)).tolist() == [0, 0, 0]
    good = np.array([1.0, 2.0])
    assert finite(good) is good
    whole = np.array([1, 2], np.uint8)
    assert finite(whole) is whole


def test_require_unit():
    require_unit(np.array([0.0, 1.0]), "x")
    require_unit(np.empty(0), "x")
    for bad in (-0.01, 1.01):
        with pytest.raises(SegbenchError, match="preprocessing step x"):
            require_unit(np.array([bad]), "x")


# ---- channels


def test_grey_of_colour_is_that_of_scikit_image():
    image = np.random.default_rng(0).random((5, 6, 3), dtype=np.float32)
    np.testing.assert_allclose(to_channels(image, "grey")[..., 0], color.rgb2gray(image), atol=1e-6)


def test_grey_stored_as_colour_is_exact():
    grey = np.random.default_rng(0).integers(0, 256, (7, 8), np.uint8)
    image = np.dstack([grey, grey, grey, np.full_like(grey, 255)])
    assert (to_channels(image, "grey")[..., 0] == to_unit(grey)).all()


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ((4, 5), "grey", (4, 5, 1)), ((4, 5), "rgb", (4, 5, 3)),
        ((4, 5, 1), "rgb", (4, 5, 3)), ((4, 5, 2), "grey", (4, 5, 1)),
        ((4, 5, 2), "rgb", (4, 5, 3)), ((4, 5, 3), "rgb", (4, 5, 3)),
        ((4, 5, 4), "rgb", (4, 5, 3)), ((4, 5, 4), "grey", (4, 5, 1)),
    ],
)  # fmt: skip
def test_channel_shapes(shape, wanted, expected):
    result = to_channels(np.zeros(shape, np.uint8), wanted)
    assert result.shape == expected
    assert result.dtype == np.float32
    assert result.flags.c_contiguous


def test_alpha_is_dropped():
    image = np.zeros((1, 1, 4), np.uint8)
    image[..., 3] = 255
    assert to_channels(image, "rgb").max() == 0
    assert to_channels(image[..., [0, 3]], "grey").max() == 0


@pytest.mark.parametrize("shape", [(3,), (3, 3, 5), (2, 2, 2, 2, 2), (3, 3, 0)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(SegbenchError, match="shape"):
        to_channels(np.zeros(shape, np.float32), "grey")


# ---- invert


def test_bright_backgrounds_become_dark():
    image = row(1, 0.875, 0.875, 0.25)
    assert is_bright(image)
    assert invert_bright(image).ravel().tolist() == [0.25, 0.375, 0.375, 1]


def test_dark_backgrounds_stay():
    image = row(0, 0.1, 0.1, 0.9)
    assert invert_bright(image) is image


def test_the_scale_does_not_matter():
    image = row(5, 9, 9, 9)
    assert is_bright(image)
    assert is_bright(image * 1e4 - 7e4)
    assert not is_bright(-image)


def test_images_without_contrast_stay():
    assert (invert_bright(row(0.8, 0.8)) == np.float32(0.8)).all()


def test_inverting_twice_gives_the_image_back():
    image = row(1, 0.875, 0.875, 0.25)
    once = invert_bright(image)
    assert not is_bright(once)
    assert invert_bright(once) is once


# ---- normalise


def test_minmax_equals_scikit_image():
    image = np.random.default_rng(0).random((9, 9, 1), dtype=np.float32) * 7 - 3
    peer = exposure.rescale_intensity(image, out_range=(0.0, 1.0))
    np.testing.assert_allclose(normalise(image, "minmax"), peer, atol=1e-6)


def test_percentile_by_hand():
    # 0...100: the 1st percentile is 1, the 99th 99.
    result = normalise(np.arange(101, dtype=np.float32).reshape(1, 101, 1), "percentile").ravel()
    assert result[:2].tolist() == [0, 0]
    assert result[50] == 0.5
    assert result[-2:].tolist() == [1, 1]


def test_percentile_ignores_a_hot_pixel():
    image = np.random.default_rng(0).random((40, 40, 1), dtype=np.float32)
    image[0, 0] = 1000
    assert normalise(image, "minmax").mean() < 0.01
    assert 0.4 < normalise(image, "percentile").mean() < 0.6


def test_zscore():
    result = normalise(row(1, 2, 3, 4), "zscore").ravel()
    np.testing.assert_allclose(result, np.array([-3, -1, 1, 3]) / 5**0.5, rtol=1e-6)


def test_channels_are_stretched_each():
    image = np.concatenate([row(0, 10), row(5, 7)], axis=2)
    assert normalise(image, "minmax").tolist() == [[[0, 0], [1, 1]]]


def test_none_leaves_the_image_alone():
    image = row(5, -7)
    assert normalise(image, "none") is image


@pytest.mark.parametrize("how", ["minmax", "percentile", "zscore"])
@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e6, 3e38, 0.1])
def test_channels_without_contrast_become_zero(how, value):
    image = np.full((4, 4, 2), value, np.float32)
    assert (normalise(image, how) == 0).all()


@given(IMAGES, st.sampled_from(["minmax", "percentile"]))
def test_stretched_images_fill_zero_to_one(image, how):
    result = normalise(image, how)
    assert result.dtype == np.float32
    assert result.shape == image.shape
    assert result.min() >= 0
    assert result.max() <= 1


@given(IMAGES)
def test_zscores_are_finite(image):
    assert np.isfinite(normalise(image, "zscore")).all()


def test_extreme_ranges_do_not_overflow():
    assert normalise(row(-3e38, 0, 3e38), "minmax").ravel().tolist() == [0, 0.5, 1]


# ---- gamma


def test_gamma_equals_scikit_image():
    image = np.random.default_rng(0).random((9, 9, 1), dtype=np.float32)
    np.testing.assert_allclose(
        apply_gamma(image, 1.7), exposure.adjust_gamma(image, 1.7), atol=1e-6
    )


def test_gamma_keeps_the_ends():
    assert apply_gamma(row(0, 0.25, 1), 0.5).ravel().tolist() == [0, 0.5, 1]
    assert apply_gamma(row(0.3), 1.0).dtype == np.float32


def test_gamma_refuses_negative_values():
    with pytest.raises(SegbenchError, match="gamma"):
        apply_gamma(row(-0.1), 2)


# ---- quantise


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_stored_value_comes_back(dtype):
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    values = every.astype(np.float32) * np.float32(image_scale(dtype))
    stored = quantise(np.minimum(values, 1), dtype)
    assert stored.dtype == dtype
    assert (stored == every).all()


@given(st.floats(0, 1, width=32), st.sampled_from(["uint8", "uint16"]))
def test_rounding_error_is_at_most_half_a_step(value, dtype):
    scale = image_scale(dtype)
    stored = quantise(np.array([value], np.float32), dtype)
    assert abs(stored[0] * scale - value) <= scale * 0.501


def test_float32_is_stored_as_it_is():
    image = row(-3, 7.25)
    assert quantise(image, "float32").tolist() == image.tolist()
    assert image_scale("float32") == 1


def test_integers_cannot_hold_more_than_one():
    for bad in (row(1.5), row(-0.5)):
        with pytest.raises(SegbenchError, match="dtype"):
            quantise(bad, "uint8")


# ---- all channels, halves


def test_all_channels_are_kept_as_they_are():
    image = np.random.default_rng(0).integers(0, 256, (3, 4, 6), np.uint8)
    np.testing.assert_allclose(to_channels(image, "all"), image / 255, rtol=1e-6)
    assert to_channels(image[..., 0], "all").shape == (3, 4, 1)
    volume = np.ones((2, 3, 4, 5), np.float32)
    assert to_channels(volume, "all").shape == (2, 3, 4, 5)


def test_alpha_is_a_channel_among_all():
    image = np.zeros((2, 2, 4), np.uint8)
    assert to_channels(image, "all").shape == (2, 2, 4)
    assert to_channels(image, "rgb").shape == (2, 2, 3)


def test_halves_hold_zscores():
    values = np.float32([-3.25, 0, 1e-3, 7.5])
    stored = quantise(values, "float16")
    assert stored.dtype == np.float16
    np.testing.assert_allclose(stored, values, rtol=1e-3)
    assert image_scale("float16") == 1.0


@pytest.mark.parametrize("value", [70000, -70000])
def test_halves_do_not_overflow(value):
    with pytest.raises(SegbenchError, match="float16"):
        quantise(np.float32([0, value]), "float16")
