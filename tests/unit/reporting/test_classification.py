from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from segbench.figures.palette import PALETTE
from segbench.figures.saving import LIMIT_BYTES, save
from segbench.reporting.assets import read_picture
from segbench.reporting.classification import (
    draw_classification,
    draw_confusion,
    draw_mistakes,
    draw_reliability,
    draw_roc,
)
from segbench.reporting.predictions import Predictions
from unit.reporting.builders import NASTY
from unit.reporting.kinds import tissues

KINDS = {"confusion": "svg", "reliability": "svg", "roc": "svg", "mistakes": "png"}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> list[dict[str, Path]]:
    """All pictures, drawn twice."""
    folder = tmp_path_factory.mktemp("tissues")
    prep, segmentation, truth = tissues(folder)
    both = []
    for number in range(2):
        outputs = {kind: folder / f"{kind}{number}.{ending}" for kind, ending in KINDS.items()}
        draw_classification([segmentation], [truth], [prep], "resnet", outputs)
        both.append(outputs)
    return both


def predictions(classes: tuple[str, ...], truth: list[int], guess: list[int]) -> Predictions:
    odds = np.full((len(truth), len(classes)), 0.1)
    odds[np.arange(len(truth)), guess] = 0.9
    ids = tuple(f"s{k}" for k in range(len(truth)))
    return Predictions(classes, ids, np.array(truth, int), np.array(guess, int), odds)


def test_same_input_same_bytes(drawn):
    for kind in KINDS:
        assert drawn[0][kind].read_bytes() == drawn[1][kind].read_bytes(), kind


def test_descriptions_tell_the_figures(drawn):
    said = {kind: read_picture(path).description for kind, path in drawn[0].items()}
    assert said["confusion"] == (
        "resnet: confusion matrix. Predicted rightly: colon 6 of 8; kidney 6 of 8; liver 7 of 8; "
        "lung 7 of 8; spleen 7 of 8."
    )
    assert said["roc"].endswith("all others: colon, kidney, liver, lung, spleen.")
    assert said["reliability"].startswith("resnet: reliability. 0.")
    assert "t000: colon taken for kidney (0." in said["mistakes"]
    assert drawn[0]["mistakes"].stat().st_size < LIMIT_BYTES


def test_no_mistakes_is_said():
    _, words = draw_mistakes(predictions(("a", "b"), [0, 1], [0, 1]), [], "x")
    assert words == "no image was classified wrongly"


def test_no_predictions_still_give_pictures():
    none = Predictions(("a", "b"), (), np.zeros(0, int), np.zeros(0, int), np.zeros((0, 2)))
    assert draw_confusion(none, "x")[1].endswith("a 0 of 0; b 0 of 0")
    assert draw_reliability(none, "x")[1] == "reliability. No predictions"
    assert draw_roc(none, "x")[1].endswith("others: no class")
    assert draw_mistakes(none, [], "x")[1] == "no image was classified wrongly"


def test_the_matrix_says_counts_and_shares():
    figure, words = draw_confusion(predictions(("a", "b"), [0, 0, 0, 1], [0, 0, 1, 1]), "arm")
    (axes,) = figure.axes
    assert {text.get_text() for text in axes.texts} == {"2\n67 %", "1\n33 %", "1\n100 %"}
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a  (3)", "b  (1)"]
    assert axes.get_title() == "arm"
    assert words == "confusion matrix. Predicted rightly: a 2 of 3; b 1 of 1"


def test_reliability_tells_each_bin():
    figure, words = draw_reliability(predictions(("a", "b"), [0, 1], [0, 0]), "x")
    assert words == "reliability. 0.90 predicted, 0.50 right (2)"
    assert [bar.get_height() for bar in figure.axes[1].patches] == [0] * 8 + [2, 0]


def test_a_class_that_never_occurs_has_no_curve():
    figure, words = draw_roc(predictions(("a", "b", "c"), [0, 1], [0, 1]), "x")
    assert words.endswith("others: a, b")
    assert [line.get_color() for line in figure.axes[0].lines[1:]] == list(PALETTE[:2])


def test_many_classes_make_a_larger_matrix():
    names = tuple(f"class {k}" for k in range(12))
    large, _ = draw_confusion(predictions(names, list(range(12)), list(range(12))), "x")
    small, _ = draw_confusion(predictions(names[:2], [0, 1], [0, 1]), "x")
    assert large.get_figwidth() > 1.5 * small.get_figwidth()


def test_nasty_names_are_text(tmp_path: Path):
    nasty = predictions((NASTY, "$\\frac{"), [0, 1, 1], [0, 1, 0])
    for draw in (draw_confusion, draw_roc):
        figure, words = draw(nasty, NASTY)
        save(figure, tmp_path / "x.svg", words)
        tags = {element.tag for element in ET.parse(tmp_path / "x.svg").iter()}
        assert not any(tag.endswith("}script") for tag in tags)
