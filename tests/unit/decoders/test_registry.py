"""Decoders are found by the endings of files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segbench.decoders.registry import (
    BY_ENDING,
    CONVERT,
    FORMATS,
    decoder_of,
    format_of,
    header_of,
    load,
    read,
)
from segbench.errors import SegbenchError


def test_the_longest_ending_counts():
    assert decoder_of(Path("a.b.NII.GZ")).name == "NIfTI"
    assert decoder_of(Path("a.TIFF")).name == "TIFF"


def test_no_ending_has_two_decoders_and_none_is_refused():
    assert sum(len(one.endings) for one in FORMATS) == len(BY_ENDING)
    assert not set(CONVERT) & set(BY_ENDING)


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.module)
def test_each_module_has_its_decoder(one):
    decoder = load(one)
    assert decoder.name
    assert decoder.mask_ending in BY_ENDING


@pytest.mark.parametrize("name", ["IM0001", "1.2.840.17", "MR.5"])
def test_a_file_without_an_ending_is_known_by_its_first_bytes(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(bytes(128) + b"DICM")
    assert format_of(path).module == "dicom"
    path.write_bytes(bytes(127) + b"DICM")
    assert format_of(path) is None
    with pytest.raises(SegbenchError, match="unsupported file format"):
        decoder_of(path)


def test_an_ending_comes_before_the_first_bytes(tmp_path):
    (tmp_path / "a.doc").write_bytes(bytes(128) + b"DICM")
    assert format_of(tmp_path / "a.doc") is None
    assert format_of(tmp_path) is None
    assert format_of(tmp_path / "gone") is None


def test_an_unknown_file_is_refused_by_name():
    with pytest.raises(SegbenchError) as caught:
        decoder_of(Path("scan.nd2"))
    assert caught.value.what == "scan.nd2: unsupported file format .nd2"
    assert "OME-TIFF" in caught.value.action


def test_header_and_array_agree(tmp_path):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4) - 5
    np.save(tmp_path / "a.npy", array)
    found = read(tmp_path / "a.npy")
    assert np.array_equal(found.pixels, array)
    header = header_of(tmp_path / "a.npy")
    assert (header.axes, header.shape, header.dtype) == ("yxc", (2, 3, 4), np.dtype(np.int16))
    assert header.size == (2, 3)


#: Packages that read one format each.
LIBRARIES = {
    "SimpleITK", "h5py", "highdicom", "nibabel", "ome_zarr_models", "pydicom", "tifffile", "zarr",
}  # fmt: skip

LOADED = """
import sys
from pathlib import Path
from segbench.decoders.listing import list_images
from segbench.decoders.registry import read

folder, name = Path(sys.argv[1]), sys.argv[2]
list_images(folder)
read(folder / name)
print(*sys.modules)
"""


@pytest.mark.parametrize(("name", "needs"), [("a.png", set()), ("a.tif", {"tifffile"})])
def test_a_format_loads_its_own_library_only(tmp_path, name, needs):
    Image.fromarray(np.eye(4, dtype=np.uint8)).save(tmp_path / name)
    for other in ("b.nii.gz", "c.npy", "d.h5", "e.nrrd", "f.mha"):
        (tmp_path / other).touch()
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(tmp_path), name],
        env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(done.stdout.split()) & LIBRARIES == needs
