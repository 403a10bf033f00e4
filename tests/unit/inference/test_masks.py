from __future__ import annotations

import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from segbench.inference.images import NewImage
from segbench.inference.masks import mask_files, write_mask, write_masks


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("a.png", "a.png"), ("a.JPG", "a.png"), ("x/a.tiff", "x/a.tif"), ("a.npy", "a.tif"),
        ("a.nii.gz", "a.nii.gz"), ("a.b.nii", "a.b.nii.gz"),
    ],
)  # fmt: skip
def test_a_mask_is_named_as_its_image(name, mask):
    assert mask_files(NewImage(name, ""), "instances", ["cell"]) == {"mask": mask}


def test_whole_images_and_unreadable_ones_have_no_mask():
    assert mask_files(NewImage("a.png", ""), "classification", ["ear"]) == {}
    assert mask_files(NewImage("a.dcm", ""), "semantic", ["ear"]) == {}


def test_numbered_objects_are_16_bit_png(tmp_path):
    label = np.uint16([[0, 1], [300, 65535]])
    write_masks(label, {"mask": tmp_path / "deep/a.png"}, None)
    with Image.open(tmp_path / "deep/a.png") as image:
        assert image.mode == "I;16"
        assert np.asarray(image).tolist() == label.tolist()


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_label_values_are_kept_and_bytes_are_equal(tmp_path, name):
    label = np.uint8([[0, 7, 255]])
    for folder in ("one", "two"):
        write_mask(label, tmp_path / folder / name)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    with Image.open(tmp_path / "one" / name) as image:
        assert image.mode == "L"
        assert np.asarray(image).tolist() == label.tolist()


def test_a_volume_as_tiff_has_a_page_a_slice(tmp_path):
    label = np.arange(3 * 4 * 5, dtype=np.uint16).reshape(3, 4, 5)
    write_mask(label, tmp_path / "v.tif")
    with tifffile.TiffFile(tmp_path / "v.tif") as file:
        assert len(file.pages) == 3
        assert file.asarray().tolist() == label.tolist()


def test_nifti_lies_on_the_grid_of_its_image(tmp_path):
    affine = np.array([[0, 2.0, 0, 5], [-1, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1]])
    label = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_mask(label, tmp_path / "v.nii.gz", affine)
    found = nibabel.load(tmp_path / "v.nii.gz")
    assert found.affine.tolist() == affine.tolist()
    assert np.asarray(found.dataobj).tolist() == label.transpose().tolist()
    write_mask(label[0], tmp_path / "flat.nii.gz")
    assert nibabel.load(tmp_path / "flat.nii.gz").shape == (4, 3, 1)


def test_overlapping_masks_are_files_of_their_own(tmp_path):
    label = np.zeros((4, 5, 2), np.uint8)
    label[1, :, 0] = label[:, 2, 1] = 1
    files = mask_files(NewImage("s/a.png", ""), "overlapping", ["stomach", "large bowel"])
    assert list(files.values()) == ["s/a.stomach.png", "s/a.large_bowel.png"]
    write_masks(label, {key: tmp_path / path for key, path in files.items()}, None)
    for number, path in enumerate(files.values()):
        with Image.open(tmp_path / path) as image:
            assert np.asarray(image).tolist() == label[..., number].tolist()
