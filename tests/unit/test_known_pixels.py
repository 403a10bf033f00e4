"""Pixels without a value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segbench.known_pixels import LARGEST, fill_unknown, known_pixels, mark_unknown

FLOATS = hnp.arrays(
    st.sampled_from([np.float16, np.float32, np.float64]),
    hnp.array_shapes(min_dims=2, max_dims=4, max_side=4),
)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, bool])
def test_integers_always_have_a_value(dtype):
    image = np.array([[0, 1]], dtype)
    assert mark_unknown(image) is image
    assert known_pixels(image) is None
    assert fill_unknown(image) is image


def test_infinities_and_numbers_beyond_float32_have_none():
    image = np.array([LARGEST, -LARGEST, 2 * LARGEST, -1e300, np.inf, -np.inf, np.nan])
    assert np.isnan(mark_unknown(image)).tolist() == [False, False, *[True] * 5]


def test_an_image_of_known_values_is_not_copied():
    image = np.float32([[1, 2]])
    assert mark_unknown(image) is image
    assert fill_unknown(image) is image


def test_each_channel_is_filled_with_its_smallest_value():
    image = np.float32([[np.nan, 4, np.nan], [3, np.nan, np.nan], [-2, 5, np.nan]])
    assert fill_unknown(image).tolist() == [[-2, 4, 0], [3, 4, 0], [-2, 5, 0]]
    assert fill_unknown(image, 7).tolist() == [[7, 4, 7], [3, 7, 7], [-2, 5, 7]]


@given(FLOATS)
def test_what_is_known_stays_and_the_rest_is_filled(image):
    marked = mark_unknown(image)
    known = known_pixels(marked)
    filled = fill_unknown(marked)
    assert filled.dtype == marked.dtype == image.dtype
    assert np.isfinite(filled).all()
    where = np.ones(image.shape, bool) if known is None else known
    np.testing.assert_array_equal(filled[where], image[where])
    assert np.isnan(marked[~where]).all()
