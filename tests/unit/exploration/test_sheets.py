"""The contact sheet and the groups by appearance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.exploration.appearance import RULE
from segbench.exploration.sheets import SIDE, brightness, draw_appearance, draw_sheet, make_tile
from segbench.figures.saving import LIMIT_BYTES
from segbench.reporting.assets import read_picture

NASTY = "<b> & $\\frac{"

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
