from __future__ import annotations

import nibabel
import numpy as np
import pytest
from PIL import Image

from segbench.errors import SegbenchError
from segbench.inference.images import (
    NewImage,
    affine_of,
    collisions,
    read_manifest,
    read_new,
    spacing_of,
    write_manifest,
)

PICTURE = np.arange(48, dtype=np.uint8).reshape(6, 8)


def save(path, pixels=PICTURE):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, pixels)
    elif path.name.endswith(".nii.gz"):
        nibabel.save(nibabel.Nifti1Image(pixels, np.diag([0.5, 0.75, 3, 1])), path)
    else:
        Image.fromarray(pixels).save(path)


def listed(folder, tmp_path):
    write_manifest(folder, tmp_path / "list.tsv", tmp_path / "cache.json")
    return read_manifest(tmp_path / "list.tsv")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "new"
    for name in ("b.png", "a/deep/c.TIF", "a/x.npy", "v.nii.gz"):
        pixels = np.zeros((4, 5, 6), np.int16) if name.startswith("v") else PICTURE
        save(folder / name, pixels)
    (folder / "notes.txt").write_text("not an image")
    (folder / "._b.png").write_bytes(b"a Mac was here")
    (folder / ".hidden").mkdir()
    save(folder / ".hidden/d.png")
    return folder


def test_images_are_found_in_all_folders_and_nothing_else(folder, tmp_path):
    images = listed(folder, tmp_path)
    assert [image.name for image in images] == ["a/deep/c.TIF", "a/x.npy", "b.png", "v.nii.gz"]
    assert [image.ending for image in images] == [".tif", ".npy", ".png", ".nii.gz"]
    assert [image.stem for image in images] == ["a/deep/c", "a/x", "b", "v"]
    assert all(len(image.sha256) == 64 for image in images)


def test_the_list_is_rewritten_only_if_it_differs(folder, tmp_path):
    listed(folder, tmp_path)
    before = (tmp_path / "list.tsv").stat().st_mtime_ns, listed(folder, tmp_path)
    (folder / "b.png").touch()
    assert ((tmp_path / "list.tsv").stat().st_mtime_ns, listed(folder, tmp_path)) == before
    save(folder / "b.png", PICTURE + 1)
    changed = listed(folder, tmp_path)
    assert [a == b for a, b in zip(changed, before[1], strict=True)] == [True, True, False, True]


def test_a_folder_without_images(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/readme.md").write_text("hello")
    with pytest.raises(SegbenchError, match=r"no image in this folder; it holds readme\.md"):
        listed(tmp_path / "new", tmp_path)


def test_a_kind_that_is_not_read_is_listed_and_says_so_when_its_turn_comes(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/scan.dcm").write_bytes(b"DICM")
    (image,) = listed(tmp_path / "new", tmp_path)
    assert (image.ending, image.stem) == ("", "scan.dcm")
    with pytest.raises(SegbenchError, match=r"scan\.dcm: unsupported file format \.dcm") as error:
        read_new(tmp_path / "new", image)
    assert "NIfTI" in error.value.action


def test_an_unreadable_list(tmp_path):
    (tmp_path / "list.tsv").write_text("name\nx\n")
    with pytest.raises(SegbenchError, match=r"list\.tsv"):
        read_manifest(tmp_path / "list.tsv")


def test_pixels_as_stored(folder):
    assert read_new(folder, NewImage("b.png", "")).tolist() == PICTURE[..., None].tolist()
    volume = read_new(folder, NewImage("v.nii.gz", ""))
    assert volume.shape == (6, 5, 4, 1)  # (x, y, z) of the file reversed
    assert volume.dtype == np.int16


def test_a_damaged_image_is_named(folder):
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:-20])
    with pytest.raises(SegbenchError, match=r"b\.png"):
        read_new(folder, NewImage("b.png", ""))


def test_images_whose_masks_would_have_one_name():
    images = [NewImage(name, "") for name in ("a.png", "a.jpg", "x/a.png", "b.png")]
    found = collisions(images)
    assert sorted(found) == ["a.jpg", "a.png"]
    assert found["a.png"].what == "a.png: has the same name as a.jpg"
    assert collisions(images[1:]) == {}


def test_spacing(folder):
    volume, picture = NewImage("v.nii.gz", ""), NewImage("b.png", "")
    assert spacing_of(folder, volume, 3, None) == (3.0, 0.75, 0.5)
    assert spacing_of(folder, volume, 3, (9, 9, 9)) == (3.0, 0.75, 0.5)  # the file knows better
    assert spacing_of(folder, picture, 2, None) is None
    assert spacing_of(folder, picture, 2, (0.5, 0.25)) == (0.0005, 0.00025)
    assert spacing_of(folder, picture, 2, (1, 1, 1)) is None


def test_affine(folder):
    assert (
        affine_of(folder, NewImage("v.nii.gz", "")).tolist() == np.diag([0.5, 0.75, 3, 1]).tolist()
    )
    made = affine_of(folder, NewImage("x.npy", ""), (3.0, 2.0, 1.0))
    assert made.tolist() == np.diag([1.0, 2.0, 3.0, 1.0]).tolist()
    assert affine_of(folder, NewImage("x.npy", "")).tolist() == np.eye(4).tolist()
