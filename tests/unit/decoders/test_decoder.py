"""Axes of arrays as stored, and as they are handed on."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from segbench.decoders.decoder import (
    AXES,
    Choices,
    Decoded,
    Decoder,
    Header,
    as_stored,
    canonical,
    check_axes,
    check_numbers,
    chosen,
    stored_window,
)
from segbench.errors import SegbenchError

PATH = Path("a.npy")
SIDES = {"z": 2, "y": 3, "x": 4, "c": 5}


@pytest.mark.parametrize("wanted", AXES)
def test_every_order_of_axes_becomes_the_canonical_one(wanted):
    array = np.arange(np.prod([SIDES[axis] for axis in wanted]))
    array = array.reshape([SIDES[axis] for axis in wanted])
    window = (slice(1, 2), slice(1, 3), slice(0, 3))[-len(wanted.rstrip("c")) :]
    for order in permutations(range(len(wanted))):
        stored = "".join(wanted[place] for place in order)
        found, axes = canonical(PATH, array.transpose(order), stored.upper())
        assert axes == wanted
        assert np.array_equal(found, array)
        part = array.transpose(order)[stored_window(stored, window)]
        assert np.array_equal(canonical(PATH, part, stored)[0], array[window])


def test_other_axes_are_dropped_only_if_they_hold_one_entry():
    array = np.arange(12).reshape(1, 3, 1, 4)
    assert np.array_equal(canonical(PATH, array, "tysx")[0], array[0, :, 0])
    with pytest.raises(SegbenchError, match="has the axes TZYX"):
        canonical(PATH, np.zeros((2, 1, 3, 4)), "tzyx")


def test_one_slice_and_one_channel_stay():
    found, axes = canonical(PATH, np.zeros((1, 1, 3, 4)), "czyx")
    assert (found.shape, axes) == ((1, 3, 4, 1), "zyxc")


def test_a_shape_is_enough_for_a_header():
    view = np.broadcast_to(np.zeros((), np.uint16), (3, 10**6, 10**6))
    found, axes = canonical(PATH, view, "cyx")
    assert (found.shape, found.dtype, axes) == ((10**6, 10**6, 3), np.uint16, "yxc")


@pytest.mark.parametrize(
    ("axes", "shape"),
    [("yx", (2, 3, 4)), ("zx", (2, 3)), ("yyx", (2, 3, 4)), ("tcyx", (5, 2, 3, 4))],
)
def test_axes_that_do_not_fit_are_refused_with_the_key_that_helps(axes, shape):
    with pytest.raises(SegbenchError) as caught:
        canonical(PATH, np.zeros(shape), axes)
    sides = " x ".join(map(str, shape))
    assert caught.value.what == f"a.npy: has the axes {axes.upper()} ({sides})"  # as stored
    assert "layout: {axes: ...}" in caught.value.action
    with pytest.raises(SegbenchError):
        check_axes(PATH, axes, shape)


def test_the_size_is_that_of_the_spatial_axes():
    assert Header("zyxc", (2, 3, 4, 5), np.dtype("u1")).size == (2, 3, 4)
    assert Header("yx", (3, 4), np.dtype("u1")).size == (3, 4)


class Whole(Decoder):
    """Reads nothing: one array."""

    name, mask_ending = "whole", ".a"

    def read(self, path, choices):
        pixels = np.arange(12).reshape(3, 4)
        return Decoded(Header("yx", pixels.shape, pixels.dtype), pixels)


def test_a_window_is_cut_and_each_file_is_an_image_by_default():
    assert Whole().window(PATH, None, (slice(1, 3), slice(0, 2))).tolist() == [[4, 5], [8, 9]]
    found = Whole().entries(Path(), {"p.A": "p", "q.b.a": "q"})
    assert [(entry.name, entry.parts, entry.stem) for entry in found] == [
        ("p.A", ("p.A",), "p"),
        ("q.b.a", ("q.b.a",), "q"),
    ]


def test_a_label_lies_in_the_order_of_the_stored_axes():
    label = np.arange(24).reshape(2, 3, 4)
    for order in permutations("zyxc"):
        stored = as_stored(label, "".join(order))
        assert np.array_equal(canonical(PATH, stored, "".join(order).replace("c", ""))[0], label)
    assert np.array_equal(as_stored(label[0], "cxy"), label[0].T)


def test_the_array_of_a_file_with_several_is_chosen():
    several = {"raw": (3, 4), "label": (3, 4)}
    assert chosen(PATH, several, Choices(dataset="label")) == "label"
    assert chosen(PATH, {"raw": (3, 4)}, Choices()) == "raw"
    with pytest.raises(SegbenchError, match=r"holds the arrays raw \(3 x 4\)"):
        chosen(PATH, {"raw": (3, 4)}, Choices(dataset="label"))
    with pytest.raises(SegbenchError, match=r"raw \(3 x 4\), label \(3 x 4\)"):
        chosen(PATH, several, Choices())
    with pytest.raises(SegbenchError, match=r"n9 \(3 x 4\) and 2 more\n") as caught:
        chosen(PATH, {f"n{number}": (3, 4) for number in range(12)}, Choices(dataset="raw"))
    assert "the name raw among them" in caught.value.expected
    with pytest.raises(SegbenchError, match="no array of numbers"):
        chosen(PATH, {}, Choices())


@pytest.mark.parametrize("dtype", ["c8", "O", "U2", "M8[s]", "V3"])
def test_only_numbers_are_read(dtype):
    check_numbers(PATH, np.dtype("f2"), (2, 3))
    with pytest.raises(SegbenchError, match=r"of shape \(0, 3\)"):
        check_numbers(PATH, np.dtype("f2"), (0, 3))
    with pytest.raises(SegbenchError, match=r"a\.npy: holds"):
        check_numbers(PATH, np.dtype(dtype), (2, 3))
