"""Images and masks told apart and paired by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.decoders.decoder import Entry
from segbench.inspection.pairs import pair
from segbench.inspection.proposal import layout_of


def entries(*names):
    return [Entry(name, (name,), name.rsplit(".", 1)[0]) for name in names]


def paired(*names):
    found = pair(entries(*names))
    return found, {
        found.images[key].entry.name: [place.entry.name for _, place in some]
        for key, some in found.masks.items()
    }


@pytest.mark.parametrize(
    ("image", "mask", "layout"),
    [
        ("images/{}.png", "masks/{}.png", {}),
        ("images/{}.png", "masks/{}_mask.png", {"mask_suffix": "_mask"}),
        ("{}.png", "{}_mask.png", {"images": ".", "masks": ".", "mask_suffix": "_mask"}),
        ("{}_img.png", "{}-seg.tif",
         {"images": ".", "masks": ".", "image_suffix": "_img", "mask_suffix": "-seg"}),
        ("images/{}.png", "images/{}_mask.png", {"masks": "images", "mask_suffix": "_mask"}),
        ("{}.png", "masks/{}.png", {"images": "."}),
        ("img/{}_0000.png", "gt/{}.png", {"images": "img", "masks": "gt", "image_suffix": "_0000"}),
        ("x/images/{}.jpg", "x/labels/{}.png", {"images": "x/images", "masks": "x/labels"}),
        ("images/train/{}.png", "masks/train/{}.png", {}),
    ],
)  # fmt: skip
def test_layouts_that_the_config_can_name(image, mask, layout):
    names = ["a1", "a2", "b"]
    found, files = paired(*(form.format(name) for name in names for form in (image, mask)))
    assert files == {image.format(name): [mask.format(name)] for name in names}
    assert layout_of(found) == layout
    assert not found.lonely
    assert not found.unmasked


@pytest.mark.parametrize(
    ("image", "mask"),
    [("{}/images/{}.png", "{}/masks/{}.png"), ("{}_images/{}.png", "{}_masks/{}.png")],
)
def test_a_folder_for_each_part_of_a_split(image, mask):
    names = [form.format(part, name) for part, name in (("train", "a"), ("val", "b"), ("test", "c"))
             for form in (image, mask)]  # fmt: skip
    found, files = paired(*names)
    assert len(files) == 3
    assert sorted(found.splits().items()) == [
        ("test/c", "test"), ("train/a", "train"), ("val/b", "val"),
    ]  # fmt: skip
    assert layout_of(found) is None


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("images/image_{}.png", "masks/mask_{}.png"), ("image_{}.png", "mask_{}.png"),
        ("im/t{}.tif", "gt/man_seg{}.tif"),
        ("leftImg8bit/aachen/a_{}_leftImg8bit.png", "gtFine/aachen/a_{}_gtFine_labelIds.png"),
    ],
)  # fmt: skip
def test_beginnings_and_ends_of_names(image, mask):
    found, files = paired(
        *(form.format(n) for n in ("001", "002", "103") for form in (image, mask))
    )
    assert files == {image.format(n): [mask.format(n)] for n in ("001", "002", "103")}
    assert (layout_of(found) is None) == ("left" not in image), "ends alone the config can name"


def test_of_several_folders_of_masks_one_is_taken():
    found, files = paired(
        *(f"JPEGImages/{n}.jpg" for n in "abc"),
        *(f"Segmentation{kind}/{n}.png" for kind in ("Class", "Object") for n in "ab"),
    )
    assert files == {f"JPEGImages/{n}.jpg": [f"SegmentationClass/{n}.png"] for n in "ab"}
    assert [place.entry.name for place in found.spare] == [
        "SegmentationObject/a.png", "SegmentationObject/b.png",
    ]  # fmt: skip
    assert layout_of(found) == {"images": "JPEGImages", "masks": "SegmentationClass"}


def test_a_folder_of_masks_for_each_class():
    found, files = paired(
        "images/a.png", "images/b.png", "masks/cell/a.png", "masks/cell/b.png", "masks/wall/a.png"
    )
    assert files["images/a.png"] == ["masks/cell/a.png", "masks/wall/a.png"]
    assert found.classes == ["cell", "wall"]
    assert layout_of(found) == {}


def test_folders_of_images_are_classes_where_there_are_no_masks():
    assert pair(entries("cats/a.png", "dogs/b.png")).classes == ["cats", "dogs"]
    assert pair(entries("train/a.png", "test/b.png")).classes == []


def test_what_does_not_pair_is_named():
    found, files = paired(
        "images/a.png", "images/c.png", "masks/a.png", "masks/d.png", "images/a.tif"
    )
    assert files == {"images/a.png": ["masks/a.png"]}
    assert [place.entry.name for place in found.unmasked] == ["images/c.png"]
    assert [place.entry.name for place in found.lonely] == ["masks/d.png"]
    assert [place.entry.name for place in found.doubles] == ["images/a.tif"]


def test_a_folder_for_each_patient_with_an_image_and_its_mask():
    found, files = paired("p1/ct.nii", "p1/mask.nii", "p2/image.nii", "p2/SEG.nii")
    assert files == {"p1/ct.nii": ["p1/mask.nii"], "p2/image.nii": ["p2/SEG.nii"]}
    assert list(found.images) == ["p1", "p2"]
    assert layout_of(found) is None, "links are made, called as the folders"
    assert paired("a/mask.png", "a/hat.png", "b/cat.png", "b/dog.png")[1] == {}


def test_several_images_of_a_patient_are_no_classes():
    names = [f"{patient}/{name}.nii" for patient in "pq" for name in ("ct", "pet", "mask")]
    found, files = paired(*names)
    assert (files, found.classes) == ({}, [])
    assert [place.entry.name for place in found.lonely] == ["p/mask.nii", "q/mask.nii"]
    assert len(found.images) == 4


def test_a_name_that_ends_like_a_mask_is_an_image_where_it_has_a_mask():
    found, files = paired(
        "images/face_mask.png", "images/hat.png", "masks/face_mask.png", "masks/hat.png"
    )
    assert len(files) == 2
    assert not found.lonely


@given(st.lists(st.text("abc_12", min_size=1, max_size=5), unique=True, min_size=1, max_size=9))
def test_every_file_is_an_image_a_mask_or_named(names):
    files = [f"images/{name}.png" for name in names] + [f"masks/{name}.png" for name in names[1:]]
    found = pair(entries(*files))
    known = [*found.images.values(), *found.all_masks, *found.lonely, *found.doubles]
    assert sorted(place.entry.name for place in known) == sorted(files)
