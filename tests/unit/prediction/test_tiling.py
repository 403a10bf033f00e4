from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.prediction.tiling import Axis, Tiling, gaussian, hann, mirror, plan_axis

lengths = st.integers(1, 400)
tiles = st.one_of(st.none(), st.integers(1, 120))
overlaps = st.floats(0, 0.9)
units = st.sampled_from([1, 2, 8, 16])
blends = st.sampled_from(["hann", "gaussian"])


@given(lengths, tiles, overlaps, units)
def test_tiles_cover_the_axis_and_can_be_pooled(length, tile, overlap, unit):
    axis = plan_axis(length, tile, overlap, unit)
    assert axis.tile % unit == 0
    covered = np.zeros(axis.padded, int)
    for start in axis.starts:
        assert 0 <= start <= axis.padded - axis.tile
        covered[start : start + axis.tile] += 1
    assert covered.min() >= 1
    assert list(axis.starts) == sorted(set(axis.starts))
    assert axis.padded == length + axis.before + axis.after


@given(lengths, tiles, overlaps, units)
def test_only_images_smaller_than_a_tile_are_mirrored(length, tile, overlap, unit):
    axis = plan_axis(length, tile, overlap, unit)
    if axis.before or axis.after:
        assert len(axis.starts) == 1
        assert abs(axis.before - axis.after) <= 1


@given(lengths, tiles, overlaps, units, blends)
def test_weights_are_positive_and_sum_to_one(length, tile, overlap, unit, blend):
    axis = plan_axis(length, tile, overlap, unit, blend)
    assert axis.blend == blend
    weights = axis.weights()
    assert weights.dtype == np.float32
    assert (weights > 0).all()
    total = np.zeros(axis.padded)
    for start, row in zip(axis.starts, weights, strict=True):
        total[start : start + axis.tile] += row
    np.testing.assert_allclose(total, 1, rtol=1e-6)


@given(st.integers(50, 400), st.integers(8, 40), st.floats(0, 0.8))
def test_neighbours_overlap_at_least_as_asked(length, tile, overlap):
    axis = plan_axis(length, tile, overlap, 1)
    strides = np.diff(axis.starts)
    assert (axis.tile - strides >= overlap * axis.tile - 1).all()
    assert np.ptp(strides) <= 1


def test_literal_plans():
    assert plan_axis(256, 256, 0.5, 16) == Axis(256, 256, 0, 0, (0,))
    assert plan_axis(360, 256, 0.5, 16) == Axis(360, 256, 0, 0, (0, 104))
    assert plan_axis(512, 256, 0.5, 16).starts == (0, 128, 256)
    assert plan_axis(512, 256, 0.0, 16).starts == (0, 256)
    assert plan_axis(1040, 512, 0.5, 16).starts == (0, 176, 352, 528)


def test_small_images_get_one_of_three_shapes():
    sides = {plan_axis(length, 512, 0.5, 16).tile for length in range(1, 513)}
    assert sides == {128, 256, 512}


def test_a_tile_is_rounded_up_to_what_can_be_pooled():
    assert plan_axis(1000, 100, 0.5, 16).tile == 112


def test_whole_images_get_few_shapes():
    sides = {plan_axis(length, None, 0.5, 16).tile for length in range(513, 1025)}
    assert len(sides) == 8
    for length in (128, 208, 256, 320, 512, 1024):
        assert plan_axis(length, None, 0.5, 16).tile == length
    assert plan_axis(1388, None, 0.5, 16).tile == 1408


@pytest.mark.parametrize("overlap", [1.0, -0.1, 1.5])
def test_impossible_overlap(overlap):
    with pytest.raises(SegbenchError, match="overlap"):
        plan_axis(100, 10, overlap, 1)


def test_hann_window_where_two_tiles_meet():
    weights = plan_axis(12, 8, 0.5, 4).weights()
    window = np.sin(np.pi * (np.arange(8) + 0.5) / 8) ** 2
    np.testing.assert_allclose(weights[0, :4], 1, rtol=1e-6)
    np.testing.assert_allclose(weights[0, 4:], window[4:] / (window[4:] + window[:4]), rtol=1e-6)


def test_plan_of_both_axes():
    rows, columns = Tiling((32, 64), 0.5, 8).plan(100, 50)
    assert (rows.tile, columns.tile) == (32, 64)
    rows, columns = Tiling(None, 0.5, 8).plan(100, 50)
    assert (rows.starts, columns.starts) == ((0,), (0,))


def test_plan_of_a_volume():
    axes = Tiling((64, 64, 64), 0.5, 16, "gaussian").plan(155, 240, 240)
    assert [len(axis.starts) for axis in axes] == [4, 7, 7]
    assert [axis.starts[-1] + axis.tile for axis in axes] == [155, 240, 240]
    assert {axis.blend for axis in axes} == {"gaussian"}
    deep, high, wide = Tiling(None, 0.5, 8).plan(5, 100, 50)
    assert (deep.tile, high.tile, wide.tile) == (8, 104, 56)


@pytest.mark.parametrize(("tile", "size"), [((64, 64), (9, 99, 99)), ((8, 64, 64), (99, 99))])
def test_a_tile_of_other_axes_than_the_image(tile, size):
    with pytest.raises(SegbenchError, match="axes") as error:
        Tiling(tile, 0.5, 8).plan(*size)
    assert f"{len(size)} sides" in error.value.expected


def test_windows():
    np.testing.assert_allclose(hann(4), np.sin(np.pi * np.array([1, 3, 5, 7]) / 8) ** 2)
    # Standard deviation 1/8 of 8 px is 1 px: the normal density at half-integers.
    density = [0.3520653, 0.1295176, 0.0175283, 0.0008727]
    np.testing.assert_allclose(
        gaussian(8) / np.sqrt(2 * np.pi), [*density[::-1], *density], rtol=1e-4
    )


def test_gaussian_where_two_tiles_meet():
    weights = plan_axis(12, 8, 0.5, 4, "gaussian").weights()
    window = gaussian(8)
    np.testing.assert_allclose(weights[1, :4], window[:4] / (window[4:] + window[:4]), rtol=1e-6)
    np.testing.assert_allclose(weights[1, 4:], 1, rtol=1e-6)


def test_mirror_repeats_no_edge():
    axis = Axis(3, 7, 2, 2, (0,))
    line = np.array([1, 2, 3])[None, :, None]
    one = Axis(1, 1, 0, 0, (0,))
    assert mirror(line, (one, axis)).ravel().tolist() == [3, 2, 1, 2, 3, 2, 1]


def test_mirror_of_an_image_smaller_than_its_mirror():
    image = np.array([[5.0]])[..., None]
    axis = plan_axis(1, 16, 0.5, 16)
    assert mirror(image, (axis, axis)).shape == (16, 16, 1)
    assert (mirror(image, (axis, axis)) == 5).all()


def test_mirror_of_nothing_is_the_image_itself():
    image = np.ones((8, 8, 1))
    axis = plan_axis(8, 8, 0, 8)
    assert mirror(image, (axis, axis)) is image
