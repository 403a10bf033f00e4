"""Pictures and volumes found by name and opened as arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.datasets.folder_files import (
    ending_of,
    listing,
    read_array,
    read_image_file,
    size_of,
    unsupported,
    walk,
    without_alpha,
)
from segbench.errors import SegbenchError
from unit.datasets.folders import (
    image,
    label,
    save,
)

PATH = Path("mask.png")


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.PNG", ".PNG"), ("a.b.nii.gz", ".nii.gz"), ("a.nii", ".nii"), ("a.gz", ""), (".png", "")],
)
def test_endings(name, ending):
    assert ending_of(name) == ending


def test_listing_is_sorted_whatever_the_folder_says(tmp_path):
    for name in ("b/a.png", "a.tif", "B.png", "b/._a.png", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert listing(tmp_path) == ["B.png", "a.tif", "b/a.png"]


def test_16_bits_a_channel_are_kept(tmp_path):
    import cv2

    pixels = image().astype(np.uint16) * 257 + 3
    cv2.imwrite(str(tmp_path / "a.png"), pixels[..., ::-1])
    found = read_image_file(tmp_path / "a.png")
    assert found.dtype == np.uint16
    assert np.array_equal(found, pixels)


def test_one_bit_images_are_0_and_255(tmp_path):
    found = read_image_file(save(tmp_path / "a.png", label(1) > 0))
    assert np.array_equal(found[..., 0], label(1) * 255)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("a.png", (8, 10, 3)),
        ("a.jpg", (8, 10)),
        ("a.tif", (8, 10, 3)),
        ("a.npy", (6, 8, 10)),
        ("a.npy", (6, 8, 10, 2)),
        ("a.nii.gz", (6, 8, 10)),
    ],
)
def test_size_is_that_of_the_image(tmp_path, name, shape):
    path = save(tmp_path / name, image(0, shape))
    assert size_of(path) == read_image_file(path).shape[:-1] == shape[: 3 if shape[0] == 6 else 2]


def test_absent_arrays_are_named(tmp_path):
    for name in ("a.npy", "a.png", "a.tif", "a.nii.gz"):
        with pytest.raises(SegbenchError, match=f"{name}: there is no such file"):
            read_array(tmp_path / name)


def test_an_alpha_channel_that_is_opaque_is_dropped():
    mask = np.dstack([label(2), np.full(label(2).shape, 255, np.uint8)])
    assert np.array_equal(without_alpha(PATH, mask), label(2)[..., None])
    mask[0, 0, 1] = 3
    with pytest.raises(SegbenchError, match=r"alpha channel, and 1\.2% of its pixels"):
        without_alpha(PATH, mask)


@pytest.mark.parametrize("columns", [1, 3, 4, 5])
def test_a_narrow_volume_is_no_colour_picture(tmp_path, columns):
    volume = np.arange(2 * 6 * columns, dtype=np.uint8).reshape(2, 6, columns)
    save(tmp_path / "v.nii.gz", volume)
    found = read_image_file(tmp_path / "v.nii.gz")
    assert found.tolist() == volume[..., None].tolist()


def test_an_unsupported_file_is_named_with_what_to_do(tmp_path):
    error = unsupported(tmp_path / "scan.DCM")
    assert error.what == f"{tmp_path}/scan.DCM: unsupported file format .dcm"
    assert "dcm2niix" in error.action
    assert unsupported(tmp_path / "a.xyz").action == "save it as PNG, TIFF or NIfTI"


def test_files_are_found_in_subfolders_but_not_hidden_ones(tmp_path):
    for name in ("b.txt", "a/c.png", ".git/d.png", "a/._c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found = sorted(path.relative_to(tmp_path).as_posix() for path in walk(tmp_path))
    assert found == ["a/c.png", "b.txt"]
