"""Resampling around pixels without a value."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.imaging.known_resampling import resample_known
from segbench.imaging.resampling import resize_image

KINDS = ("nearest", "bilinear", "bicubic", "area")


def resizing(size, kind="bilinear"):
    return partial(resize_image, size=size, interpolation=kind)


def test_without_gaps_nothing_is_different():
    image = np.random.default_rng(0).random((6, 8, 2), dtype=np.float32)
    change = resizing((3, 5))
    assert (resample_known(image, change) == change(image)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_one_value_keeps_it_and_the_gap_stays_where_it_is(kind):
    image = np.full((8, 8, 1), 7, np.float32)
    image[:, :4] = np.nan
    found = resample_known(image, resizing((4, 4), kind))[..., 0]
    assert np.isnan(found[:, :2]).all()
    np.testing.assert_allclose(found[:, 2:], 7, rtol=1e-6)


def test_half_of_the_weight_is_enough():
    image = np.float32([[[1], [np.nan], [np.nan], [np.nan]]])
    found = resample_known(image, resizing((1, 2), "area")).ravel()
    assert found[0] == 1
    assert np.isnan(found[1])


def test_channels_have_gaps_of_their_own():
    image = np.ones((2, 4, 2), np.float32)
    image[:, :2, 0] = np.nan
    found = resample_known(image, resizing((2, 2), "area"))
    assert np.isnan(found[:, 0, 0]).all()
    assert (found[..., 1] == 1).all()


@pytest.mark.parametrize("value", [np.nan, 3e38])
def test_no_value_at_all_and_the_largest(value):
    image = np.full((4, 4, 1), value, np.float32)
    image[0, 0] = np.nan
    found = resample_known(image, resizing((2, 2)))
    np.testing.assert_array_equal(np.isnan(found), np.full((2, 2, 1), np.isnan(value)))


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(KINDS), st.integers(1, 9), st.integers(1, 9))
def test_results_lie_between_the_known_values(seed, kind, height, width):
    rng = np.random.default_rng(seed)
    image = rng.normal(50, 5, (6, 5, 1)).astype(np.float32)
    known = rng.random(image.shape) < 0.6
    found = resample_known(np.where(known, image, np.nan), resizing((height, width), kind))
    inside = found[np.isfinite(found)]
    if inside.size:
        assert image[known].min() <= inside.min() <= inside.max() <= image[known].max()
