"""Plots: what is drawn, and that the same input gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segbench.artefacts.samples import Sample
from segbench.exploration.appearance import Grouping
from segbench.exploration.measure import LabelMeasures, measure_image
from segbench.exploration.plots import (
    draw_classes,
    draw_intensities,
    draw_objects,
    draw_sizes,
)
from segbench.exploration.summary import Measured, summarise
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
        found.add_label(LabelMeasures(32 * 40, pixels, int(pixels.sum()), sizes, pixels), None)
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
    assert "15 objects, median 2.5 per sample; median size" in said["objects"]


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
