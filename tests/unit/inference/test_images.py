from __future__ import annotations

import nibabel
import numpy as np
import pytest
from PIL import Image

from segbench.decoders.decoder import Header
from segbench.decoders.registry import NO_CHOICES
from segbench.errors import SegbenchError
from segbench.inference.images import (
    NewImage,
    collisions,
    read_manifest,
    read_new,
    spacing_of,
    write_manifest,
)
from unit.decoders import dicom_samples
from unit.decoders.zarr_stores import write_image

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
    return read_manifest(tmp_path / "list.tsv")[0]


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
    assert read_manifest(tmp_path / "list.tsv")[1] == ["notes.txt"]
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
    (tmp_path / "new/scan.nd2").write_bytes(b"x")
    (image,) = listed(tmp_path / "new", tmp_path)
    assert (image.ending, image.mask_ending, image.stem) == ("", "", "scan.nd2")
    with pytest.raises(SegbenchError, match=r"scan\.nd2: unsupported file format \.nd2") as error:
        read_new(tmp_path / "new", image, NO_CHOICES)
    assert "OME-TIFF" in error.value.action


def test_an_unreadable_list(tmp_path):
    (tmp_path / "list.tsv").write_text("name\nx\n")
    with pytest.raises(SegbenchError, match=r"list\.tsv"):
        read_manifest(tmp_path / "list.tsv")


def test_pixels_as_stored(folder):
    pixels, header = read_new(folder, NewImage("b.png", "", "b"), NO_CHOICES)
    assert pixels.tolist() == PICTURE[..., None].tolist()
    assert header.size == PICTURE.shape
    volume, header = read_new(folder, NewImage("v.nii.gz", "", "v"), NO_CHOICES)
    assert volume.shape == (6, 5, 4, 1)  # (x, y, z) of the file reversed
    assert volume.dtype == np.int16
    assert header.spacing_mm == (3.0, 0.75, 0.5)


def test_a_damaged_image_is_named(folder):
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:-20])
    with pytest.raises(SegbenchError, match=r"b\.png"):
        read_new(folder, NewImage("b.png", "", "b"), NO_CHOICES)


def test_images_whose_masks_would_have_one_name():
    images = [NewImage(name, "", name[:-4]) for name in ("a.png", "a.jpg", "x/a.png", "b.png")]
    found = collisions(images)
    assert sorted(found) == ["a.jpg", "a.png"]
    assert found["a.png"].what == "a.png: has the same name as a.jpg"
    assert collisions(images[1:]) == {}


def test_the_spacing_of_the_file_counts_and_that_of_the_user_where_there_is_none():
    volume = Header("zyxc", (4, 5, 6, 1), np.dtype("u1"), spacing_mm=(3.0, 0.75, 0.5))
    picture = Header("yxc", (4, 5, 3), np.dtype("u1"))
    assert spacing_of(volume, (9, 9, 9)) == (3.0, 0.75, 0.5)
    assert spacing_of(picture, None) is None
    assert spacing_of(picture, (0.5, 0.25)) == (0.0005, 0.00025)
    assert spacing_of(picture, (1, 1, 1)) is None


def test_links_are_followed_and_names_may_hold_blanks_and_brackets(tmp_path):
    """Symbolic links to folders on another disk, as in fastai PR 2270 and timm PR 334."""
    save(tmp_path / "new/p0/Image 01 (2).png")
    save(tmp_path / "disk/s1.png", PICTURE + 1)
    (tmp_path / "new/p1").symlink_to(tmp_path / "disk", target_is_directory=True)
    images = listed(tmp_path / "new", tmp_path)
    assert [image.name for image in images] == ["p0/Image 01 (2).png", "p1/s1.png"]
    assert images[0].sha256 != images[1].sha256


def test_the_digest_of_a_folder_covers_all_its_files_and_not_its_name(tmp_path):
    for name in ("a", "b"):
        write_image(tmp_path / f"new/{name}.ome.zarr", [PICTURE], "yx", array={"chunks": (2, 8)})
    first, second = listed(tmp_path / "new", tmp_path)
    assert (first.name, first.stem, first.mask_ending) == ("a.ome.zarr", "a", ".zarr")
    assert first.sha256 == second.sha256
    chunk = tmp_path / "new/b.ome.zarr/0/c/1/0"
    chunk.write_bytes(chunk.read_bytes()[::-1])
    assert listed(tmp_path / "new", tmp_path)[1].sha256 != second.sha256
    chunk.rename(chunk.with_name("7"))
    moved = listed(tmp_path / "new", tmp_path)[1]
    assert moved.sha256 not in (first.sha256, second.sha256)


def test_slices_without_an_ending_are_one_image_with_a_mask(tmp_path):
    made = dicom_samples.slices(np.zeros((2, 3, 4), np.int16))
    dicom_samples.save(tmp_path / "images/p1", made, ["IM1", "IM2"])
    (image,) = listed(tmp_path / "images", tmp_path)
    assert (image.name, image.stem, image.mask_ending) == ("p1/IM1", "p1", ".dcm")
    assert read_new(tmp_path / "images", image, NO_CHOICES)[0].shape == (2, 3, 4, 1)


def test_slices_are_in_natural_order(tmp_path):
    for number in (10, 9, 1):
        save(tmp_path / f"new/s{number}.png")
    images = listed(tmp_path / "new", tmp_path)
    assert [image.stem for image in images] == ["s1", "s9", "s10"]


def channels_of(tmp_path, apart=True):
    for name, value in (("a_0000", 1), ("a_0001", 2), ("b_0000", 3), ("c_0001", 4), ("d", 5)):
        pixels = np.full((4, 5, 6), value, np.int16)
        save(tmp_path / f"new/x/{name}.nii.gz", pixels)
    write_manifest(tmp_path / "new", tmp_path / "list.tsv", tmp_path / "cache.json", apart)
    return read_manifest(tmp_path / "list.tsv")[0]


def test_channels_in_files_of_their_own_are_one_image(tmp_path):
    images = channels_of(tmp_path)
    assert [image.stem for image in images] == ["x/a", "x/b", "x/c_0001", "x/d"]
    pixels, header = read_new(tmp_path / "new", images[0], NO_CHOICES)
    assert pixels.shape == (6, 5, 4, 2)
    assert [np.unique(pixels[..., k]).tolist() for k in range(2)] == [[1], [2]]
    assert header.spacing_mm == (3, 0.75, 0.5)
    shapes = [read_new(tmp_path / "new", image, NO_CHOICES)[0].shape[-1] for image in images]
    assert shapes == [2, 1, 1, 1]


def test_a_channel_is_part_of_the_digest_and_must_lie_on_the_first(tmp_path):
    before = channels_of(tmp_path)[0]
    save(tmp_path / "new/x/a_0001.nii.gz", np.full((4, 5, 7), 2, np.int16))
    write_manifest(tmp_path / "new", tmp_path / "list.tsv", tmp_path / "cache.json", True)
    after = read_manifest(tmp_path / "list.tsv")[0][0]
    assert before.sha256 != after.sha256
    with pytest.raises(SegbenchError, match="a_0001"):
        read_new(tmp_path / "new", after, NO_CHOICES)


def test_elsewhere_numbers_are_names(tmp_path):
    stems = [image.stem for image in channels_of(tmp_path, apart=False)]
    assert stems == ["x/a_0000", "x/a_0001", "x/b_0000", "x/c_0001", "x/d"]
