"""Pieces that are complete, whatever bands the rows come in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import label

from segbench.inference.closing import Closing

MASKS = hnp.arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 9)))


def closed(mask, rows, limit=10**9):
    """The rows at which each pixel's piece was complete; -1: never."""
    closing, found = Closing(mask.shape[1], limit), np.full(mask.shape, -1)
    for start in range(0, len(mask), rows):
        stop = min(start + rows, len(mask))
        first = closing.first
        complete = closing.add(mask[start:stop], last=stop == len(mask))
        assert len(complete) == stop - first
        assert (found[first:stop][complete] == -1).all(), "complete only once"
        found[first:stop][complete] = stop
        assert closing.first + closing.kept == stop
    return found, closing.given_up


@given(MASKS, st.integers(1, 6))
def test_each_piece_is_complete_once_its_last_row_is_followed_by_another(mask, rows):
    found, given_up = closed(mask, rows)
    assert given_up == 0
    pieces = label(mask, connectivity=1)
    for number in range(1, pieces.max() + 1):
        last = np.flatnonzero((pieces == number).any(axis=1))[-1]
        stop = min((last // rows + 1) * rows, len(mask))
        if last == stop - 1 and stop < len(mask):
            stop = min(stop + rows, len(mask))
        assert set(found[pieces == number]) == {stop}
    assert (found[~mask] == -1).all()


@given(MASKS, st.integers(1, 6), st.integers(0, 60))
def test_a_piece_is_complete_as_a_whole_or_given_up_as_a_whole(mask, rows, limit):
    found, given_up = closed(mask, rows, limit)
    pieces = label(mask, connectivity=1)
    whole = [len(set(found[pieces == n] > 0)) == 1 for n in range(1, pieces.max() + 1)]
    lost = [not (found[pieces == n] > 0).any() for n in range(1, pieces.max() + 1)]
    assert all(whole)
    assert (given_up > 0) == any(lost)


def test_a_long_piece_is_given_up_and_short_ones_beside_it_are_not():
    mask = np.zeros((40, 10), bool)
    mask[:, 2] = True
    mask[35, 2:6] = True
    mask[[5, 6, 20, 38], 8] = True
    found, given_up = closed(mask, rows=4, limit=100)
    assert given_up == 1
    assert (found[:, 8] > 0).tolist() == mask[:, 8].tolist()
    assert (found[:, :7] == -1).all()
