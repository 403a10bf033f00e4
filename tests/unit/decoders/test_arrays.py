"""NumPy arrays of every type and order of axes."""

from __future__ import annotations

import pickle
from functools import partial
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from segbench.decoders.arrays import DECODER
from segbench.decoders.decoder import Choices
from unit.decoders import agreeing
from unit.decoders.agreeing import ANY

read, refused = partial(agreeing.read, DECODER), partial(agreeing.refused, DECODER)
VOLUME = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
DTYPES = ["?", "u1", "<u2", ">u2", "<i4", ">i8", "u8", "<f2", ">f4", "f8"]


@given(st.data())
def test_arrays_of_every_type_and_order_come_back(tmp_path_factory, data):
    wanted = data.draw(st.sampled_from(["yx", "yxc", "zyx", "zyxc"]))
    stored = "".join(data.draw(st.permutations(wanted)))
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(st.tuples(*[st.integers(1, 4)] * len(wanted)))
    array = data.draw(arrays_of.arrays(dtype, shape, fill=st.nothing()))
    folder = tmp_path_factory.mktemp("npy")
    order = [wanted.index(axis) for axis in stored]
    ending = data.draw(st.sampled_from([".npy", ".npz"]))
    if ending == ".npy":
        np.save(folder / "a.npy", array.transpose(order))
    else:
        save = data.draw(st.sampled_from([np.savez, np.savez_compressed]))
        save(folder / "a.npz", image=array.transpose(order), spacing=np.ones(3))
    found = read(folder / f"a{ending}", Choices(axes=stored))
    assert found.header.axes == wanted
    assert found.pixels.dtype == np.dtype(dtype).newbyteorder("=")
    assert np.array_equal(found.pixels, array, equal_nan=array.dtype.kind == "f")
    window = tuple(slice(side // 3, side) for side in found.header.size)
    part = DECODER.window(folder / f"a{ending}", Choices(axes=stored), window)
    assert np.array_equal(part, array[window], equal_nan=array.dtype.kind == "f")


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((3, 4), "yx"), ((3, 4, 4), "yxc"), ((3, 4, 5), "zyx"), ((2, 3, 4, 9), "zyxc")],
)
def test_axes_are_guessed_from_the_shape_unless_they_are_said(tmp_path, shape, axes):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    assert read(tmp_path / "a.npy").header.axes == axes


def test_said_axes_win(tmp_path):
    np.save(tmp_path / "a.npy", VOLUME[0])
    assert read(tmp_path / "a.npy", Choices(axes="cyx")).header.shape == (4, 5, 3)
    refused(tmp_path / "a.npy", "has the axes YX", choices=Choices(axes="yx"))


@pytest.mark.parametrize("shape", [(), (4,), (2, 2, 2, 2, 2)])
def test_shapes_that_are_no_image_are_refused(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    refused(tmp_path / "a.npy", "has the axes none")


def test_fortran_order_is_only_how_it_lies_in_the_file(tmp_path):
    np.save(tmp_path / "a.npy", np.asfortranarray(VOLUME))
    assert np.array_equal(read(tmp_path / "a.npy").pixels, VOLUME)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3), complex),
        np.zeros((2, 3), [("a", "u1")]),
        np.zeros((2, 3), "U3"),
        np.zeros((2, 3), "M8[s]"),
        np.zeros((0, 3)),
    ],
    ids=["complex", "fields", "text", "dates", "empty"],
)
def test_other_things_than_numbers_are_refused(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    refused(tmp_path / "a.npy")
    np.savez(tmp_path / "a.npz", array)
    refused(tmp_path / "a.npz")


def test_pickled_objects_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[{}]]), allow_pickle=True)
    refused(tmp_path / "a.npy", "holds pickled objects", "they can run code", "numpy.save")
    np.savez(tmp_path / "a.npz", np.array([[{}]]))
    refused(tmp_path / "a.npz", "no array of numbers")
    (tmp_path / "b.npy").write_bytes(pickle.dumps({}))
    refused(tmp_path / "b.npy", "they can run code")


def test_one_of_several_arrays_is_chosen_by_its_name(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, raw=VOLUME[0], label=VOLUME[0, 0], names=np.array(["a"]))
    refused(path, "holds the arrays raw (3 x 4 x 5), label (4 x 5)", "layout: {dataset: ...}")
    assert DECODER.arrays(path) == ["raw", "label"]
    refused(path, "the name image among them", choices=Choices(dataset="image"))
    assert np.array_equal(read(path, Choices(dataset="label")).pixels, VOLUME[0, 0])


def test_one_array_needs_no_name(tmp_path):
    np.savez(tmp_path / "a.npz", VOLUME[0, 0])
    assert np.array_equal(read(tmp_path / "a.npz").pixels, VOLUME[0, 0])


@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_damage_is_named(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    refused(path, "there is no such file")
    np.save(path, VOLUME) if ending == ".npy" else np.savez_compressed(path, VOLUME)
    whole = (path if path.exists() else path.with_suffix(".npy")).read_bytes()
    for length in (0, 5, 60, len(whole) - 30):
        path.write_bytes(whole[:length])
        refused(path, "cannot be decoded")


def test_a_window_does_not_read_the_whole_file(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", VOLUME)
    monkeypatch.setattr(DECODER, "read", None)
    window = (slice(1, 2), slice(0, 2), slice(3, 4))
    assert np.array_equal(DECODER.window(tmp_path / "a.npy", ANY, window), VOLUME[window])


@pytest.mark.parametrize("order", list(permutations("zyx")))
def test_masks_lie_on_the_image_as_stored(tmp_path, order):
    axes = "".join(order)
    sides = [{"z": 2, "y": 3, "x": 4}[axis] for axis in axes]
    np.save(tmp_path / "a.npy", np.zeros((5, *sides), np.uint8))
    mask = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    DECODER.write_mask(mask, tmp_path / "m", tmp_path / "a.npy", Choices(axes=f"c{axes}"))
    assert np.load(tmp_path / "m").shape == tuple(sides)
    found = read((tmp_path / "m").rename(tmp_path / "m.npy"), Choices(axes=axes))
    assert np.array_equal(found.pixels, mask)
    assert found.pixels.dtype == np.uint16
