"""The new folder."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from segbench.errors import SegbenchError
from segbench.inspection.gathering import check_target, gather_pairs, gather_polygons
from segbench.inspection.pairs import pair
from segbench.inspection.polygons import Annotated, Shape, ring_of
from segbench.inspection.survey import survey
from unit.inspection.layouts import SIZE, image, ring, split

SQUARE = Shape(0, (ring_of(ring(0, 0, 10, 10)),))


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_masks_and_links(tmp_path):
    image(tmp_path / "data/x/a.jpg")
    image(tmp_path / "data/b.png")
    images = [Annotated("x/a.jpg", "test/a", SIZE, [SQUARE]), Annotated("b.png", "b", SIZE)]
    lines = gather_polygons(tmp_path / "data", tmp_path / "new", images, instances=True)
    assert lines[0].startswith("2 masks of 1 objects were drawn")
    assert lines[1] == "1 images have no objects: their masks are empty"
    mask = read(tmp_path / "new/masks/test/a.png")
    assert (mask.sum(), mask[9, 9], mask[10, 10]) == (100, 1, 0)
    assert not read(tmp_path / "new/masks/b.png").any()
    link = tmp_path / "new/images/test/a.jpg"
    assert link.is_symlink()
    assert link.resolve() == (tmp_path / "data/x/a.jpg").resolve()
    assert not link.readlink().is_absolute(), "both folders can be moved"


def test_overlaps_are_told(tmp_path):
    image(tmp_path / "data/a.png")
    (_, line) = gather_polygons(
        tmp_path / "data", tmp_path / "new", [Annotated("a.png", "a", SIZE, [SQUARE, SQUARE])], True
    )
    assert line == "100 pixels lie in several objects: the smaller one is on top"


def test_two_images_of_one_name_and_another_size_are_refused(tmp_path):
    for name in ("x/a.png", "y/a.png"):
        image(tmp_path / "data" / name)
    two = [Annotated("x/a.png", "a", SIZE), Annotated("y/a.png", "a", SIZE)]
    with pytest.raises(SegbenchError, match=r"x/a.png and y/a.png would have one mask"):
        gather_polygons(tmp_path / "data", tmp_path / "new", two, True)
    with pytest.raises(SegbenchError, match="is 64 x 72, its annotations are for 3 x 4"):
        gather_polygons(
            tmp_path / "data", tmp_path / "m", [Annotated("x/a.png", "a", (3, 4))], True
        )


def test_pairs_of_several_folders_are_linked_into_one(tmp_path):
    split(tmp_path / "data")
    found = survey(tmp_path / "data")
    gather_pairs(tmp_path / "data", tmp_path / "new", pair(found.entries))
    again = pair(survey(tmp_path / "new").entries)
    assert again.roots() == ({"images"}, {"masks"})
    assert sorted(again.masks) == [
        "test/a4",
        "test/a5",
        "train/a0",
        "train/a1",
        "train/a2",
        "val/a3",
    ]


def test_nothing_is_overwritten_and_the_folder_itself_is_not_written_to(tmp_path):
    (tmp_path / "data").mkdir()
    check_target(tmp_path / "data", tmp_path / "new")
    (tmp_path / "new").mkdir()
    check_target(tmp_path / "data", tmp_path / "new")
    (tmp_path / "new/mine.txt").write_text("x")
    with pytest.raises(SegbenchError, match="is not empty"):
        check_target(tmp_path / "data", tmp_path / "new")
    with pytest.raises(SegbenchError, match="lies in the folder"):
        check_target(tmp_path / "data", tmp_path / "data/masks")
