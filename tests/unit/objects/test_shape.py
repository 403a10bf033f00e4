"""Hulls, calipers, ellipses and Crofton's weights, each against its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from segbench.objects.shape import calipers, crofton_weights, ellipses, hulls

SQUARE = np.array([[0, 0], [2, 0], [2, 2], [0, 2]])


def points(seed, count=25, side=30):
    return np.random.default_rng(seed).integers(0, side, (count, 2))


def test_a_hull_leaves_out_what_lies_within_and_on_straight_lines():
    inner = np.array([[1, 1], [1, 0], [2, 1]])
    (found,) = hulls([np.concatenate([SQUARE, inner])])
    assert sorted(found.tolist()) == sorted(SQUARE.astype(float).tolist())


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_area_and_largest_width_are_those_of_all_points(seed):
    cloud = points(seed)
    found = calipers(hulls([cloud]))
    assert found.area[0] == pytest.approx(ConvexHull(cloud).volume)
    apart = cloud[:, None] - cloud[None]
    assert found.largest[0] == pytest.approx(np.sqrt((apart**2).sum(axis=-1).max()))


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_the_smallest_width_is_the_least_of_all_directions(seed):
    cloud = points(seed)
    found = calipers(hulls([cloud]))
    angles = np.radians(np.arange(0, 180, 0.1))
    across = cloud @ np.array([np.cos(angles), np.sin(angles)])
    widths = across.max(axis=0) - across.min(axis=0)
    assert found.smallest[0] <= widths.min() + 1e-9
    assert found.smallest[0] == pytest.approx(widths.min(), rel=0.01)


def test_of_equal_widths_the_smallest_angle_counts():
    found = calipers([SQUARE.astype(float)])
    assert found.largest[0] == pytest.approx(math.sqrt(8))
    assert found.angle[0] == pytest.approx(45)


@pytest.mark.parametrize(
    ("end", "angle"),
    [((10, 0), 0), ((10, -10), 45), ((0, 10), 90), ((10, 10), 135), ((-10, 0), 0)],
)
def test_angles_run_counter_clockwise_on_the_screen(end, angle):
    thin = np.array([(0, 0), end, (end[0] * 0.5 + 1e-6 * end[1], end[1] * 0.5 - 1e-6 * end[0])])
    assert calipers([thin.astype(float)]).angle[0] == pytest.approx(angle, abs=1e-3)


def test_nothing_has_no_widths():
    found = calipers([])
    assert found.largest.shape == found.area.shape == (0,)


@given(st.floats(0.1, 50), st.floats(0.1, 50), st.floats(0, math.pi), st.floats(0.2, 5))
def test_ellipses_are_the_eigenvectors(long, short, turned, height):
    long, short = max(long, short), min(long, short)
    turn = np.array([[math.cos(turned), -math.sin(turned)], [math.sin(turned), math.cos(turned)]])
    covariance = turn @ np.diag([long**2, short**2]) @ turn.T
    major, minor, _ = ellipses(covariance[None], (height, 1.0))
    scale = np.diag([height, 1.0])
    values = np.linalg.eigvalsh(scale @ covariance @ scale)
    assert major[0] == pytest.approx(4 * math.sqrt(values[1]), rel=1e-6)
    assert minor[0] == pytest.approx(4 * math.sqrt(max(values[0], 0)), rel=1e-4)


@pytest.mark.parametrize(("yx", "angle"), [((0, 1), 0), ((-1, 1), 45), ((1, 0), 90), ((1, 1), 135)])
def test_the_direction_of_an_ellipse(yx, angle):
    covariance = np.outer(yx, yx) * 9.0 + np.eye(2)
    assert ellipses(covariance[None])[2][0] == pytest.approx(angle)


def test_a_round_object_lies_level():
    assert ellipses(np.eye(2)[None])[2][0] == 0


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 1.0), (0.3, 1.7)])
def test_the_weights_of_crofton_stand_for_all_directions(spacing):
    height, width = spacing
    # Lines in direction `step` lie `area / length of the step` apart; what is left of a weight
    # is half the angle that the direction stands for.
    shares = [
        2 * weight / (height * width / math.hypot(step[0] * height, step[1] * width))
        for step, weight in crofton_weights(spacing).items()
    ]
    assert sum(shares) == pytest.approx(math.pi)
    assert len(shares) == 4
    assert min(shares) > 0


def test_square_pixels_have_the_known_weights():
    weights = crofton_weights()
    assert weights[0, 1] == weights[1, 0] == pytest.approx(math.pi / 8)
    assert weights[1, 1] == weights[1, -1] == pytest.approx(math.pi / 8 / math.sqrt(2))
