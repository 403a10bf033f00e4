"""Outlines enclose exactly the pixels."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segbench.objects.outline import outlines


def area(corners):
    """Signed area: positive where the line runs clockwise on the screen."""
    x, y = corners[:, 0].astype(float), corners[:, 1].astype(float)
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def test_two_objects_side_by_side():
    found = outlines(np.array([[1, 2, 2]]))
    assert [line.owner for line in found] == [0, 1]
    assert found[0].corners.tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert found[1].corners.tolist() == [[1, 0], [3, 0], [3, 1], [1, 1]]


def test_a_hole_runs_the_other_way():
    label = np.ones((3, 3), int)
    label[1, 1] = 0
    outer, hole = outlines(label)
    assert area(outer.corners) == 9
    assert area(hole.corners) == -1


def test_pixels_that_touch_at_a_corner_are_apart():
    found = outlines(np.array([[1, 0], [0, 1]]))
    assert sorted(line.corners.tolist() for line in found) == [
        [[0, 0], [1, 0], [1, 1], [0, 1]],
        [[1, 1], [2, 1], [2, 2], [1, 2]],
    ]


def test_a_corner_enclosed_by_the_object_itself():
    # One piece of 7 pixels around a corner: its line passes there twice.
    label = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]])
    (line,) = outlines(label)[:1]
    assert sum(area(each.corners) for each in outlines(label)) == 7
    assert line.corners[0].tolist() == [0, 0]


def test_nothing_has_no_outline():
    assert outlines(np.zeros((4, 4), int)) == []


@given(st.integers(0, 10**6), st.integers(1, 3))
def test_areas_are_the_numbers_of_pixels(seed, objects):
    label = np.random.default_rng(seed).integers(0, objects + 1, (9, 11))
    total = np.zeros(objects + 1)
    for line in outlines(label):
        total[line.owner + 1] += area(line.corners)
        steps = np.abs(np.diff(np.r_[line.corners, line.corners[:1]], axis=0))
        assert (np.minimum(steps[:, 0], steps[:, 1]) == 0).all(), "along the axes only"
        assert (steps.sum(axis=1) > 0).all()
    assert total[1:].tolist() == [float((label == n).sum()) for n in range(1, objects + 1)]


@given(st.integers(0, 10**6))
def test_a_filled_outline_is_the_object(seed):
    label = (np.random.default_rng(seed).random((8, 8)) < 0.6).astype(np.uint8)
    drawn = np.zeros((80, 80), np.uint8)
    for line in outlines(label):
        # In ten times the size the inside of a pixel does not depend on how lines are drawn.
        cv2.fillPoly(drawn, [line.corners.astype(np.int32) * 10], int(area(line.corners) > 0))
    inner = drawn.reshape(8, 10, 8, 10)[:, 2:8, :, 2:8]
    holes = [line for line in outlines(label) if area(line.corners) < 0]
    if not holes:
        assert (inner == label[:, None, :, None]).all()
