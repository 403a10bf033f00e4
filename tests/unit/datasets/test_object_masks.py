"""Masks of single objects become numbered objects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segbench.datasets.object_masks import number_objects
from segbench.errors import SegbenchError


def as_masks(*rows: str) -> list[np.ndarray]:
    return [np.array([[c == "#" for c in row]]) for row in rows]


@pytest.mark.parametrize(
    ("masks", "label", "overlap"),
    [
        (["##..", "..##"], [1, 1, 2, 2], 0),
        (["###.", "..##"], [1, 1, 2, 2], 1),  # the smaller one keeps the pixel
        (["##..", ".###"], [1, 1, 2, 2], 1),
        (["##..", ".##."], [1, 1, 2, 0], 1),  # equal sizes: the first one
        (["####", ".#.."], [1, 2, 1, 1], 1),  # nothing small is hidden
        ([".#..", "####"], [2, 1, 2, 2], 1),
        (["##..", "##..", "...#"], [1, 1, 0, 2], 2),  # a copy gets no number
        (["##..", ".##.", "..##"], [1, 1, 2, 3], 2),
        (["###.", ".#..", ".##."], [1, 2, 3, 0], 2),
    ],
)
def test_number_objects(masks, label, overlap):
    found, count = number_objects(as_masks(*masks), (1, 4))
    assert found.tolist() == [label]
    assert count == overlap


@given(
    st.lists(hnp.arrays(bool, (5, 6)).filter(np.any), min_size=1, max_size=8),
)
def test_number_objects_properties(masks):
    label, overlap = number_objects(masks, (5, 6))
    depth = np.sum(masks, axis=0)
    assert overlap == (depth > 1).sum()
    assert np.array_equal(label > 0, depth > 0)
    numbers = np.unique(label[label > 0])
    assert np.array_equal(numbers, np.arange(1, numbers.size + 1))  # no gaps
    for number in numbers:
        assert any(mask[label == number].all() for mask in masks)


def test_no_masks_is_an_empty_label():
    label, overlap = number_objects([], (2, 3))
    assert not label.any()
    assert (label.dtype, overlap) == (np.uint16, 0)


def test_more_objects_than_16_bits_hold():
    mask = np.ones((1, 1), bool)
    with pytest.raises(SegbenchError, match="65535 objects"):
        number_objects([mask] * 65535, (1, 1))
