from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segbench.figures.images import display_image


def test_display_image_scales_and_resizes():
    image = np.full((4, 4, 1), 51, np.uint8)
    shown = display_image(image, 1 / 255, 6, 10)
    assert shown.shape == (6, 10, 3)
    assert np.allclose(shown, 0.2)
    assert display_image(image, 1 / 255, 2, 2).shape == (2, 2, 3)


def test_display_image_stretches_z_scores():
    image = np.linspace(-3, 3, 400, dtype=np.float32).reshape(20, 20, 1)
    image[0, 0] = np.nan
    shown = display_image(image, 1.0, 20, 20)
    assert shown.min() == 0
    assert shown.max() == 1
    assert 0.4 < shown[10, 0, 0] < 0.6


def test_display_image_keeps_colours():
    image = np.zeros((2, 2, 3), np.uint8)
    image[..., 1] = 255
    assert (display_image(image, 1 / 255, 2, 2)[0, 0] == [0, 1, 0]).all()


def test_display_image_within_given_limits():
    image = np.array([[[100], [200], [400]]], np.uint16)
    shown = display_image(image, 1.0, 1, 3, limits=(100, 300))
    assert shown[0, :, 0].tolist() == [0, 0.5, 1]


def test_of_two_channels_the_mean_is_shown():
    image = np.array([[[0, 255]]], np.uint8)
    assert display_image(image, 1 / 255, 1, 1).tolist() == [[[0.5, 0.5, 0.5]]]


@given(
    arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4)),
           elements=st.floats(-1e4, 1e4, width=32)),
    st.integers(1, 9),
    st.integers(1, 9),
)  # fmt: skip
def test_any_image_is_shown_at_the_size_asked_for_between_black_and_white(image, height, width):
    shown = display_image(image, 1.0, height, width)
    assert shown.shape == (height, width, 3)
    assert shown.min() >= 0
    assert shown.max() <= 1


def test_what_is_no_number_is_black():
    image = np.array([[[np.nan], [1.0]]], np.float32)
    assert display_image(image, 1.0, 1, 2)[0, :, 0].tolist() == [0, 1]
    image = np.array([[[np.inf], [-900], [-800], [-np.inf]]], np.float32)
    shown = display_image(image, 1.0, 1, 4, limits=(-1000, -800))
    assert shown[0, :, 0].tolist() == [0, 0.5, 1, 0]


def test_equal_limits_do_not_divide_by_zero():
    assert np.isfinite(display_image(np.ones((2, 2, 1)), 1.0, 2, 2, limits=(1, 1))).all()
