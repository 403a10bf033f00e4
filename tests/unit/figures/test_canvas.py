from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from segbench.figures.canvas import (
    class_handles,
    draw_lines,
    message,
    plain_legend,
    shortened,
    show_image,
    wrapped,
)
from segbench.figures.layers import Layer
from segbench.figures.palette import PALETTE


def test_a_legend_names_the_classes_that_occur_in_the_order_of_the_palette():
    some, none = np.ones((1, 1), np.uint8), np.zeros((1, 1), np.uint8)
    layers = [Layer("b", PALETTE[1], some), Layer("c", PALETTE[2], none),
              Layer("a", PALETTE[0], some), Layer("b", PALETTE[1], none)]  # fmt: skip
    handles = class_handles(layers)
    assert [(handle.get_label(), handle.get_color()) for handle in handles] == [
        ("a", PALETTE[0]), ("b", PALETTE[1])
    ]  # fmt: skip
    assert class_handles([]) == []


@given(st.text(max_size=80), st.integers(4, 40))
def test_shortened_text_fits_and_keeps_both_ends(text: str, length: int):
    short = shortened(text, length)
    assert len(short) <= length
    if len(text) > length:
        start, end = short.split("…", maxsplit=1) if "…" not in text else ("", "")
        assert text.startswith(start)
        assert text.endswith(end)
    else:
        assert short == text


def test_titles_break_between_their_parts_first():
    assert wrapped("em-256 · none · unet · seed 0", 16) == "em-256 · none\nunet · seed 0"
    assert wrapped("short") == "short"
    assert wrapped("a" * 25, 10).splitlines() == ["a" * 10, "a" * 10, "a" * 5]


def test_an_image_fills_its_axes_without_ticks():
    axes = Figure().subplots()
    show_image(axes, np.zeros((4, 6, 3)))
    assert axes.get_xlim() == (-0.5, 5.5)
    assert axes.get_ylim() == (3.5, -0.5)
    assert not axes.axison


def test_lines_have_their_colour_and_a_rim():
    axes = Figure().subplots()
    draw_lines(axes, [np.array([[0, 0], [1, 1]])], "#E69F00", 1.5)
    (lines,) = [item for item in axes.collections if isinstance(item, LineCollection)]
    assert [round(255 * v) for v in lines.get_color()[0]] == [0xE6, 0x9F, 0, 255]
    assert lines.get_linewidths()[0] == 1.5
    assert len(lines.get_path_effects()) == 1


def test_a_legend_prints_names_and_no_formulas():
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], label="$\\frac{")
    plain_legend(axes)
    (text,) = axes.get_legend().get_texts()
    assert text.get_text() == "$\\frac{"
    assert not text.get_parse_math()


def test_a_message_is_text_below_a_title():
    figure = message("no objects", "toy $")
    assert [text.get_text() for text in figure.texts] == ["toy $", "no objects"]
