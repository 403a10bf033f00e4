from __future__ import annotations

from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.reporting.assets import read_picture
from segbench.reporting.curves import draw_curves
from segbench.reporting.histories import (
    LOSSES,
    Losses,
    lowest_losses,
    read_history,
    read_losses,
    write_losses,
)

DICE = "epoch,learning_rate,loss,val_loss,val_dice,chosen\n"
ACCURACY = "epoch,learning_rate,loss,val_loss,val_accuracy,chosen\n"


def history(path: Path, rows: str, header: str = DICE) -> Path:
    path.write_text(header + rows)
    return path


def test_the_lowest_losses_and_their_epochs(tmp_path: Path):
    path = history(
        tmp_path / "h.csv",
        "1,0.1,0.9,0.8,0.1,0\n2,0.1,0.5,0.6,0.7,1\n3,0.1,0.5,0.7,0.6,0\n4,0.1,,nan,0.5,0\n",
    )
    assert lowest_losses("unet", read_history(path)) == Losses(
        run="unet", loss=(0.5, 2), val_loss=(0.6, 2), chosen=2, metric="Dice", score=0.7, epochs=4
    )


def test_nothing_chosen_and_nothing_finite(tmp_path: Path):
    path = history(tmp_path / "h.csv", "1,0.1,inf,nan,0.1,0\n")
    found = lowest_losses("x", read_history(path))
    assert (found.loss, found.val_loss, found.chosen, found.score) == (None, None, None, None)
    empty = lowest_losses("x", read_history(history(tmp_path / "e.csv", "")))
    assert (empty.loss, empty.epochs) == (None, 0)


def test_a_classifier_is_chosen_by_its_accuracy(tmp_path: Path):
    path = history(tmp_path / "h.csv", "1,0.1,2,2.1,0.25,0\n2,0.1,1,1.5,0.5,1\n", ACCURACY)
    found = read_history(path)
    assert (found.metric, found.score) == ("accuracy", [0.25, 0.5])
    draw_curves({"resnet": path}, "T", tmp_path / "c.svg")
    said = read_picture(tmp_path / "c.svg").description
    assert said == "T. resnet: validation accuracy 0.500 at the chosen epoch (2)."


def test_what_is_written_is_read(tmp_path: Path):
    first = history(tmp_path / "1.csv", "1,0.1,0.123456789,0.25,0.5,1\n")
    second = history(tmp_path / "2.csv", "1,0.1,nan,nan,nan,0\n", ACCURACY)
    write_losses({"a · b, fold 0": first, "other": second}, tmp_path / "l.tsv")
    assert read_losses(tmp_path / "l.tsv") == [
        Losses("a · b, fold 0", (0.123457, 1), (0.25, 1), 1, "Dice", 0.5, 1),
        Losses("other", None, None, None, "accuracy", None, 1),
    ]
    lines = (tmp_path / "l.tsv").read_text().splitlines()
    assert lines[0].split("\t") == list(LOSSES)
    assert len(lines) == 3


def test_no_histories(tmp_path: Path):
    write_losses({}, tmp_path / "l.tsv")
    assert read_losses(tmp_path / "l.tsv") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("run\nx\n", "has the columns run"),
        ("\t".join(LOSSES) + "\nx\thigh\t1\t\t\t\tDice\t\t3\n", "line 2: could not convert"),
        ("\t".join(LOSSES) + "\nx\t0.1\t\t\t\t\tDice\t\t3\n", "line 2: invalid literal"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, text: str, says: str):
    (tmp_path / "l.tsv").write_text(text)
    with pytest.raises(SegbenchError, match=says):
        read_losses(tmp_path / "l.tsv")
