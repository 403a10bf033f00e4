from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from segbench.figures.palette import PALETTE, rgb
from segbench.inference.overlays import LARGEST, draw_class, draw_overlay

CLASSES = {"task": "semantic", "classes": ["a", "b"], "class_values": [1, 2]}
OBJECTS = {"task": "instances", "classes": ["a"], "class_values": [1]}
COLOURS = [rgb(colour) for colour in PALETTE]


def drawn(tmp_path, image, label, objects=False):
    draw_overlay(image, label, OBJECTS if objects else CLASSES, tmp_path / "o.png")
    with Image.open(tmp_path / "o.png") as picture:
        return np.asarray(picture)


GREY = np.full((64, 64, 1), 100, np.uint8)
SQUARE = np.zeros((64, 64), np.uint8)
SQUARE[16:32, 16:32] = 1


def test_outline_tint_and_background(tmp_path):
    picture = drawn(tmp_path, GREY, SQUARE)
    assert picture.shape == (512, 512, 3)
    assert picture[4, 4].tolist() == [100, 100, 100]
    assert picture[16 * 8, 20 * 8].tolist() == list(COLOURS[0])
    tinted = [100 + 0.25 * (c - 100) for c in COLOURS[0]]
    assert picture[24 * 8, 24 * 8].tolist() == pytest.approx(tinted, abs=0.5)


def test_classes_have_colours_of_their_own_and_objects_one(tmp_path):
    label = SQUARE.copy()
    label[40:50, 40:50] = 2
    edges = (16 * 8, 20 * 8), (40 * 8, 44 * 8)
    classes = drawn(tmp_path, GREY, label)
    assert [classes[edge].tolist() for edge in edges] == [list(c) for c in COLOURS[:2]]
    objects = drawn(tmp_path, GREY, label.astype(np.uint16), objects=True)
    assert [objects[edge].tolist() for edge in edges] == [list(COLOURS[0])] * 2


def test_touching_objects_are_parted(tmp_path):
    label = np.zeros((64, 64), np.uint16)
    label[16:32, 16:32], label[16:32, 32:48] = 1, 2
    picture = drawn(tmp_path, GREY, label, objects=True)
    assert picture[24 * 8, 32 * 8].tolist() == list(COLOURS[0])


def test_overlapping_masks(tmp_path):
    masks = np.stack([SQUARE, np.roll(SQUARE, 8, axis=1)], axis=-1)
    picture = drawn(tmp_path, GREY, masks)
    assert picture[16 * 8, 20 * 8].tolist() == list(COLOURS[0])
    assert picture[16 * 8, 36 * 8].tolist() == list(COLOURS[1])


def test_nothing_found_is_the_image(tmp_path):
    assert (drawn(tmp_path, GREY, np.zeros((64, 64), np.uint8)) == 100).all()


def test_a_large_image_becomes_a_smaller_picture(tmp_path):
    image = np.zeros((900, 3200, 3), np.uint8)
    picture = drawn(tmp_path, image, np.zeros((900, 3200), np.uint16), objects=True)
    assert picture.shape == (450, LARGEST, 3)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_what_is_not_8_bit_is_stretched(tmp_path, dtype):
    ramp = np.broadcast_to(np.linspace(1000, 5000, 64), (64, 64))[..., None].astype(dtype)
    picture = drawn(tmp_path, ramp, np.zeros((64, 64), np.uint8))
    assert picture.min() == 0
    assert picture.max() == 255


@pytest.mark.filterwarnings("error")
def test_numbers_beyond_float32_have_no_value(tmp_path):
    ramp = np.broadcast_to(np.linspace(1000, 5000, 64), (64, 64))[..., None].copy()
    ramp[:, 63] = 1e300
    picture = drawn(tmp_path, ramp, np.zeros((64, 64), np.uint8))
    assert picture.max() >= 250, "the known values fill the range"
    assert picture[0, 0].tolist() == picture[0, -1].tolist() == [0] * 3


def test_of_a_volume_the_fullest_slice_is_shown(tmp_path):
    volume = np.stack([np.full((64, 64, 2), value, np.uint8) for value in (10, 20, 30)])
    label = np.zeros((3, 64, 64), np.uint8)
    label[1], label[2, :4] = SQUARE, 1
    picture = drawn(tmp_path, volume, label)
    assert picture[0, 0].tolist() == [20, 20, 20]


def test_the_class_is_written_over_the_image(tmp_path):
    draw_class(np.full((40, 60, 3), 200, np.uint8), ["eye", "eye: 0.91"], tmp_path / "v.png")
    with Image.open(tmp_path / "v.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (320, 480, 3)
    assert (pixels == 200).all(axis=-1).mean() > 0.5
    assert (pixels == 255).any()
