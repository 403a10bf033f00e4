"""One conversion of labels: any integer, floats of whole numbers, bits, equal channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segbench.datasets.folder_legend import Labels
from segbench.datasets.label_values import counted, looked_up, rounded, to_binary, whole_numbers
from segbench.errors import SegbenchError
from unit.datasets.folders import TWO, decoded, label

PATH = Path("mask.tif")
INTEGERS = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64]

arrays = st.sampled_from(INTEGERS).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5))
)


@given(arrays)
def test_integers_stay_as_they_are_and_are_counted(array):
    found = rounded(PATH, array)
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)
    present, counts = np.unique(array, return_counts=True)
    assert counted(found) == dict(zip(present.tolist(), counts.tolist(), strict=True))


@given(arrays, st.integers(0, 2**32 - 1))
def test_each_value_is_looked_up(array, seed):
    present = np.unique(array).tolist()
    rows = np.random.default_rng(seed).integers(0, 255, (len(present), 2))
    table = {value: row.tolist() for value, row in zip(present, rows, strict=True)}
    found = looked_up(array, table, np.uint8)
    assert found.shape == (*array.shape, 2)
    for place in np.ndindex(array.shape):
        assert found[place].tolist() == table[int(array[place])]


@given(
    hnp.arrays(np.int32, (3, 4), elements=st.integers(-(2**20), 2**20)),
    hnp.arrays(np.float64, (3, 4), elements=st.floats(-9e-4, 9e-4)),
    st.sampled_from([np.float32, np.float64]),
)
def test_floats_close_to_whole_numbers_are_rounded(truth, error, dtype):
    small = np.abs(truth) < 2**10  # a float32 of 2**20 has steps of 0.06
    found = rounded(PATH, np.where(small, truth + error, truth).astype(dtype))
    assert found.dtype.kind in "iu"
    assert np.array_equal(found, truth)


@pytest.mark.parametrize("wrong", [0.5, 1.002, np.nan, np.inf])
def test_other_floats_are_refused(wrong):
    with pytest.raises(SegbenchError, match="1 of 3 values are not whole numbers"):
        rounded(PATH, np.array([[0, 1, wrong]]))


@pytest.mark.parametrize("ends", [(0, 2.0**64), (-1, 2.0**63), (-(2.0**64), 0)])
def test_floats_beyond_64_bits_are_refused(ends):
    with pytest.raises(SegbenchError) as error:
        rounded(PATH, np.array([ends]))
    assert "whole numbers of at most 64 bits" in error.value.expected


def test_ids_beyond_int64_are_kept():
    ids = np.array([[0, 2**63 + 5, 2**64 - 1]], np.uint64)
    assert counted(rounded(PATH, ids)) == {0: 1, 2**63 + 5: 1, 2**64 - 1: 1}
    table = {0: 0, 2**63 + 5: 1, 2**64 - 1: 2}
    assert looked_up(ids, table, np.uint8).tolist() == [[0, 1, 2]]
    near = np.array([[2**63 + 5, 2**63 + 6]], np.uint64)
    assert looked_up(near, {2**63 + 5: 7, 2**63 + 6: 9}, np.uint8).tolist() == [[7, 9]]
    assert rounded(PATH, np.array([[2.0**63]])).dtype == np.uint64


@pytest.mark.parametrize("axes", ["yxc", "zyxc"])
def test_equal_channels_are_one(axes):
    values = label(2) if axes == "yxc" else np.stack([label(2), label(1)])
    mask = decoded(np.stack([values] * 3, axis=-1), axes)
    assert np.array_equal(whole_numbers(PATH, mask), values)
    opaque = decoded(np.stack([values, np.full_like(values, 255)], axis=-1), axes, alpha=True)
    assert np.array_equal(whole_numbers(PATH, opaque), values)


def test_channels_that_differ_are_refused():
    mask = decoded(np.stack([label(2), label(1)], axis=-1), "yxc")
    with pytest.raises(SegbenchError, match="the mask has 2 channels that differ"):
        whole_numbers(PATH, mask)


def test_a_channel_for_each_class_is_no_picture_in_colour():
    """One-hot masks, and layers of another number than there are classes."""
    mask = decoded(np.eye(3, dtype=np.uint8)[label(2)], "yxc")
    with pytest.raises(SegbenchError) as caught:
        whole_numbers(PATH, mask, Labels.of(TWO, None))
    assert "the mask has 3 channels that differ" in caught.value.what
    assert "one for each of the 2 class(es), in the config's order" in caught.value.action
    assert "set `task: overlapping`" in caught.value.action


def test_a_narrow_volume_has_no_channels():
    volume = np.arange(24).reshape(2, 3, 4)
    assert np.array_equal(whole_numbers(PATH, decoded(volume)), volume)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float32])
def test_binary_masks(dtype):
    mask = label(1).astype(dtype)
    assert np.array_equal(to_binary(PATH, decoded(mask)), label(1))
    if dtype is not bool:
        assert np.array_equal(to_binary(PATH, decoded(mask * 255)), label(1))
    assert to_binary(PATH, decoded(mask)).dtype == np.uint8


def test_both_255_and_1_are_refused():
    with pytest.raises(SegbenchError, match="holds the values"):
        to_binary(PATH, decoded(np.array([[0, 1, 255]], np.uint8)))


@pytest.mark.parametrize("ignored", [3, 255, 70000])
def test_ignored_values_of_binary_masks_are_marked(ignored):
    hidden, binary = label(1, 1) > 0, label(1, 2)
    mask = np.where(hidden, ignored, binary.astype(int))
    found = to_binary(PATH, decoded(mask), {ignored})
    assert np.array_equal(found, np.where(hidden, 255, binary))


@given(st.sampled_from([np.uint8, np.int16, np.uint64]), st.lists(st.integers(0, 255), max_size=30))
def test_values_are_counted_and_looked_up_whatever_their_dtype(dtype, values):
    numbers = np.array(values, dtype).reshape(-1, 1)
    counts = {value: values.count(value) for value in sorted(set(values))}
    assert counted(numbers) == counts
    table = {value: 255 - value for value in counts}
    assert looked_up(numbers, table, np.uint8).ravel().tolist() == [255 - v for v in values]
