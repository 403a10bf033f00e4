"""Pixel values: units, channels and storage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import color

from segbench.errors import SegbenchError
from segbench.imaging.pixel_values import (
    image_scale,
    quantise,
    require_unit,
    to_channels,
    to_unit,
)


def row(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(1, -1, 1)


# ---- units


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


def test_require_unit():
    require_unit(np.array([0.0, 1.0]), "x")
    require_unit(np.empty(0), "x")
    for bad in (-0.01, 1.01):
        with pytest.raises(SegbenchError, match="preprocessing step x"):
            require_unit(np.array([bad]), "x")
        with pytest.raises(SegbenchError, match=rf"values lie in {bad}\.\.\.{bad}"):
            require_unit(np.array([np.nan, bad]), "x")
    require_unit(np.array([np.nan, 0.5]), "x")


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


def test_the_luma_is_unknown_where_a_colour_is():
    image = np.ones((1, 2, 3), np.float32)
    image[0, 1, 2] = np.nan
    assert np.isnan(to_channels(image, "grey")).ravel().tolist() == [False, True]


def test_alpha_is_dropped():
    image = np.zeros((1, 1, 4), np.uint8)
    image[..., 3] = 255
    assert to_channels(image, "rgb").max() == 0
    assert to_channels(image[..., [0, 3]], "grey").max() == 0


@pytest.mark.parametrize("shape", [(3,), (3, 3, 5), (2, 2, 2, 2, 2), (3, 3, 0)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(SegbenchError, match="shape"):
        to_channels(np.zeros(shape, np.float32), "grey")


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


# ---- storage


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
    # Below 65536 a product in float32 is rounded by at most 2**-9.
    assert abs(stored[0] * scale - value) <= scale * (0.5 + 2**-9 + 1e-6)


def test_float32_is_stored_as_it_is():
    image = row(-3, 7.25)
    assert quantise(image, "float32").tolist() == image.tolist()
    assert image_scale("float32") == 1


def test_integers_cannot_hold_more_than_one():
    for bad in (row(1.5), row(-0.5)):
        with pytest.raises(SegbenchError, match="dtype"):
            quantise(bad, "uint8")


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
