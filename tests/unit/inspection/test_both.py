"""Files that hold an image and its mask."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import zarr

from segbench.decoders.decoder import Choices
from segbench.inspection.both import Both, both_in, masked_by_itself
from segbench.inspection.pairs import pair
from segbench.inspection.survey import survey
from unit.inspection.layouts import blocks, image


def npz(path, **arrays):
    np.savez(path.with_suffix(".npz"), **arrays)


def hdf5(path, **arrays):
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        for name, array in arrays.items():
            file[name] = array


def multiscale(group, pixels):
    level = group.create_array("0", shape=pixels.shape, dtype=pixels.dtype, chunks=pixels.shape)
    level[...] = pixels
    scale = {"type": "scale", "scale": [1.0, 1.0]}
    group.attrs["multiscales"] = [{
        "version": "0.4", "axes": [{"name": name, "type": "space"} for name in "yx"],
        "datasets": [{"path": "0", "coordinateTransformations": [scale]}],
    }]  # fmt: skip


def ome_zarr(path, **arrays):
    """The first array is the image, the others are its labels."""
    first, *labels = arrays
    group = zarr.open_group(path.with_suffix(".zarr"), mode="w", zarr_format=2)
    multiscale(group, arrays[first])
    inner = group.create_group("labels", attributes={"labels": labels})
    for name in labels:
        multiscale(inner.create_group(name), arrays[name])
        inner[name].attrs["image-label"] = {"version": "0.4"}


@pytest.mark.parametrize("save", [npz, hdf5])
@pytest.mark.parametrize("mask", ["label", "cell_masks", "gt", "GroundTruth_seg"])
def test_the_arrays_of_a_file_are_told_by_their_names(tmp_path, save, mask):
    save(tmp_path / "a", **{mask: blocks((1,)), "raw": blocks((9,))})
    found = both_in(survey(tmp_path))
    assert found == Both(("raw",), (mask,))
    assert (found.image, found.mask) == (Choices(dataset="raw"), Choices(dataset=mask))
    assert found.layout == {"dataset": "raw", "mask_dataset": mask}
    assert found.warnings == []


def test_labels_under_an_image_are_its_masks(tmp_path):
    ome_zarr(tmp_path / "a", raw=blocks((9,)), cells=blocks((1,)), nuclei=blocks((1, 2)))
    found = both_in(survey(tmp_path))
    assert found.layout == {"mask_dataset": "labels/cells"}
    assert found.image == Choices()
    (line,) = found.warnings
    assert "several masks (labels/cells, labels/nuclei): labels/cells is written" in line


def test_files_without_a_mask_hold_none(tmp_path):
    image(tmp_path / "a.png")
    npz(tmp_path / "b", raw=blocks((9,)), other=blocks((1,)))
    (tmp_path / "c.h5").write_bytes(b"no HDF5")
    assert both_in(survey(tmp_path)) is None


def test_each_file_is_the_mask_of_its_image(tmp_path):
    npz(tmp_path / "a", raw=blocks((9,)), mask=blocks((1,)))
    pairs = masked_by_itself(pair(survey(tmp_path).entries))
    assert [place.entry.name for place in pairs.all_masks] == ["a.npz"]
    assert not pairs.unmasked
