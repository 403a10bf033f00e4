"""OME-Zarr stores give the arrays that were written, whatever their layout."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.decoders.decoder import Choices
from segbench.decoders.listing import list_images
from segbench.decoders.ome_zarr import DECODER
from segbench.decoders.registry import decoder_of, header_of, read
from segbench.errors import SegbenchError
from unit.decoders.zarr_stores import put, write_image

PLAIN = Choices()
DTYPES = [f"{order}{kind}" for order in "<>" for kind in ("u2", "i2", "u4", "i8", "f4", "f8")]
DTYPES += ["u1", "i1", "?", "<f2"]


def compressors(new):
    if not new:
        return [None, numcodecs.Zstd(3), numcodecs.GZip(1), numcodecs.Blosc("lz4")]
    codecs = zarr.codecs
    return [None, codecs.ZstdCodec(), codecs.GzipCodec(), codecs.BloscCodec(cname="zstd")]


@st.composite
def stores(draw):
    """Settings of a store, and the pixels in it."""
    letters = draw(st.sampled_from(["yx", "cyx", "zyx", "czyx", "tcyx", "tczyx"]))
    sides = [1 if letter == "t" else draw(st.integers(2, 9)) for letter in letters]
    new = draw(st.booleans())
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    chunks = [draw(st.integers(1, side)) for side in sides]
    array = {"chunks": tuple(chunks), "compressors": draw(st.sampled_from(compressors(new)))}
    if new and draw(st.booleans()):
        array["shards"] = tuple(2 * side for side in chunks)
    if not new:
        separator = draw(st.sampled_from("./"))
        array["chunk_key_encoding"] = {"name": "v2", "separator": separator}
    seed = draw(st.integers(0, 2**32 - 1))
    pixels = np.random.default_rng(seed).integers(0, 120, sides).astype(dtype)
    return letters, pixels, new, array


def expected(letters, pixels):
    """The array as it is handed on: without time, channels last."""
    pixels = pixels[0] if letters.startswith("t") else pixels
    return np.moveaxis(pixels, 0, -1) if "c" in letters else pixels


@settings(max_examples=30, deadline=None)
@given(stores(), st.data())
def test_every_store_is_read_back_equal(store, data):
    letters, pixels, new, array = store
    wanted = expected(letters, pixels)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ome.zarr"
        write_image(path, [pixels], letters, new=new, array=array)
        found = read(path)
        assert found.pixels.dtype == wanted.dtype.newbyteorder("=")
        assert np.array_equal(found.pixels, wanted)
        assert found.header.axes == letters.strip("tc") + "c" * ("c" in letters)
        assert header_of(path).shape == found.pixels.shape == found.header.shape
        window = []
        for side in found.header.size:
            start = data.draw(st.integers(0, side - 1))
            window.append(slice(start, data.draw(st.integers(start + 1, side))))
        part = DECODER.window(path, PLAIN, tuple(window))
        assert np.array_equal(part, wanted[tuple(window)])


@pytest.mark.parametrize("order", ["zyxc", "czyx", "xyzc", "cxyz"])
def test_a_plain_array_is_read_with_the_axes_that_the_user_gives(tmp_path, order):
    pixels = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    stored = pixels.transpose(["zyxc".index(letter) for letter in order])
    zarr.create_array(tmp_path / "a.zarr", data=np.ascontiguousarray(stored), zarr_format=2)
    found = read(tmp_path / "a.zarr", Choices(axes="".join(order)))
    assert found.header.axes == "zyxc"
    assert np.array_equal(found.pixels, pixels)


def test_one_slice_and_one_channel_are_dropped_unless_the_user_names_them(tmp_path):
    pixels = np.arange(12, dtype=np.uint8).reshape(1, 1, 1, 3, 4)
    scale = [[1, 1, 2, 0.5, 0.5]]
    write_image(tmp_path / "a.zarr", [pixels], "tczyx", scale)
    header = header_of(tmp_path / "a.zarr")
    assert (header.axes, header.shape, header.spacing_mm) == ("yx", (3, 4), (0.0005, 0.0005))
    assert np.array_equal(read(tmp_path / "a.zarr").pixels, pixels[0, 0, 0])
    named = read(tmp_path / "a.zarr", Choices(axes="zyx"))
    assert named.pixels.shape == (1, 3, 4)
    assert named.header.spacing_mm == (0.002, 0.0005, 0.0005)


def test_several_times_are_refused_by_name(tmp_path):
    write_image(tmp_path / "a.zarr", [np.zeros((2, 3, 4))], "tyx")
    with pytest.raises(SegbenchError) as caught:
        read(tmp_path / "a.zarr")
    assert "has the axes TYX (2 x 3 x 4)" in caught.value.what
    assert "each time point" in caught.value.action


def test_the_spacing_follows_the_level(tmp_path):
    full = np.arange(8 * 12, dtype=np.uint16).reshape(8, 12)
    write_image(tmp_path / "a.zarr", [full, full[::2, ::2]], "yx", [[0.5, 0.25], [1.0, 0.5]])
    header = header_of(tmp_path / "a.zarr", Choices(level=1))
    assert (header.shape, header.spacing_mm) == ((4, 6), (0.001, 0.0005))
    assert np.array_equal(read(tmp_path / "a.zarr", Choices(level=1)).pixels, full[::2, ::2])
    assert header_of(tmp_path / "a.zarr").spacing_mm == (0.0005, 0.00025)


def test_three_channels_are_colours_only_if_they_are_called_so(tmp_path):
    for name, labels in (("a", ["Red", "Green", "Blue"]), ("b", ["DAPI", "GFP", "RFP"])):
        omero = {"channels": [{"label": label, "color": "FF0000"} for label in labels]}
        write_image(tmp_path / f"{name}.zarr", [np.zeros((3, 4, 5))], "cyx", ome={"omero": omero})
        header = header_of(tmp_path / f"{name}.zarr")
        assert header.channels == tuple(labels)
        assert header.colour == (name == "a")


def test_a_store_is_one_entry_with_all_its_files(tmp_path):
    write_image(tmp_path / "in/a b (2).ome.zarr", [np.ones((4, 4))], "yx", array={"chunks": (2, 4)})
    (tmp_path / "in/notes.txt").write_text("x")
    (entry,), others = list_images(tmp_path / "in")
    assert (entry.name, entry.stem) == ("a b (2).ome.zarr", "a b (2)")
    inside = ("0/c/0/0", "0/c/1/0", "0/zarr.json", "zarr.json")
    assert sorted(entry.parts) == [f"a b (2).ome.zarr/{name}" for name in inside]
    assert others == ["notes.txt"]


def test_windows_read_only_the_chunks_that_they_touch(tmp_path):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    write_image(tmp_path / "a.zarr", [pixels], "yx", array={"chunks": (4, 4)})
    (tmp_path / "a.zarr/0/c/1/1").write_bytes(b"damaged")
    window = DECODER.window(tmp_path / "a.zarr", PLAIN, (slice(1, 4), slice(2, 8)))
    assert np.array_equal(window, pixels[1:4, 2:8])
    with pytest.raises(SegbenchError) as caught:
        DECODER.window(tmp_path / "a.zarr", PLAIN, (slice(3, 5), slice(2, 8)))
    assert f"{tmp_path / 'a.zarr'}: cannot be decoded" in caught.value.what


def test_values_that_are_no_numbers_are_refused(tmp_path):
    group = zarr.create_group(tmp_path / "a.zarr")
    put(group, "z", np.zeros((2, 2), np.complex64), "yx")
    with pytest.raises(SegbenchError, match="holds complex64 values of shape \\(2, 2\\)"):
        read(tmp_path / "a.zarr")


def test_absent_and_empty_stores_are_told_apart(tmp_path):
    with pytest.raises(SegbenchError, match="there is no such file"):
        read(tmp_path / "a.zarr")
    (tmp_path / "b.zarr").mkdir()
    with pytest.raises(SegbenchError, match="holds no Zarr metadata") as caught:
        header_of(tmp_path / "b.zarr")
    assert "hidden files" in caught.value.action


def test_both_endings_are_read_by_this_decoder():
    assert decoder_of(Path("a.ome.zarr")) is DECODER is decoder_of(Path("b.ZARR"))
