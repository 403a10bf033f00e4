from __future__ import annotations

import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from segbench.decoders.registry import NO_CHOICES, header_of, is_folder_image, read
from segbench.inference.images import UNREADABLE, NewImage
from segbench.inference.labels import Labels
from segbench.inference.masks import files_in, mask_files, pack, unpack, write_masks
from unit.decoders import dicom_samples
from unit.decoders.zarr_stores import write_image

CELLS = Labels("semantic", {"cell": 7, "edge": 255})


def new(name, stem):
    return NewImage(name, "", stem)


@pytest.mark.parametrize(
    ("name", "stem", "mask"),
    [
        ("a.png", "a", "a.png"), ("a.JPG", "a", "a.png"), ("x/a.tiff", "x/a", "x/a.tif"),
        ("a.npy", "a", "a.npy"), ("a.b.nii", "a.b", "a.b.nii.gz"), ("a.ome.zarr", "a", "a.zarr"),
    ],
)  # fmt: skip
def test_a_mask_is_named_as_its_image(name, stem, mask):
    assert mask_files(new(name, stem), "instances", ["cell"]) == {"mask": mask}


def test_whole_images_and_unreadable_ones_have_no_mask():
    assert mask_files(new("a.png", "a"), "classification", ["ear"]) == {}
    image = NewImage("a.nd2", UNREADABLE, "a.nd2")
    assert mask_files(image, "semantic", ["ear"]) == {}


def test_numbered_objects_are_16_bit_png(tmp_path):
    label = np.uint16([[0, 1], [300, 65535]])
    Image.fromarray(label.astype(np.uint8)).save(tmp_path / "a.png")
    write_masks(label, {"mask": tmp_path / "m/a.png"}, tmp_path / "a.png", NO_CHOICES, CELLS)
    with Image.open(tmp_path / "m/a.png") as image:
        assert image.mode == "I;16"
        assert np.asarray(image).tolist() == label.tolist()


def test_a_volume_has_a_mask_with_its_header(tmp_path):
    """As in MOOSE #99 and TotalSegmentator #461: a mask must lie where its image does."""
    affine = np.array([[0, 2.0, 0, 5], [-1, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 3, 2), np.float32), affine), tmp_path / "v.nii")
    label = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    paths = {"mask": tmp_path / "m/v.nii.gz"}
    write_masks(label, paths, tmp_path / "v.nii", NO_CHOICES, CELLS)
    found = nibabel.load(paths["mask"])
    assert found.affine.tolist() == affine.tolist()
    assert np.asarray(found.dataobj).tolist() == label.transpose().tolist()


def test_overlapping_masks_are_files_of_their_own(tmp_path):
    label = np.zeros((4, 5, 2), np.uint8)
    label[1, :, 0] = label[:, 2, 1] = 1
    tifffile.imwrite(tmp_path / "a.tif", label[..., 0])
    labels = Labels("overlapping", {"stomach": 1, "large bowel": 2})
    files = mask_files(new("s/a.tif", "s/a"), "overlapping", list(labels.classes))
    assert list(files.values()) == ["s/a.stomach.tif", "s/a.large_bowel.tif"]
    paths = {key: tmp_path / path for key, path in files.items()}
    write_masks(label, paths, tmp_path / "a.tif", NO_CHOICES, labels)
    for number, path in enumerate(paths.values()):
        assert tifffile.imread(path).tolist() == label[..., number].tolist()


def test_names_of_classes_are_kept_where_the_format_has_room_for_them(tmp_path):
    image, mask = tmp_path / "a.zarr", {"mask": tmp_path / "m.zarr"}
    write_image(image, [np.zeros((4, 6), np.uint8)], "yx")
    write_masks(np.full((4, 6), 7, np.uint8), mask, image, NO_CHOICES, CELLS)
    assert header_of(mask["mask"]).labels == {7: "cell", 255: "edge"}
    write_masks(np.full((4, 6), 7, np.uint16), mask, image, NO_CHOICES, CELLS)
    assert header_of(mask["mask"]).labels == {}, "numbered objects, in place of the older mask"
    source = dicom_samples.save(tmp_path / "p1", [dicom_samples.image(np.zeros((4, 6), np.uint8))])
    mask = {"mask": tmp_path / "m.dcm"}
    write_masks(np.full((4, 6), 7, np.uint8), mask, source, NO_CHOICES, CELLS)
    assert header_of(mask["mask"]).labels == {7: "cell", 255: "edge"}


def test_a_folder_becomes_one_file_and_a_folder_again(tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    write_image(tmp_path / "a.zarr", [pixels], "yx")
    for name in ("one.zip", "two.zip"):
        pack(tmp_path / "a.zarr", tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr/stale").write_text("x")
    unpack(tmp_path / "one.zip", tmp_path / "b.zarr")
    assert np.array_equal(read(tmp_path / "b.zarr").pixels, pixels)
    names = [
        path.relative_to(tmp_path / "b.zarr").as_posix() for path in files_in(tmp_path / "b.zarr")
    ]
    assert names == ["0/c/0/0", "0/zarr.json", "zarr.json"]
    assert files_in(tmp_path / "one.zip") == [tmp_path / "one.zip"]


def test_only_some_formats_are_folders():
    assert is_folder_image("masks/a.zarr")
    assert not is_folder_image("masks/a.tif")
    assert not is_folder_image("masks/readme")
