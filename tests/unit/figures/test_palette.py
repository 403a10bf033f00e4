"""One palette: a class has the same colour in report, exploration and apply."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segbench.archives import Archive, ArchiveSet
from segbench.exploration.sheets import draw_sheet, make_tile
from segbench.figures.palette import PALETTE, class_colours, colour_of, rgb
from segbench.inference.overlays import draw_overlay
from segbench.reporting.overlays import draw_overlays
from unit.reporting import kinds
from unit.reporting.builders import score_rows, toy_study, write_scores


def test_colours_differ_and_repeat_only_after_the_last():
    assert len(set(PALETTE)) == len(PALETTE) == 18
    assert colour_of(len(PALETTE) + 2) == PALETTE[2]
    distances = [
        np.abs(np.subtract(rgb(a), rgb(b))).max()
        for number, a in enumerate(PALETTE)
        for b in PALETTE[:number]
    ]
    assert min(distances) >= 24


def test_every_colour_can_be_seen_on_white_paper():
    # Relative luminance of WCAG 2: white has 1.
    for colour in PALETTE:
        channels = np.array(rgb(colour)) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        assert 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05) > 2, colour


def colours_in(path: Path) -> set[tuple[int, ...]]:
    """The colours of the palette that are exactly in a picture; greys are those of letters."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    found = set(map(tuple, np.unique(pixels, axis=0).tolist()))
    return {colour for colour in found & set(map(rgb, PALETTE)) if len(set(colour)) > 1}


def draw(folder: Path, kind: dict, label: np.ndarray) -> dict[str, set[tuple[int, ...]]]:
    """One prediction, equal to the truth, drawn by all who draw labels."""
    image = np.full((*label.shape[:2], 1), 100, np.uint8)
    prep, segmentation, truth = kinds.write(folder, kind, {"a": (image, label, label)})
    scores = write_scores(folder / "s.parquet", score_rows({"a": 0.9}))
    draw_overlays(
        [scores], toy_study(), "arm", [prep], [segmentation], [truth], folder / "report.png"
    )
    with Archive(segmentation) as predicted:
        draw_overlay(image, predicted.read("a", "label"), kind, folder / "apply.png")
    attributes = ArchiveSet([truth]).attributes
    draw_sheet([make_tile("a", image, label, attributes)], "toy", folder / "sheet.png")
    return {name: colours_in(folder / f"{name}.png") for name in ("report", "apply", "sheet")}


@pytest.mark.parametrize("background", [None, "background"])
def test_a_class_of_a_label_map_has_one_colour_wherever_it_is_drawn(tmp_path: Path, background):
    label = np.zeros((90, 90), np.uint8)
    # The third and the ninth class; the others are absent, which moves no colour.
    label[10:40, 10:40], label[50:80, 50:80] = 3, 9
    kind = {
        "axes": "yx", "task": "semantic", "classes": list(kinds.CLOTHES),
        "class_values": list(range(1, 15)), "background": background,
    }  # fmt: skip
    wanted = {rgb(PALETTE[2]), rgb(PALETTE[8])}
    assert draw(tmp_path, kind, label) == {"report": wanted, "apply": wanted, "sheet": wanted}


def test_overlapping_classes_have_one_colour_wherever_they_are_drawn(tmp_path: Path):
    masks = np.zeros((90, 90, 3), np.uint8)
    masks[10:50, 10:50, 1] = masks[30:70, 30:70, 2] = 1
    kind = {
        "axes": "yxk", "task": "overlapping", "classes": list(kinds.ORGANS),
        "class_values": [1, 2, 3],
    }  # fmt: skip
    wanted = {rgb(class_colours(kinds.ORGANS)[name]) for name in kinds.ORGANS[1:]}
    assert draw(tmp_path, kind, masks) == {"report": wanted, "apply": wanted, "sheet": wanted}


def test_numbered_objects_have_the_colour_of_their_class(tmp_path: Path):
    label = np.zeros((90, 90), np.uint16)
    label[10:40, 10:40], label[50:80, 50:80] = 1, 2
    kind = {"axes": "yx", "task": "instances", "classes": ["nucleus"], "class_values": [1]}
    found = draw(tmp_path, kind, label)
    assert found["apply"] == found["sheet"] == {rgb(PALETTE[0])}
    # The report draws the prediction beside the truth, in the second colour.
    assert found["report"] == {rgb(PALETTE[0]), rgb(PALETTE[1])}
