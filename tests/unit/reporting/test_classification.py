from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from segbench.figures.saving import LIMIT_BYTES
from segbench.reporting.assets import read_picture
from segbench.reporting.classification import (
    draw_classification,
    draw_confusion,
    draw_mistakes,
    draw_reliability,
    draw_roc,
)
from segbench.reporting.predictions import Verdicts
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


def verdicts(classes: tuple[str, ...], truth: list[int], guess: list[int]) -> Verdicts:
    odds = np.full((len(truth), len(classes)), 0.1)
    odds[np.arange(len(truth)), guess] = 0.9
    ids = tuple(f"s{k}" for k in range(len(truth)))
    return Verdicts(classes, ids, np.array(truth, int), np.array(guess, int), odds)


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


def test_no_mistakes_is_said(tmp_path: Path):
    draw_mistakes(verdicts(("a", "b"), [0, 1], [0, 1]), [], "x", tmp_path / "m.png")
    assert read_picture(tmp_path / "m.png").description == "x: no image was classified wrongly."


def test_no_predictions_still_give_pictures(tmp_path: Path):
    none = Verdicts(("a", "b"), (), np.zeros(0, int), np.zeros(0, int), np.zeros((0, 2)))
    draw_confusion(none, "x", tmp_path / "c.svg")
    draw_reliability(none, "x", tmp_path / "r.svg")
    draw_roc(none, "x", tmp_path / "o.svg")
    draw_mistakes(none, [], "x", tmp_path / "m.png")
    assert "a 0 of 0" in read_picture(tmp_path / "c.svg").description
    assert read_picture(tmp_path / "r.svg").description == "x: reliability. No predictions."
    assert read_picture(tmp_path / "o.svg").description.endswith("others: no class.")


def test_a_class_that_never_occurs_has_no_curve(tmp_path: Path):
    draw_roc(verdicts(("a", "b", "c"), [0, 1], [0, 1]), "x", tmp_path / "o.svg")
    assert read_picture(tmp_path / "o.svg").description.endswith("others: a, b.")


def test_many_classes_make_a_larger_matrix(tmp_path: Path):
    names = tuple(f"class {k}" for k in range(12))
    draw_confusion(verdicts(names, list(range(12)), list(range(12))), "x", tmp_path / "l.svg")
    draw_confusion(verdicts(names[:2], [0, 1], [0, 1]), "x", tmp_path / "s.svg")
    large, small = (read_picture(tmp_path / f"{n}.svg").width for n in "ls")
    assert large > 1.5 * small


def test_nasty_names_are_text(tmp_path: Path):
    nasty = verdicts((NASTY, "$\\frac{"), [0, 1, 1], [0, 1, 0])
    draw_confusion(nasty, NASTY, tmp_path / "c.svg")
    draw_roc(nasty, NASTY, tmp_path / "o.svg")
    for name in ("c", "o"):
        tags = {element.tag for element in ET.parse(tmp_path / f"{name}.svg").iter()}
        assert not any(tag.endswith("}script") for tag in tags)
