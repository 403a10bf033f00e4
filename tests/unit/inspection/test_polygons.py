"""Polygons become pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.inspection.polygons import CROWD, Annotated, Shape, drawn, filled, ring_of
from unit.inspection.layouts import ring


def rectangle(*sides):
    return ring_of(ring(*sides))


def test_a_rectangle_covers_exactly_its_pixels():
    mask = filled([rectangle(1, 2, 4, 5)], (6, 6))
    expected = np.zeros((6, 6), bool)
    expected[2:5, 1:4] = True
    assert (mask == expected).all()


@pytest.mark.parametrize(("left", "first"), [(0.4, 0), (0.5, 0), (0.6, 1)])
def test_a_pixel_is_inside_if_its_centre_is(left, first):
    assert filled([rectangle(left, 0, 3, 1)], (1, 3))[0].tolist() == [k >= first for k in range(3)]


def test_polygons_beyond_the_image_are_cut():
    assert filled([rectangle(-9, -9, 99, 99)], (4, 5)).all()
    assert not filled([rectangle(50, 50, 60, 60)], (4, 5)).any()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-2, 12), st.floats(-2, 12)), min_size=3, max_size=7))
def test_the_pixels_are_those_that_matplotlib_finds(corners):
    from matplotlib.path import Path

    ours = filled([np.array(corners)], (10, 10))
    y, x = np.mgrid[:10, :10] + 0.5
    centres = np.column_stack([x.ravel(), y.ravel()])
    closed = np.array([*corners, corners[0]])
    # Where outlines cross themselves the rules differ; near an edge rounding decides.
    inner = Path(closed).contains_points(centres, radius=-1e-6).reshape(10, 10)
    outer = Path(closed).contains_points(centres, radius=1e-6).reshape(10, 10)
    crossing = _crosses(corners)
    assert crossing or (ours >= (inner & outer)).all()
    assert crossing or (ours <= (inner | outer)).all()


def _crosses(corners):
    """Whether two edges that are no neighbours meet."""
    count = len(corners)
    edges = [(np.array(corners[k]), np.array(corners[(k + 1) % count])) for k in range(count)]

    def side(a, b, c):
        return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    for k in range(count):
        for m in range(k + 1, count):
            a, b, c, d = *edges[k], *edges[m]
            if side(a, b, c) * side(a, b, d) <= 0 and side(c, d, a) * side(c, d, b) <= 0:
                if m - k not in (1, count - 1):
                    return True
                if side(a, b, c) == side(a, b, d) == 0:
                    return True
    return False


def test_objects_are_numbered_and_the_smaller_is_on_top():
    shapes = [Shape(0, (rectangle(0, 0, 4, 4),)), Shape(0, (rectangle(1, 1, 3, 3),))]
    mask, overlap = drawn(Annotated("a", "a", (4, 4), shapes), instances=True)
    assert mask.dtype == np.uint16
    assert mask[1:3, 1:3].tolist() == [[2, 2], [2, 2]]
    assert (mask == 1).sum() == 12
    assert overlap == 4


def test_classes_are_numbered_from_1_and_equal_ones_do_not_overlap():
    shapes = [Shape(1, (rectangle(0, 0, 2, 2),)), Shape(1, (rectangle(1, 0, 3, 2),)),
              Shape(0, (rectangle(2, 0, 3, 1),))]  # fmt: skip
    mask, overlap = drawn(Annotated("a", "a", (2, 4), shapes), instances=False)
    assert mask.tolist() == [[2, 2, 1, 0], [2, 2, 2, 0]]
    assert overlap == 1


def test_a_crowd_is_no_object():
    shapes = [Shape(0, (rectangle(0, 0, 4, 4),), crowd=True), Shape(0, (rectangle(0, 0, 1, 1),))]
    mask, _ = drawn(Annotated("a", "a", (4, 4), shapes), instances=True)
    assert np.unique(mask).tolist() == [1, CROWD]


def test_an_image_without_objects_has_an_empty_mask():
    mask, overlap = drawn(Annotated("a", "a", (3, 3)), instances=False)
    assert not mask.any()
    assert overlap == 0


@pytest.mark.parametrize("numbers", [[], [0, 0, 1, 1], [0, 0, 1, 1, 2], [0, 0, 1, 1, np.nan, 2]])
def test_what_is_no_polygon(numbers):
    assert ring_of(numbers) is None
