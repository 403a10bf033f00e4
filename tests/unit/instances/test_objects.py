from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from segbench.errors import SegbenchError
from segbench.instances.objects import (
    as_uint16,
    fill_holes,
    pieces,
    remove_small,
    renumber,
    split,
)

shapes = array_shapes(min_dims=2, max_dims=2, max_side=20)
masks = arrays(bool, shapes)
numbered = arrays(np.int32, shapes, elements=st.integers(0, 5))


def is_consecutive(objects):
    return sorted(set(objects.ravel().tolist()) - {0}) == list(range(1, objects.max() + 1))


@given(masks)
def test_pieces_against_scipy(mask):
    from scipy.ndimage import label

    found, (wanted, count) = pieces(mask), label(mask)
    assert found.max() == count
    pairs = {tuple(pair) for pair in np.stack([found.ravel(), wanted.ravel()], axis=1).tolist()}
    assert len(pairs) == count + (not mask.all())


def test_corners_do_not_connect():
    assert pieces(np.eye(3, dtype=bool)).max() == 3


def test_pieces_of_a_view_that_is_not_contiguous():
    mask = np.zeros((4, 6), bool)
    mask[1, 2] = True
    assert pieces(mask[::2, ::2].T).shape == (3, 2)
    assert pieces(mask[1::2, ::2]).tolist() == [[0, 1, 0], [0, 0, 0]]


relief = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(masks, relief, st.floats(0, 1), st.integers(0, 6))
@settings(deadline=None, max_examples=200)
def test_split_keeps_the_mask_and_refines_its_pieces(mask, random, threshold, minimum_px):
    seed_map = random.random(mask.shape, dtype=np.float32)
    objects = split(mask, seed_map, threshold, minimum_px)
    np.testing.assert_array_equal(objects > 0, mask)
    assert is_consecutive(objects)
    whole = pieces(mask)
    for number in range(1, objects.max() + 1):
        assert len(np.unique(whole[objects == number])) == 1
        assert pieces(objects == number).max() == 1  # each object hangs together


@given(masks, relief, st.floats(0, 1))
@settings(deadline=None)
def test_each_seed_makes_one_object(mask, random, threshold):
    seed_map = random.random(mask.shape, dtype=np.float32)
    objects = split(mask, seed_map, threshold)
    seeds = pieces(mask & (seed_map > threshold))
    for seed in range(1, seeds.max() + 1):
        assert len(np.unique(objects[seeds == seed])) == 1
    assert objects.max() >= max(seeds.max(), pieces(mask).max())


@given(masks, relief, st.integers(2, 6))
@settings(deadline=None)
def test_no_piece_is_lost_to_small_seeds(mask, random, minimum_px):
    """Removing small objects after splitting never removes part of a large piece."""
    seed_map = random.random(mask.shape, dtype=np.float32)
    objects = split(mask, seed_map, 0.5, minimum_px)
    whole = pieces(mask)
    sizes = np.bincount(objects.ravel())
    for number in range(1, objects.max() + 1):
        if sizes[number] < minimum_px:
            piece = whole == whole[objects == number][0]
            assert (piece == (objects == number)).all()


def test_split_at_the_saddle():
    height = np.float32([[1, 3, 2, 1, 2, 3, 1]])
    assert split(height > 0, height, 2.5).tolist()[0] in (
        [1, 1, 1, 1, 2, 2, 2],
        [1, 1, 1, 2, 2, 2, 2],
    )


def test_split_by_the_relief_not_by_distance():
    height = np.float32([[9, 8, 7, 6, 5, 1, 9]])
    assert split(height > 0, height, 8.5).tolist() == [[1, 1, 1, 1, 1, 2, 2]]


def test_a_piece_without_seed_is_an_object():
    height = np.float32([[1, 1, 0, 5, 1, 5]])
    assert split(height > 0, height, 4).tolist() == [[1, 1, 0, 2, 2, 3]]


def test_a_speck_in_the_seed_map_costs_no_pixels():
    height = np.float32([[9, 9, 9, 9, 1, 9, 1, 9, 9, 9, 9]])
    assert split(height > 0, height, 5).max() == 3
    objects = split(height > 0, height, 5, minimum_px=4)
    assert objects.max() == 2
    assert (objects > 0).all()


def test_a_piece_whose_seeds_are_all_specks_is_one_object():
    height = np.float32([[9, 1, 9, 1, 9]])
    assert split(height > 0, height, 5, minimum_px=4).tolist() == [[1] * 5]


def test_an_empty_mask():
    empty = np.zeros((3, 4), bool)
    assert split(empty, np.ones((3, 4), np.float32), 0.5).tolist() == [[0] * 4] * 3
    assert not remove_small(pieces(empty), 5).any()
    assert not fill_holes(pieces(empty)).any()


@given(numbered)
def test_renumber(objects):
    result = renumber(objects)
    assert is_consecutive(result)
    present = np.unique(objects[objects > 0])
    for number, old in enumerate(present, start=1):
        np.testing.assert_array_equal(result == number, objects == old)


@given(numbered, st.integers(0, 30))
def test_remove_small(objects, minimum_px):
    objects = renumber(objects)
    result = remove_small(objects, minimum_px)
    assert is_consecutive(result)
    sizes = np.bincount(objects.ravel())
    np.testing.assert_array_equal(result > 0, (objects > 0) & (sizes[objects] >= minimum_px))


def test_a_hole_in_one_object_is_filled():
    ring = np.ones((5, 5), np.int32)
    ring[1:4, 1:4] = 0
    assert (fill_holes(ring) == 1).all()


def test_a_gap_between_two_objects_stays():
    ring = np.ones((5, 6), np.int32)
    ring[:, 3:] = 2
    ring[2, 2:4] = 0
    assert fill_holes(ring).tolist() == ring.tolist()


def test_an_object_in_the_hole_of_another_stays():
    nested = np.ones((7, 7), np.int32)
    nested[1:6, 1:6] = 0
    nested[3, 3] = 2
    assert fill_holes(nested).tolist() == nested.tolist()


def test_a_bay_at_the_edge_of_the_image_is_no_hole():
    bay = np.ones((4, 4), np.int32)
    bay[0:2, 1:3] = 0
    assert fill_holes(bay).tolist() == bay.tolist()


def test_a_hole_leaks_through_a_corner():
    leaky = np.ones((4, 4), np.int32)
    leaky[2, 2] = leaky[3, 3] = 0
    assert fill_holes(leaky).tolist() == leaky.tolist()


@given(masks)
def test_holes_of_one_object_against_scipy(mask):
    from scipy.ndimage import binary_fill_holes

    wanted = binary_fill_holes(mask, np.ones((3, 3)))
    np.testing.assert_array_equal(fill_holes(mask.astype(np.int32)) > 0, wanted)


@given(numbered)
def test_filling_changes_no_object(objects):
    result = fill_holes(objects)
    assert (result[objects > 0] == objects[objects > 0]).all()
    assert result.dtype == objects.dtype


def test_more_objects_than_can_be_numbered():
    with pytest.raises(SegbenchError, match="65535 objects"):
        as_uint16(np.arange(65536, dtype=np.int32))
    assert as_uint16(np.arange(65535, dtype=np.int32)).dtype == np.uint16
