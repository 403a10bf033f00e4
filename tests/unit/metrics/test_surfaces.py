"""Surfaces: their elements, against DeepMind's package, and where they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segbench.metrics.surfaces import bounds, element_sizes, surfaces

lookup = pytest.importorskip("surface_distance.lookup_tables")


def block(shape, *ranges) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[tuple(slice(*one) for one in ranges)] = True
    return mask


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 0.8, 0.7), (0.3, 2.0, 1.1)])
def test_areas_are_those_of_the_package(spacing):
    expected = lookup.create_table_neighbour_code_to_surface_area(spacing)
    assert element_sizes(spacing) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (3.0, 0.7)])
def test_lengths_are_those_of_the_package(spacing):
    expected = lookup.create_table_neighbour_code_to_contour_length(spacing)
    assert element_sizes(spacing) == pytest.approx(expected, rel=1e-14)


def test_a_single_pixel_by_hand():
    # Four corners, each cut off by half a diagonal of a pixel.
    found = surfaces(block((5, 5), (2, 3), (2, 3)), block((5, 5), (2, 3), (2, 3)), (3.0, 4.0))
    assert found.truth_sizes.tolist() == [2.5] * 4
    assert found.from_truth.tolist() == [0.0] * 4
    # Eight corners, each a triangle with sides of half a face's diagonal.
    cube = block((3, 3, 3), (1, 2), (1, 2), (1, 2))
    assert surfaces(cube, cube, (1, 1, 1)).truth_sizes == pytest.approx([math.sqrt(3) / 8] * 8)


def test_a_mask_at_the_image_edge_has_a_surface_there():
    full = np.ones((4, 6), bool)
    found = surfaces(full, full, (1, 1))
    assert found.truth_sizes.sum() == pytest.approx(2 * 3 + 2 * 5 + 4 * math.sqrt(0.5))


def test_bounds():
    assert bounds(block((9, 9), (2, 4), (5, 8)), np.zeros((9, 9), bool)) == (
        slice(2, 4),
        slice(5, 8),
    )
    assert bounds(np.zeros((2, 2), bool)) is None


def test_distances_are_infinite_where_the_other_mask_is_empty():
    found = surfaces(block((5, 5), (2, 3), (2, 3)), np.zeros((5, 5), bool), (1, 1))
    assert np.isinf(found.from_truth).all() and found.from_truth.size == 4
    assert found.from_prediction.size == 0
    assert surfaces(np.zeros((2, 2), bool), np.zeros((2, 2), bool), (1, 1)) is None
