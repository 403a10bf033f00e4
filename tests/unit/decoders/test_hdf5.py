"""HDF5 files: which dataset, which axes, which part."""

from __future__ import annotations

import json
import struct
import time
from functools import partial

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from segbench.decoders.decoder import Choices
from segbench.decoders.hdf5 import DECODER
from unit.decoders import agreeing
from unit.decoders.agreeing import ANY

read, refused = partial(agreeing.read, DECODER), partial(agreeing.refused, DECODER)
VOLUME = np.arange(2 * 3 * 4, dtype=np.uint16).reshape(2, 3, 4)
DTYPES = ["?", "u1", "<u2", ">u2", "<i4", ">i8", "u8", "<f2", ">f4", "f8"]


def save(path, array, axes=None, name="raw", tags=None, size=None, **options):
    """Write a dataset with the attributes that people's tools write."""
    with h5py.File(path, "a") as file:
        made = file.create_dataset(name, data=array, **options)
        for place, axis in enumerate(axes or ()):
            made.dims[place].label = axis
        if tags:
            made.attrs["axistags"] = json.dumps(
                {"axes": [{"key": key, "typeFlags": 2, "resolution": 0} for key in tags]}
            )
        if size:
            made.attrs["element_size_um"] = size
    return path


@given(st.data())
def test_arrays_of_every_type_order_and_compression_come_back(tmp_path_factory, data):
    wanted = data.draw(st.sampled_from(["yx", "yxc", "zyx", "zyxc"]))
    stored = "".join(data.draw(st.permutations(wanted)))
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(st.tuples(*[st.integers(1, 4)] * len(wanted)))
    array = data.draw(arrays_of.arrays(dtype, shape, fill=st.nothing()))
    options = data.draw(
        st.sampled_from([{}, {"compression": "gzip"}, {"compression": "lzf", "shuffle": True}])
    )
    by = data.draw(st.sampled_from(["axes", "tags", "choice"]))
    path = tmp_path_factory.mktemp("hdf5") / "a.h5"
    order = [wanted.index(axis) for axis in stored]
    said = {} if by == "choice" else {by: stored}
    save(path, array.transpose(order), **said, **options)
    choices = Choices(axes=stored) if by == "choice" else ANY
    found = read(path, choices)
    assert found.header.axes == wanted
    assert found.pixels.dtype == np.dtype(dtype).newbyteorder("=")
    assert np.array_equal(found.pixels, array, equal_nan=array.dtype.kind == "f")
    window = tuple(slice(side // 3, side) for side in found.header.size)
    part = DECODER.window(path, choices, window)
    assert np.array_equal(part, array[window], equal_nan=array.dtype.kind == "f")


def test_axes_are_the_names_of_scales_too(tmp_path):
    path = save(tmp_path / "a.h5", VOLUME)
    with h5py.File(path, "a") as file:
        for dimension, name, size in zip(file["raw"].dims, "xcy", VOLUME.shape, strict=True):
            file[f"of/{name}"] = np.arange(size)
            file[f"of/{name}"].make_scale("a netCDF dimension")
            dimension.attach_scale(file[f"of/{name}"])
    found = read(path)
    assert np.array_equal(found.pixels, VOLUME.transpose(2, 0, 1))
    label = np.ones(found.header.size, np.uint8)
    DECODER.write_mask(label, tmp_path / "m.h5", path, ANY)
    assert np.array_equal(read(tmp_path / "m.h5").pixels, label)


def test_values_in_a_file_beside_it_are_refused(tmp_path):
    place = str(tmp_path / "raw.bin")
    path = save(tmp_path / "a.h5", VOLUME, "zyx", external=[(place, 0, h5py.h5f.UNLIMITED)])
    refused(path, f"the values of /raw are in 1 other file(s), e.g. {place}", "h5repack")


def test_axes_are_not_guessed(tmp_path):
    path = save(tmp_path / "a.h5", VOLUME)
    refused(path, "/raw (2 x 3 x 4) does not name its axes", "layout: {axes: ...}")
    assert read(path, Choices(axes="cyx")).header.shape == (3, 4, 2)
    assert read(save(tmp_path / "b.h5", VOLUME[0])).header.axes == "yx"
    refused(save(tmp_path / "c.h5", VOLUME, ["time", "lat", "lon"]), "by a letter each")
    refused(save(tmp_path / "d.h5", VOLUME, "tyx"), "has the axes TYX")


def test_one_time_point_is_dropped(tmp_path):
    path = save(tmp_path / "a.h5", VOLUME[None, ..., None], tags="tzyxc")
    assert read(path).header.shape == (2, 3, 4, 1)


def test_a_mask_has_no_channels_for_which_the_config_names_an_axis(tmp_path):
    path = save(tmp_path / "a.h5", VOLUME)
    assert np.array_equal(read(path, Choices(axes="czyx")).pixels, VOLUME)


def test_one_of_several_datasets_is_chosen_by_its_name(tmp_path):
    path = save(tmp_path / "a.h5", VOLUME, "zyx", name="volumes/raw")
    assert np.array_equal(read(path).pixels, VOLUME)
    save(path, np.arange(3), name="table")
    assert np.array_equal(read(path).pixels, VOLUME)
    save(path, VOLUME[0], name="label")
    refused(path, "label (3 x 4), volumes/raw (2 x 3 x 4)", "layout: {dataset: ...}")
    refused(path, "the name rawer among them", choices=Choices(dataset="rawer"))
    for name in ("volumes/raw", "/volumes/raw"):
        assert np.array_equal(read(path, Choices(dataset=name)).pixels, VOLUME)
        assert name.strip("/") in DECODER.arrays(path)


@pytest.mark.parametrize(
    ("array", "size", "spacing"),
    [
        (VOLUME, (2.0, 0.5, 0.25), (0.002, 0.0005, 0.00025)),
        (VOLUME[0], (2.0, 0.5, 0.25), (0.0005, 0.00025)),
        (VOLUME[0], (0.5, 0.25), (0.0005, 0.00025)),
        (VOLUME, (0.5, 0.25), None),
        (VOLUME, (0.0, 0.5, 0.25), None),
        (VOLUME, (np.nan, 0.5, 0.25), None),
        (VOLUME, None, None),
    ],
)
def test_the_size_of_a_voxel(tmp_path, array, size, spacing):
    path = save(tmp_path / "a.h5", array, "zyx"[-array.ndim :], size=size)
    assert read(path).header.spacing_mm == spacing


def test_other_things_than_arrays_of_numbers_are_refused(tmp_path):
    refused(save(tmp_path / "a.h5", np.zeros((2, 3), complex)), "holds no array of numbers")
    refused(save(tmp_path / "b.h5", np.zeros((2, 3), [("a", "u1")])), "holds no array of numbers")
    refused(save(tmp_path / "c.h5", np.zeros((0, 3))), "of shape (0, 3)")


def test_damage_is_named(tmp_path):
    path = tmp_path / "a.h5"
    refused(path, "there is no such file")
    whole = save(tmp_path / "b.h5", VOLUME, "zyx", compression="gzip").read_bytes()
    for length in (0, 100, len(whole) // 2):
        path.write_bytes(whole[:length])
        refused(path, "cannot be decoded")
    with h5py.File(save(path.with_name("c.h5"), VOLUME), "a") as file:
        file["raw"].attrs["axistags"] = '{"axes": [{"kee": "z"}]}'
    refused(path.with_name("c.h5"), "cannot be decoded")


def test_a_compression_that_is_not_there_is_named(tmp_path, monkeypatch):
    path = save(tmp_path / "a.h5", VOLUME, "zyx", compression="gzip")
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: code != h5py.h5z.FILTER_DEFLATE)
    refused(path, "/raw is compressed with the filter deflate", "h5repack -f GZIP=4")


def test_virtual_datasets_are_read_whole_or_refused(tmp_path):
    save(tmp_path / "part.h5", VOLUME)
    layout = h5py.VirtualLayout((4, 3, 4), VOLUME.dtype)
    layout[:2] = layout[2:] = h5py.VirtualSource("part.h5", "raw", VOLUME.shape)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_virtual_dataset("all", layout)
    choices = Choices(axes="zyx")
    found = read(tmp_path / "a.h5", choices)
    assert np.array_equal(found.pixels, np.concatenate([VOLUME, VOLUME]))
    (tmp_path / "part.h5").unlink()
    refused(tmp_path / "a.h5", "lies in other files, of which part.h5", choices=choices)


def test_a_window_reads_only_its_part(tmp_path, monkeypatch):
    path = save(tmp_path / "a.h5", VOLUME, "zyx", chunks=(1, 3, 2))
    asked = []
    whole = h5py.Dataset.__getitem__
    monkeypatch.setattr(
        h5py.Dataset, "__getitem__", lambda self, key: asked.append(key) or whole(self, key)
    )
    window = (slice(1, 2), slice(0, 3), slice(0, 2))
    assert np.array_equal(DECODER.window(path, ANY, window), VOLUME[window])
    assert asked == [window]


@pytest.mark.parametrize("by", ["axes", "tags"])
def test_masks_have_the_name_the_axes_and_the_voxels_of_the_image(tmp_path, by):
    source = save(
        tmp_path / "a.h5", np.zeros((4, 2, 5, 3), np.float32), **{by: "xzcy"},
        name="volumes/raw", size=(2.0, 0.5, 0.25),
    )  # fmt: skip
    save(source, VOLUME, name="other")
    choices, began = Choices(dataset="volumes/raw"), time.time()
    for name in ("m", "n"):
        DECODER.write_mask(VOLUME, tmp_path / name, source, choices)
    content = (tmp_path / "m").read_bytes()
    assert content == (tmp_path / "n").read_bytes()
    clock = range(int(began) - 1, int(time.time()) + 2)
    assert not any(struct.pack("<I", second) in content for second in clock)
    with h5py.File(tmp_path / "m") as file:
        assert file["volumes/raw"].shape == (4, 2, 3)
    found = read((tmp_path / "m").rename(tmp_path / "m.h5"))
    assert np.array_equal(found.pixels, VOLUME)
    assert found.pixels.dtype == np.uint16
    assert found.header.axes == "zyx"
    assert found.header.spacing_mm == DECODER.header(source, choices).spacing_mm
