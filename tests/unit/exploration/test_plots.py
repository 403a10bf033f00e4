"""Plots and sheets: what is drawn, and that the same input gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segbench.artefacts.samples import Sample
from segbench.exploration.appearance import RULE, Grouping
from segbench.exploration.measure import LabelMeasures, measure_image
from segbench.exploration.plots import (
    draw_classes,
    draw_intensities,
    draw_objects,
    draw_sizes,
)
from segbench.exploration.sheets import SIDE, brightness, draw_appearance, draw_sheet, make_tile
from segbench.exploration.summary import Measured, summarise
from segbench.figures.saving import LIMIT_BYTES
from segbench.reporting.assets import read_picture

NASTY = "<b> & $\\frac{"


def rows(count: int = 6) -> list[Sample]:
    return [
        Sample(
            f"s{k}", f"g{k // 2}", classes=("a",) if k else (), objects=k, size=(32 + k % 2, 40),
            channels=3,
        )
        for k in range(count)
    ]  # fmt: skip


def measured(classes: tuple[str, ...] = ("a",), objects: bool = True) -> Measured:
    rng = np.random.default_rng(0)
    found = Measured(list(classes))
    for k in range(6):
        found.images[f"s{k}"] = measure_image(rng.integers(0, 256, (32, 40, 3)).astype(np.uint8))
        sizes = tuple(np.array([5 + k, 50 * 2**n] * objects, np.int64) for n in range(len(classes)))
        pixels = np.array([s.sum() for s in sizes])
        found.add_label(LabelMeasures(32 * 40, pixels, int(pixels.sum()), sizes), None)
    return found


def summary(found: Measured, task: str = "semantic") -> dict:
    return summarise("toy", task, rows(), found, Grouping({}, {}), ["red", "green", "blue"])


def draw_all(folder: Path, name: str = "toy") -> dict[str, Path]:
    folder.mkdir()
    found = measured(("a", NASTY))
    paths = {k: folder / f"{k}.svg" for k in ("sizes", "intensities", "classes", "objects")}
    draw_sizes(rows(), name, paths["sizes"])
    draw_intensities(found, ["red", "green", "blue"], name, paths["intensities"])
    draw_classes(summary(found), name, paths["classes"])
    draw_objects(rows(), found, name, paths["objects"])
    return paths


def test_same_input_same_bytes(tmp_path: Path):
    first, second = draw_all(tmp_path / "0"), draw_all(tmp_path / "1")
    for kind, path in first.items():
        assert path.read_bytes() == second[kind].read_bytes()


def test_descriptions_say_what_is_to_be_seen(tmp_path: Path):
    said = {kind: read_picture(path).description for kind, path in draw_all(tmp_path / "x").items()}
    assert said["sizes"] == (
        "toy: sizes of 6 images. 2 different, most often 32 \u00d7 40 px: 3; 33 \u00d7 40 px: 3. "
        "3 groups of 2 to 2 samples."
    )
    assert "intensities of 6 images" in said["intensities"]
    assert "a in 83.3 %" in said["classes"]
    assert "15 objects, median 2.5 a sample; median size" in said["objects"]


def test_nasty_names_are_text(tmp_path: Path):
    assert NASTY in read_picture(draw_all(tmp_path / "x", NASTY)["classes"]).description


def test_many_sizes_become_histograms(tmp_path: Path):
    many = [replace(r, size=(100 + k, 40)) for k, r in enumerate(rows(30))]
    draw_sizes(many, "toy", tmp_path / "s.svg")
    assert "30 different" in read_picture(tmp_path / "s.svg").description
    deep = [replace(r, size=(20 + k, *r.size)) for k, r in enumerate(rows(20))]
    draw_sizes(deep, "toy", tmp_path / "d.svg")
    assert read_picture(tmp_path / "d.svg").width > read_picture(tmp_path / "s.svg").width


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_one_value_is_still_a_distribution(tmp_path: Path, dtype: type):
    found = Measured(["a"])
    found.images["s0"] = measure_image(np.zeros((4, 4, 1), dtype))
    draw_intensities(found, ["grey"], "toy", tmp_path / "i.svg")
    assert "intensities of 1 images" in read_picture(tmp_path / "i.svg").description


def test_rare_classes_are_seen_on_a_logarithmic_axis(tmp_path: Path):
    found = measured(("a", "b"))
    found.pixels[:] = (5000, 1)
    draw_classes(summary(found), "toy", tmp_path / "c.svg")
    assert (tmp_path / "c.svg").stat().st_size > 1000


def test_classes_of_whole_images_have_one_panel(tmp_path: Path):
    draw_classes(summary(measured()), "toy", tmp_path / "two.svg")
    draw_classes(summary(measured(), "classification"), "toy", tmp_path / "one.svg")
    two, one = (read_picture(tmp_path / f"{n}.svg").width for n in ("two", "one"))
    assert one < 0.7 * two


def test_no_objects(tmp_path: Path):
    draw_objects(rows(), measured(objects=False), "toy", tmp_path / "o.svg")
    assert read_picture(tmp_path / "o.svg").description == "toy: no objects."


KINDS = {
    "yx": {"axes": "yx", "task": "semantic", "classes": ["a", "b"], "class_values": [1, 4]},
    "yxk": {"axes": "yxk", "task": "overlapping", "classes": ["a", "b"], "class_values": [1, 2]},
    "zyx": {"axes": "zyx", "task": "semantic", "classes": ["a"], "class_values": [1]},
    "s": {"axes": "s", "task": "classification", "classes": ["a", "b"], "class_values": [1, 2]},
}


def test_a_tile_of_a_label_map_is_small_and_its_lines_fit():
    label = np.zeros((520, 260), np.uint8)
    label[100:300, 50:150] = 4
    tile = make_tile("s", np.zeros((520, 260, 3), np.uint8), label, KINDS["yx"])
    assert tile.image.shape == (SIDE, SIDE // 2, 3)
    assert [layer.name for layer in tile.layers] == ["b"]
    ((_, (line,)),) = tile.lines
    # Rows 100...299 and columns 50...149 at half the size, pixel centres at integers.
    assert line.min(axis=0) == pytest.approx([24.5, 49.5])
    assert line.max(axis=0) == pytest.approx([74.5, 149.5])


def test_a_tile_of_masks_that_overlap():
    label = np.zeros((20, 20, 2), np.uint8)
    label[2:12, 2:12, 0] = label[8:18, 8:18, 1] = 1
    tile = make_tile("s", np.zeros((20, 20, 1), np.uint8), label, KINDS["yxk"])
    assert [layer.name for layer in tile.layers] == ["a", "b"]
    assert all((layer.label[8:12, 8:12] > 0).all() for layer in tile.layers)


def test_a_tile_of_a_volume_is_its_fullest_slice():
    label = np.zeros((6, 8, 8), np.uint8)
    label[4, 2:6, 2:6] = 1
    label[1, 2, 2] = 1
    volume = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((6, 8, 8, 2), np.uint8)
    tile = make_tile("s", volume, label, KINDS["zyx"])
    assert tile.note == "slice 4"
    assert (tile.image == 4).all()


def test_a_tile_of_a_whole_image_names_its_class():
    image = np.zeros((8, 8, 3), np.uint8)
    assert make_tile("s", image, np.array([2], np.uint8), KINDS["s"]).note == "b"
    assert make_tile("s", image, np.array([9], np.uint8), KINDS["s"]).note == "class 9"


def test_dark_tiles_are_stretched():
    image = np.full((10, 10, 1), 3, np.uint16)
    image[0] = 40
    low, high = brightness(make_tile("s", image, np.zeros((10, 10), np.uint8), KINDS["yx"]))
    assert (low, high) == (3, 40)
    flat = make_tile("s", image[1:], np.zeros((9, 10), np.uint8), KINDS["yx"])
    assert brightness(flat)[1] > brightness(flat)[0]


@pytest.mark.parametrize("count", [0, 1, 7])
def test_the_sheet_is_the_same_every_time(tmp_path: Path, count: int):
    rng = np.random.default_rng(0)
    tiles = []
    for k in range(count):
        label = np.zeros((30, 30 + k), np.uint8)
        label[5:20, 5:20] = 1 + 3 * (k % 2)
        image = rng.integers(0, 256, (30, 30 + k, 3)).astype(np.uint8)
        tiles.append(make_tile(f"{NASTY}{k}", image, label, KINDS["yx"]))
    for name in "ab":
        draw_sheet(tiles, "toy", tmp_path / f"{name}.png")
    data = (tmp_path / "a.png").read_bytes()
    assert data == (tmp_path / "b.png").read_bytes()
    assert len(data) < LIMIT_BYTES
    assert f"toy: {count} samples" in read_picture(tmp_path / "a.png").description


def test_groups_by_appearance_are_rows(tmp_path: Path):
    thumbnails = {f"s{k}": np.full((9, 9, 3), 20.0 * k, np.float32) for k in range(10)}
    clusters = {f"s{k}": 1 + (k > 6) for k in range(10)}
    order = sorted(thumbnails)
    draw_appearance(clusters, thumbnails, order, (0, 255), "toy", tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").description == (
        f"toy: images by appearance. group 1: 7 images, group 2: 3 images. Rule: {RULE}."
    )
    draw_appearance({}, {}, [], (0, 255), "toy", tmp_path / "n.png")
    assert "no images" in read_picture(tmp_path / "n.png").description
