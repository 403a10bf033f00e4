"""Counts of pixels: of pairs of labels, of masks, of one class."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segbench.metrics.counts import BLOCK, Counts, contingency, counts_of, mask_counts

stacks = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)),
                elements=st.integers(0, 1))  # fmt: skip


def test_contingency_counts_pairs_of_labels():
    truth = np.array([[0, 1, 2], [2, 2, 1]], np.uint8)
    prediction = np.array([[0, 1, 1], [2, 0, 1]], np.uint8)
    assert contingency(truth, prediction, 3).tolist() == [[1, 0, 0], [0, 2, 0], [1, 1, 1]]


def test_contingency_of_masks():
    truth = np.array([True, True, False])
    assert contingency(truth, ~truth, 2).tolist() == [[0, 1], [2, 0]]


def test_large_labels_do_not_overflow():
    truth = np.full((3, 3), 255, np.uint8)
    assert contingency(truth, truth, 256)[255, 255] == 9


def test_counts_of_a_class():
    table = np.array([[5, 1, 0], [2, 7, 3], [0, 4, 9]])
    assert counts_of(table, 1) == Counts(tp=7, fp=5, fn=5)
    assert counts_of(table, 2) == Counts(tp=9, fp=3, fn=4)


def test_more_pixels_than_are_counted_at_a_time():
    truth = np.zeros(BLOCK + 3, np.uint8)
    truth[-2:] = 1
    assert contingency(truth, truth, 2).tolist() == [[BLOCK + 1, 0], [0, 2]]


@given(stacks)
def test_masks_are_counted_class_by_class(truth):
    prediction = truth[::-1]
    assert mask_counts(truth, prediction) == [
        counts_of(contingency(truth[..., c], prediction[..., c], 2), 1) for c in range(3)
    ]


@given(stacks)
def test_all_pixels_are_counted_once(truth):
    table = contingency(truth[..., 0], truth[..., 1], 2)
    found = counts_of(table, 1)
    assert table.sum() == truth[..., 0].size
    assert found.tp + found.fn == truth[..., 0].sum()
    assert found.tp + found.fp == truth[..., 1].sum()
