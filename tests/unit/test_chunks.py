"""Chunks: cut, compressed, described and put together again."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numcodecs.zstd import Zstd

from segbench.chunks import CHUNK_SIDE, array_metadata, chunk_key, copy_overlap, encode, grid

SIDES = st.integers(1, 7)


@pytest.mark.parametrize(
    ("shape", "chunk", "expected"),
    [((155, 240, 4), (64, 64, 4), (3, 4, 1)), ((64,), (64,), (1,)), ((65,), (64,), (2,))],
)
def test_grid(shape, chunk, expected):
    assert grid(shape, chunk) == expected


def test_images_are_one_chunk():
    image = np.arange(12, dtype=np.uint16).reshape(3, 4)
    found = encode({"image": image})["image"]
    assert (found.shape, found.dtype, found.chunk) == ((3, 4), np.uint16, (3, 4))
    assert found.sha256 == hashlib.sha256(image.tobytes()).hexdigest()
    assert [Zstd().decode(part) for part in found.parts] == [image.tobytes()]


def test_volumes_are_cut_and_padded_with_zeros():
    volume = np.ones((CHUNK_SIDE + 1, 2, 3, 2), np.uint8)
    found = encode({"image": volume}, volume=True)["image"]
    assert found.chunk == (CHUNK_SIDE, 2, 3, 2)
    first, last = (np.frombuffer(Zstd().decode(part), np.uint8) for part in found.parts)
    assert first.sum() == CHUNK_SIDE * 12
    assert last.reshape(found.chunk)[0].sum() == 12
    assert last.sum() == 12


def test_digests_do_not_depend_on_byte_order_and_layout():
    values = np.arange(6, dtype="<u2").reshape(2, 3)
    variants = [values, values.astype(">u2"), np.asfortranarray(values)]
    assert len({encode({"a": each})["a"].sha256 for each in variants}) == 1
    assert len({encode({"a": each})["a"].parts for each in variants}) == 1


def test_arrays_come_sorted_by_name():
    assert list(encode({"label": np.zeros(1), "image": np.zeros(1)})) == ["image", "label"]


@pytest.mark.parametrize(("dtype", "fill"), [(np.uint8, 0), (bool, False), (np.float32, 0)])
def test_metadata(dtype, fill):
    found = array_metadata((9, 4, 5), np.dtype(dtype), (2, 5))
    assert found["shape"] == [9, 4, 5]
    assert found["data_type"] == np.dtype(dtype).name
    assert found["chunk_grid"]["configuration"]["chunk_shape"] == [1, 2, 5]
    assert found["fill_value"] is fill or found["fill_value"] == fill
    assert [codec["name"] for codec in found["codecs"]] == ["bytes", "zstd"]


def test_keys_are_those_of_zarr():
    zarr = pytest.importorskip("zarr")
    encoding = zarr.core.chunk_key_encodings.DefaultChunkKeyEncoding()
    assert chunk_key(3, (0, 2)) == encoding.encode_chunk_key((3, 0, 2)) == "c/3/0/2"


@given(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES), st.data())
def test_windows_are_put_together_from_chunks(shape, chunk, data):
    values = np.arange(np.prod(shape)).reshape(shape)
    padded = np.pad(values, [(0, c) for c in chunk], constant_values=-1)
    low = [data.draw(st.integers(0, side - 1)) for side in shape]
    high = [data.draw(st.integers(a + 1, side)) for a, side in zip(low, shape, strict=True)]
    window = tuple(map(slice, low, high))
    result = np.full([b - a for a, b in zip(low, high, strict=True)], -2)
    for place in np.ndindex(*grid(shape, chunk)):
        start = [k * c for k, c in zip(place, chunk, strict=True)]
        part = padded[tuple(slice(a, a + c) for a, c in zip(start, chunk, strict=True))]
        touches = all(
            a < b and a + c > first for a, c, first, b in zip(start, chunk, low, high, strict=True)
        )
        if touches:
            copy_overlap(part, start, result, low)
    assert (result == values[window]).all()
