"""YOLO's polygons."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.inspection.polygons import drawn
from segbench.inspection.survey import survey
from segbench.inspection.yolo import label_files, read_yolo
from unit.inspection.layouts import SIZE, image, plain, yolo


def read(root):
    found = survey(root)
    return read_yolo(found, label_files(found))


def test_polygons_are_parts_of_width_and_height(tmp_path):
    yolo(tmp_path)
    classes, images = read(tmp_path)
    assert classes == ["leaf"]
    assert [len(one.shapes) for one in images] == [0, 1, 2, 3, 4, 0]
    mask, _ = drawn(images[2], instances=True)
    expected = np.zeros(SIZE, np.uint16)
    expected[:32, :9], expected[:32, 18:27] = 1, 2
    assert (mask == expected).all()
    assert images[0].key == "train/i0"


def test_texts_may_lie_beside_the_images_and_names_be_missing(tmp_path):
    image(tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text("2 0 0 1 0 1 1\n\n")
    classes, (one,) = read(tmp_path)
    assert classes == ["class 0", "class 1", "class 2"]
    assert drawn(one, instances=False)[0].max() == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [("data.yaml", "names: {0: stem, 1: leaf}"), ("classes.txt", "stem\nleaf\n")],
)
def test_names_of_classes(tmp_path, name, text):
    yolo(tmp_path)
    (tmp_path / "data.yaml").unlink()
    (tmp_path / name).write_text(text)
    assert read(tmp_path)[0] == ["stem", "leaf"]


@pytest.mark.parametrize(
    ("line", "says"),
    [("0 0.5 0.5 0.2 0.2", "line 1 is a box"), ("0 0.1 0.1 0.2 0.2 0.3", "line 1 is no polygon"),
     ("0 0.1 0.1 0.2 0.2 0.3 x", "line 1 is no polygon")],
)  # fmt: skip
def test_what_is_no_polygon_is_named(tmp_path, line, says):
    yolo(tmp_path)
    (tmp_path / "labels/train/i0.txt").write_text(line)
    with pytest.raises(SegbenchError, match=f"i0.txt: {says}"):
        read(tmp_path)


def test_other_texts_are_no_labels(tmp_path):
    plain(tmp_path)
    (tmp_path / "images/cell_0.txt").write_text("notes of the day\n")
    assert label_files(survey(tmp_path)) == {}
