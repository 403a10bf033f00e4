"""Sums over the pixels of all objects at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.objects.layers import layers
from segbench.objects.pixels import crossings, sum_pixels


def numbered(seed, shape, objects=4):
    label = np.random.default_rng(seed).integers(0, objects + 1, shape).astype(np.uint16)
    (layer,) = layers(label, {"a": 1}, "instances")
    return layer.numbers, layer.count


@pytest.mark.parametrize(
    ("step", "expected"), [((0, 1), 4), ((1, 0), 4), ((1, 1), 6), ((1, -1), 6)]
)
def test_crossings_of_a_square_by_hand(step, expected):
    # Two rows and two columns; three diagonals either way hit a square of 2 x 2.
    padded = np.pad(np.ones((2, 2), int), 1)
    assert crossings(padded, 1, step).tolist() == [expected]


def test_neighbours_are_crossed_both():
    padded = np.pad(np.array([[1, 2]]), 1)
    assert crossings(padded, 2, (0, 1)).tolist() == [2, 2]


def test_a_gap_is_crossed_again():
    assert crossings(np.pad(np.array([[1, 0, 1]]), 1), 1, (0, 1)).tolist() == [4]


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([(7, 9), (4, 5, 6)]))
def test_boxes_and_moments_of_each_object_alone(seed, shape):
    numbers, count = numbered(seed, shape)
    found = sum_pixels(numbers, count)
    for number in range(1, count + 1):
        places = np.argwhere(numbers == number)
        assert found.size[number - 1] == len(places)
        assert found.start[:, number - 1].tolist() == places.min(axis=0).tolist()
        assert found.stop[:, number - 1].tolist() == (places.max(axis=0) + 1).tolist()
        np.testing.assert_allclose(found.mean[:, number - 1], places.mean(axis=0) + 0.5)
        spread = np.cov(places.T, bias=True) + np.eye(len(shape)) / 12
        np.testing.assert_allclose(found.covariance[number - 1], spread, atol=1e-12)


def test_an_object_of_several_pieces_is_one():
    found = sum_pixels(np.array([[1, 0, 1]]), 1)
    assert found.size.tolist() == [2]
    assert found.mean.tolist() == [[0.5], [1.5]]
    assert found.covariance[0, 1, 1] == pytest.approx(1 + 1 / 12)


def test_no_objects():
    found = sum_pixels(np.zeros((3, 3), int), 0)
    assert found.mean.shape == (2, 0)
    assert found.covariance.shape == (0, 2, 2)


def test_sums_of_a_large_image_stay_exact():
    numbers = np.ones((4000, 3000), np.int32)
    found = sum_pixels(numbers, 1)
    assert found.mean[:, 0].tolist() == [2000.0, 1500.0]
    assert found.covariance[0, 0, 0] == pytest.approx(4000**2 / 12, rel=1e-12)
    assert found.covariance[0, 0, 1] == pytest.approx(0, abs=1e-6)
