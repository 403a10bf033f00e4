"""Boxes of volumes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.imaging.cropping import check_box, nonzero_box, window
from unit.imaging.heads import head, sides


def test_the_box_of_what_is_not_zero():
    image, _ = head()
    assert nonzero_box(image) == ((2, 8), (3, 11), (4, 9))
    image[9, 0, 13, 2] = -0.5  # any channel, any sign
    assert nonzero_box(image) == ((2, 10), (0, 11), (4, 14))


def test_voxels_without_a_value_are_outside():
    image, _ = head()
    outside = np.where(image == 0, np.nan, image)
    assert nonzero_box(outside) == nonzero_box(image)
    assert nonzero_box(np.full((2, 3, 4, 1), np.nan)) == ((0, 2), (0, 3), (0, 4))


def test_a_volume_of_zeros_is_not_cut():
    assert nonzero_box(np.zeros((2, 3, 4, 1))) == ((0, 2), (0, 3), (0, 4))


@given(st.tuples(sides, sides, sides), st.integers(0, 40), st.integers(0, 99))
def test_nothing_is_lost_by_the_crop(shape, points, seed):
    rng = np.random.default_rng(seed)
    image = np.zeros((*shape, 2))
    image.ravel()[rng.integers(0, image.size, points)] = 1
    box = nonzero_box(image)
    assert image[window(box)].sum() == image.sum()
    if points:
        for axis in range(3):
            for end in (0, -1):
                assert np.take(image[window(box)], end, axis).any(), "as small as can be"


@pytest.mark.parametrize(
    "box", [((0, 3), (0, 2)), ((0, 4), (0, 2), (0, 2)), ((1, 1), (0, 2), (0, 2)),
            ((-1, 2), (0, 2), (0, 2))]
)  # fmt: skip
def test_a_box_outside_the_volume(box):
    with pytest.raises(SegbenchError, match="crop"):
        check_box(box, (3, 2, 2))
