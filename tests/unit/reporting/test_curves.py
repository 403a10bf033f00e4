from __future__ import annotations

import xml.etree.ElementTree as ET
from math import inf, nan
from pathlib import Path

import matplotlib
import pytest

from segbench.errors import SegbenchError
from segbench.reporting.assets import read_picture
from segbench.reporting.curves import draw_curves
from segbench.reporting.histories import History, Run, read_history
from unit.reporting.builders import NASTY, write_history


def run(folder: Path, arm: str = "unet", fold: str = "0", seed: int = 0) -> Run:
    return Run(arm, fold, read_history(write_history(folder / "h.csv", seed=seed)))


def described(runs: list[Run], folder: Path) -> str:
    draw_curves(runs, "T", folder / "c.svg")
    return read_picture(folder / "c.svg").description


def test_same_input_same_bytes(tmp_path: Path):
    runs = [run(tmp_path, fold=str(k), seed=k) for k in range(2)]
    draw_curves(runs, "Study", tmp_path / "0.svg")
    with matplotlib.rc_context({"font.size": 20, "svg.hashsalt": None, "axes.grid": False}):
        draw_curves(runs, "Study", tmp_path / "1.svg")
    assert (tmp_path / "0.svg").read_bytes() == (tmp_path / "1.svg").read_bytes()


@pytest.mark.parametrize("arms", [1, 2, 3, 4, 7])
def test_any_number_of_arms(tmp_path: Path, arms: int):
    draw_curves([run(tmp_path, f"arm {k}") for k in range(arms)], "Study", tmp_path / "c.svg")
    size = read_picture(tmp_path / "c.svg")
    assert 100 < size.width < 1100
    assert size.height > 100
    for k in range(arms):
        assert f"arm {k}: validation Dice" in size.description


def test_no_histories_are_said(tmp_path: Path):
    assert described([], tmp_path) == "T. No training histories."


def test_folds_of_an_arm_are_described_together(tmp_path: Path):
    runs = [
        Run("a", str(fold), History([1, 2, 3], [0.5] * 3, [0.6] * 3, chosen, score))
        for fold, (chosen, score) in enumerate(
            [([1, 0, 0], [0.5, 0.1, 0.1]), ([0, 1, 0], [0.1, 0.7, 0.1])]
        )
    ]
    expected = "T. a: validation Dice 0.600 at the chosen epoch (1 to 2)."
    assert described(runs, tmp_path) == expected


def test_the_score_of_a_classifier_is_its_accuracy(tmp_path: Path):
    history = History([1, 2], [2, 1], [2.1, 1.5], [0, 1], [0.25, 0.5], "accuracy")
    expected = "T. resnet: validation accuracy 0.500 at the chosen epoch (2)."
    assert described([Run("resnet", "0", history)], tmp_path) == expected


def test_nan_empty_and_diverged_histories_are_drawn(tmp_path: Path):
    runs = [
        Run("nan", "0", History([1, 2], [nan, inf], [nan, inf], [1, 0], [nan, nan])),
        Run("empty", "0", History([], [], [], [], [])),
        Run("wild", "0", History([1, 2], [900, 0.1], [1000, 0.2], [0, 1], [0, 0.5])),
    ]
    said = described(runs, tmp_path)
    assert "nan: no epoch chosen; empty: no epoch chosen; wild: validation Dice 0.500" in said


def test_nasty_labels_are_text(tmp_path: Path):
    draw_curves([run(tmp_path, NASTY)], NASTY, tmp_path / "c.svg")
    tags = {element.tag for element in ET.parse(tmp_path / "c.svg").iter()}
    assert not any(tag.endswith("}script") for tag in tags)


def test_other_endings_are_refused(tmp_path: Path):
    with pytest.raises(SegbenchError, match="cannot draw"):
        draw_curves([run(tmp_path)], "Study", tmp_path / "c.pdf")
    assert not (tmp_path / "c.pdf").exists()
