"""Masks written as OME-Zarr labels lie on their image, as ome-zarr-models and zarr read them."""

from __future__ import annotations

import shutil

import numpy as np
import ome_zarr_models
import pytest
import zarr

from segbench.decoders.decoder import Choices
from segbench.decoders.ome_zarr import DECODER
from segbench.decoders.registry import header_of, read
from unit.decoders.zarr_stores import write_image

PLAIN = Choices()
AXES = {"yx": (6, 8), "cyx": (2, 6, 8), "zyx": (4, 6, 8), "tczyx": (1, 2, 1, 6, 8)}
SCALES = {"t": 1.0, "c": 1.0, "z": 2.0, "y": 0.5, "x": 0.25}


def image(path, letters, new=True, levels=1):
    pixels = np.arange(np.prod(AXES[letters]), dtype=np.uint16).reshape(AXES[letters])
    scale = [SCALES[letter] for letter in letters]
    halved = [s * 2 if letter in "yx" else s for s, letter in zip(scale, letters, strict=True)]
    translation = [5.0 if letter == "x" else 0.0 for letter in letters]
    small = pixels[..., ::2, ::2]
    write_image(
        path, [pixels, small][:levels], letters, [scale, halved][:levels], new,
        translation=translation,
    )  # fmt: skip


def label_of(path, dtype=np.uint8):
    size = header_of(path).size
    return (np.arange(np.prod(size)).reshape(size) % 7).astype(dtype)


def content(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("letters", sorted(AXES))
def test_a_mask_has_the_place_of_its_image_and_can_be_put_under_it(tmp_path, letters, new):
    source, mask = tmp_path / "a.zarr", tmp_path / "masks/a.zarr"
    image(source, letters, new, levels=2)
    before, label = content(source), label_of(source)
    DECODER.write_mask(label, mask, source, PLAIN, {1: "cell", 2: "edge"})
    assert content(source) == before
    found = read(mask)
    assert np.array_equal(found.pixels, label)
    header = header_of(source)
    assert found.header.spacing_mm == header.spacing_mm
    assert np.array_equal(found.header.affine, header.affine)
    assert found.header.labels == {1: "cell", 2: "edge"}

    group = ome_zarr_models.open_ome_zarr(mask, version="0.5" if new else "0.4")
    assert type(group).__name__ == "Labels"
    shutil.copytree(mask, source / "labels")
    under = ome_zarr_models.open_ome_zarr(zarr.open_group(source / "labels/segbench", mode="r"))
    assert type(under).__name__ == "ImageLabel"
    assert under.ome_zarr_version == ("0.5" if new else "0.4")
    assert np.array_equal(read(source, Choices(dataset="segbench")).pixels, label)


def test_a_mask_has_all_levels_of_its_image_by_the_nearest_pixel(tmp_path):
    image(tmp_path / "a.zarr", "yx", levels=2)
    label = label_of(tmp_path / "a.zarr")
    DECODER.write_mask(label, tmp_path / "m.zarr", tmp_path / "a.zarr", PLAIN)
    small = zarr.open_array(tmp_path / "m.zarr/segbench/1", mode="r")[:]
    assert np.array_equal(small, label[1::2, 1::2])
    assert header_of(tmp_path / "m.zarr", Choices(level=1)).spacing_mm == (0.001, 0.0005)


def test_a_mask_of_a_level_lies_on_that_level(tmp_path):
    image(tmp_path / "a.zarr", "yx", levels=2)
    label = np.ones((3, 4), np.uint8)
    DECODER.write_mask(label, tmp_path / "m.zarr", tmp_path / "a.zarr", Choices(level=1))
    header = header_of(tmp_path / "m.zarr")
    assert (header.shape, header.spacing_mm) == ((3, 4), (0.001, 0.0005))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_the_dtype_is_kept_and_equal_masks_are_equal_bytes(tmp_path, dtype):
    image(tmp_path / "a.zarr", "zyx")
    label = label_of(tmp_path / "a.zarr", dtype) * 40
    for name in ("m.zarr", "n.zarr"):
        DECODER.write_mask(label, tmp_path / name, tmp_path / "a.zarr", PLAIN)
    assert read(tmp_path / "m.zarr").pixels.dtype == dtype
    assert content(tmp_path / "m.zarr") == content(tmp_path / "n.zarr")


def test_a_mask_of_a_plain_array_names_the_axes_that_the_user_gave(tmp_path):
    zarr.create_array(tmp_path / "a.zarr", data=np.zeros((5, 4, 3), np.uint8))
    label = np.arange(12, dtype=np.uint8).reshape(3, 4)
    DECODER.write_mask(label, tmp_path / "m.zarr", tmp_path / "a.zarr", Choices(axes="cxy"))
    assert np.array_equal(zarr.open_array(tmp_path / "m.zarr/segbench/0", mode="r")[:], label.T)
    assert np.array_equal(read(tmp_path / "m.zarr").pixels, label)
