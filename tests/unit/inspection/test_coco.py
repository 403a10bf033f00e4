"""COCO's annotations."""

from __future__ import annotations

import json

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.inspection.coco import annotation_files, read_coco
from segbench.inspection.polygons import drawn
from segbench.inspection.survey import survey
from unit.inspection.layouts import SIZE, coco, image, ring

FILE = "train/_annotations.coco.json"


def edited(root, change, file=FILE):
    path = root / file
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def read(root):
    found = survey(root)
    return read_coco(found, annotation_files(found))


def test_every_listed_image_is_annotated_also_those_without_objects(tmp_path):
    coco(tmp_path)
    classes, images = read(tmp_path)
    assert classes == ["cat", "dog"]
    assert [len(one.shapes) for one in images] == [2, 2, 2, 2, 0, 0]
    assert [one.key for one in images] == [f"train/i{k}" for k in range(6)]
    assert {one.split for one in images} == {"train"}
    mask, overlap = drawn(images[0], instances=False)
    expected = np.zeros(SIZE, np.uint8)
    expected[5:15, 5:25], expected[5:15, 35:55] = 1, 2
    assert (mask == expected).all()
    assert overlap == 0


def test_run_lengths_and_crowds(tmp_path):
    coco(tmp_path, ["cat"])
    mask = np.zeros(SIZE, bool)
    mask[10:20, 30:40] = True
    edges = np.flatnonzero(np.diff(mask.ravel(order="F").astype(int), prepend=0, append=0))
    runs = np.diff([0, *edges, mask.size]).tolist()

    def change(content):
        content["annotations"][0] |= {"segmentation": {"counts": runs, "size": list(SIZE)},
                                      "iscrowd": 1}  # fmt: skip

    edited(tmp_path, change)
    first = read(tmp_path)[1][0].shapes[0]
    assert first.crowd
    assert (first.mask == mask).all()


def test_several_files_are_parts_of_a_split(tmp_path):
    coco(tmp_path)
    for k in range(2):
        image(tmp_path / f"test/i{k}.png", 9 + k)
    content = json.loads((tmp_path / FILE).read_text())
    content["images"] = content["images"][:2]
    content["annotations"] = content["annotations"][:2]
    (tmp_path / "test/_annotations.coco.json").write_text(json.dumps(content))
    _, images = read(tmp_path)
    assert [one.key for one in images if one.split == "test"] == ["test/i0", "test/i1"]


def test_images_of_one_name_in_several_folders(tmp_path):
    coco(tmp_path)
    for day in ("day 1", "day 2"):
        image(tmp_path / f"images/{day}/a.png")
    names = ["day 1/a.png", r"day 2\a.png"]

    def change(content):
        for listed, name in zip(content["images"], names, strict=False):
            listed["file_name"] = name

    edited(tmp_path, change)
    assert [one.key for one in read(tmp_path)[1][:2]] == ["train/day 1/a", "train/day 2/a"]


def test_annotations_in_a_folder_of_their_own_find_images_called_as_their_part(tmp_path):
    coco(tmp_path)
    image(tmp_path / "val/i0.png")
    (tmp_path / "annotations").mkdir()
    (tmp_path / FILE).rename(tmp_path / "annotations/instances_train.json")
    assert [one.image for one in read(tmp_path)[1]][:2] == ["train/i0.png", "train/i1.png"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c["annotations"][0].pop("segmentation"), "annotation 0: has a box"),
        (lambda c: c["annotations"][1].update(segmentation=[[1, 2, 3]]), "annotation 1: a polygon"),
        (lambda c: c["annotations"][2].update(category_id=99), "the category 99 is not listed"),
        (lambda c: c["images"][3].update(file_name="no.png"), "'no.png' is not in the folder"),
        (lambda c: c["annotations"][0].update(segmentation={"counts": [1], "size": [1, 1]}),
         r"run lengths for \[1, 1\] pixels"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_named(tmp_path, change, says):
    coco(tmp_path)
    edited(tmp_path, change)
    with pytest.raises(SegbenchError, match=says):
        read(tmp_path)


def test_an_image_is_listed_once(tmp_path):
    coco(tmp_path)
    (tmp_path / "train/person_keypoints.json").write_text((tmp_path / FILE).read_text())
    with pytest.raises(SegbenchError, match=r"lists train/i0.png, which train/_annotations"):
        read(tmp_path)


def test_categories_must_mean_the_same_in_all_files(tmp_path):
    coco(tmp_path)
    content = json.loads((tmp_path / FILE).read_text())
    content["categories"][0]["name"] = "tiger"
    (tmp_path / "other.json").write_text(json.dumps(content))
    with pytest.raises(SegbenchError, match="category 3 is"):
        read(tmp_path)


def test_other_files_are_no_annotations(tmp_path):
    image(tmp_path / "a.png")
    (tmp_path / "a.json").write_text('{"images": []}')
    (tmp_path / "b.json").write_text("no json")
    assert annotation_files(survey(tmp_path)) == {}


def test_rings_of_one_object_are_one(tmp_path):
    coco(tmp_path, ["cat"])
    edited(tmp_path, lambda c: c["annotations"][0].update(
        segmentation=[ring(0, 0, 2, 2), ring(4, 4, 6, 6)]))  # fmt: skip
    mask, _ = drawn(read(tmp_path)[1][0], instances=True)
    assert mask[0, 0] == mask[5, 5] != 0
