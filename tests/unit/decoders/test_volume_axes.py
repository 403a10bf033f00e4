"""Axes x, y, z of volumes, pictures and channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.decoders.volume_axes import axes_of
from segbench.errors import SegbenchError

PATH = Path("a.nii")


@pytest.mark.parametrize(
    ("shape", "values", "chosen", "names", "stored"),
    [
        ((5, 6), 1, None, "yx", (5, 6, 1, 1)),
        ((5, 6, 1), 1, None, "yx", (5, 6, 1, 1)),
        ((5, 6, 1), 1, "zyx", "zyx", (5, 6, 1, 1)),
        ((5, 6), 1, "xyz", "zyx", (5, 6, 1, 1)),
        ((3, 6, 7), 1, None, "zyx", (3, 6, 7, 1)),
        ((5, 6, 3), 1, None, "zyx", (5, 6, 3, 1)),
        ((5, 6, 3), 1, "yxc", "yxc", (5, 6, 1, 3)),
        ((5, 6, 1), 3, "yxc", "yxc", (5, 6, 1, 3)),
        ((5, 6), 3, None, "yxc", (5, 6, 1, 3)),
        ((5, 6, 7), 2, "zyx", "zyxc", (5, 6, 7, 2)),
        ((5, 6, 7, 2), 1, None, "zyxc", (5, 6, 7, 2)),
        ((5, 6, 7, 1, 2), 1, None, "zyxc", (5, 6, 7, 2)),
    ],
)
def test_axes_are_named_whatever_their_length(shape, values, chosen, names, stored):
    found = axes_of(PATH, shape, values, chosen)
    assert (found.names, found.stored) == (names, stored)
    array = np.zeros(stored)
    assert found.in_order(array).shape == found.shape


@pytest.mark.parametrize(
    ("shape", "values"),
    [((5,), 1), ((5, 0), 1), ((5, -6), 1), ((5, 6, 7, 2, 2), 1), ((5, 6, 7, 2), 3)],
)
def test_other_axes_are_refused(shape, values):
    with pytest.raises(SegbenchError, match=r"a\.nii: has the shape"):
        axes_of(PATH, shape, values, None)


def test_slices_are_refused_where_the_user_says_picture():
    with pytest.raises(SegbenchError, match=r"a\.nii: has 7 slices"):
        axes_of(PATH, (5, 6, 7), 1, "yx")
    with pytest.raises(SegbenchError, match=r"a\.nii: has 7 slices"):
        axes_of(PATH, (5, 6, 7), 2, "yxc")
