from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from segbench.errors import SegbenchError
from segbench.figures.palette import PALETTE, rgb
from segbench.figures.saving import encode_png, few_colours, save
from segbench.figures.style import house_style
from segbench.reporting.assets import read_picture


def noisy() -> Figure:
    figure = Figure(figsize=(4, 4))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(np.random.default_rng(0).random((400, 400, 3)))
    return figure


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_same_figure_same_bytes_with_the_description_and_no_clock(tmp_path: Path, ending: str):
    for name in "ab":
        with house_style():
            figure = Figure(figsize=(2, 1))
            figure.subplots().plot([0, 1])
            save(figure, tmp_path / f"{name}.{ending}", "A rising <line>")
    data = (tmp_path / f"a.{ending}").read_bytes()
    assert data == (tmp_path / f"b.{ending}").read_bytes()
    assert b"rising" in data
    assert b"matplotlib.org" not in data
    assert b"<dc:date>" not in data


def test_other_endings_are_refused(tmp_path: Path):
    with pytest.raises(SegbenchError, match=r"cannot draw '\.pdf'"):
        save(Figure(), tmp_path / "x.pdf", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit", [60_000, 20_000])
def test_a_png_stays_below_its_limit(limit: int):
    assert len(encode_png(noisy(), "noise", limit)) < limit


def test_with_few_colours_the_palette_stays_exact():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    for row, colour in enumerate(("#FFFFFF", "#000000", *PALETTE)):
        pixels[row] = rgb(colour)
    few = np.asarray(few_colours(Image.fromarray(pixels)).convert("RGB"))
    for row, colour in enumerate(("#FFFFFF", "#000000", *PALETTE)):
        assert (few[row] == rgb(colour)).all(), colour
    assert len(np.unique(few.reshape(-1, 3), axis=0)) <= 256


def test_a_small_figure_keeps_all_its_colours():
    figure = Figure(figsize=(1, 1))
    axes = figure.add_axes((0, 0, 1, 1))
    ramp = np.linspace(0, 1, 130)
    axes.imshow(np.stack([np.add.outer(ramp, ramp) / 2] * 3, axis=-1), interpolation="nearest")
    with Image.open(io.BytesIO(encode_png(figure, "ramp"))) as picture:
        assert picture.mode == "RGB"
        assert picture.text["Description"] == "ramp"
        assert picture.size == (130, 130)


def test_text_of_any_language_is_stored(tmp_path: Path):
    words = "Größe \u00d7 \u03b1 <b> & \u4e2d"
    for ending in ("svg", "png"):
        with house_style():
            save(Figure(figsize=(1, 1)), tmp_path / f"x.{ending}", words)
        assert read_picture(tmp_path / f"x.{ending}").description == words
