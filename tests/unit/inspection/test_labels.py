"""What stands in masks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from segbench.inspection.labels import labels_in, lines_of, warnings_of
from unit.inspection.layouts import blocks


def counted(folder, *masks, ending="png", **options):
    names = []
    for number, mask in enumerate(masks):
        names.append(f"m{number}.{ending}")
        if ending == "npy":
            np.save(folder / names[-1], mask)
        else:
            Image.fromarray(mask).save(folder / names[-1], **options)
    return labels_in(folder, names)


def test_values_are_counted_in_pixels_and_masks(tmp_path):
    found = counted(tmp_path, blocks((1, 2)), blocks((1,)), blocks(()))
    assert dict(found.pixels) == {0: 3 * 64 * 72 - 600, 1: 400, 2: 200}
    assert dict(found.masks) == {0: 3, 1: 2, 2: 1}
    assert found.empty == ["m2.png"]
    assert "1 (400 px in 2)" in lines_of(found)[0]
    assert not found.instances
    assert warnings_of(found) == []


@pytest.mark.parametrize(
    ("values", "says"),
    [((255,), "`labels: [255]`"), ((1, 255), "written as `ignore`")],
)
def test_255_alone_is_the_class_and_beside_others_a_question(tmp_path, values, says):
    (line,) = warnings_of(counted(tmp_path, blocks(values)))
    assert says in line


def test_where_most_is_the_class_it_may_be_the_background(tmp_path):
    lines = warnings_of(counted(tmp_path, 255 - 255 * blocks((1,))))
    assert any("255 covers 96% of the pixels: if 0 is what you look for" in line for line in lines)
    assert any("`background: {labels: [255]}`" in line for line in lines)


def test_a_mask_without_zeros_asks_for_the_background(tmp_path):
    (line,) = warnings_of(counted(tmp_path, blocks((1,)) + np.uint8(1)))
    assert "`background: {labels: [...]}`" in line


def test_numbers_of_objects(tmp_path):
    many = np.zeros((40, 40), np.uint16)
    for k in range(16):
        many[10 * (k // 4) : 10 * (k // 4) + 8, 10 * (k % 4) : 10 * (k % 4) + 8] = k + 1
    found = counted(tmp_path, many, np.roll(many, 1, axis=0), ending="npy")
    assert found.instances
    assert lines_of(found)[1] == "  numbered objects, by their look"
    scattered = np.random.default_rng(0).integers(0, 9, (40, 40)).astype(np.uint8)
    assert not counted(tmp_path, scattered, ending="npy").instances


def test_colours(tmp_path):
    mask = np.zeros((8, 8, 3), np.uint8)
    mask[:4] = (230, 25, 75)
    found = counted(tmp_path, mask)
    assert found.by_colour
    assert "'#e6194b' (32 px in 1)" in lines_of(found)[0]
    assert any("in colour" in line for line in warnings_of(found))
    grey = counted(tmp_path, np.dstack([blocks((7,))] * 3))
    assert not grey.by_colour
    assert grey.pixels[7] == 200


def test_jpegs_smeared_and_fractional_masks(tmp_path):
    smooth = np.linspace(0, 255, 64 * 72).reshape(64, 72).astype(np.uint8)
    assert any("JPEG once" in line for line in warnings_of(counted(tmp_path, smooth)))
    found = counted(tmp_path, blocks((255,)), ending="jpg", quality=30)
    assert found.jpegs == ["m0.jpg"]
    assert "does not keep" in warnings_of(found)[0]
    assert not any("ignore" in line for line in warnings_of(found)) or not found.smeared
    found = counted(tmp_path, np.full((4, 4), 0.5), ending="npy")
    assert found.fractions == ["m0.npy"]
    assert not found.pixels
    whole = counted(tmp_path, np.full((4, 4), 2.0), ending="npy")
    assert dict(whole.pixels) == {2: 16}


def test_layers_of_a_mask_are_classes(tmp_path):
    mask = np.zeros((20, 30, 4), np.uint8)
    mask[2:6, 2:6, 0] = mask[4:9, 4:9, 3] = 1
    found = counted(tmp_path, mask, ending="npy")
    assert found.layers == ("class 1", "class 2", "class 3", "class 4")
    assert "which may overlap: class 1, class 2" in lines_of(found)[1]
    assert counted(tmp_path, mask[..., :1], ending="npy").layers == ()


def test_a_mask_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (line,) = warnings_of(labels_in(tmp_path, ["bad.png"]))
    assert "bad.png" in line
