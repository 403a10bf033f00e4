from __future__ import annotations

import math
from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.reporting.histories import (
    LOSSES,
    History,
    Losses,
    Run,
    lowest_losses,
    read_history,
    read_losses,
    read_runs,
    write_losses,
)

DICE = "epoch,learning_rate,loss,val_loss,val_dice,chosen\n"
ACCURACY = "epoch,learning_rate,loss,val_loss,val_accuracy,chosen\n"


def history(path: Path, rows: str, header: str = DICE) -> Path:
    path.write_text(header + rows)
    return path


def test_history_is_read(tmp_path: Path):
    found = read_history(history(tmp_path / "h.csv", "1,0.001,0.5,0.6,0.3,0\n2,0.001,0.4,,0.7,1\n"))
    assert found.epoch == [1.0, 2.0]
    assert found.loss == [0.5, 0.4]
    assert found.score == [0.3, 0.7]
    assert found.metric == "Dice"
    assert found.best == 1
    assert math.isnan(found.val_loss[1])


def test_a_classifier_is_chosen_by_its_accuracy(tmp_path: Path):
    path = history(tmp_path / "h.csv", "1,0.1,2,2.1,0.25,0\n2,0.1,1,1.5,0.5,1\n", ACCURACY)
    found = read_history(path)
    assert (found.metric, found.score) == ("accuracy", [0.25, 0.5])


def test_history_without_a_chosen_epoch(tmp_path: Path):
    assert read_history(history(tmp_path / "h.csv", "1,0.001,0.5,0.6,0.3,0\n")).best is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epoch,loss\n1,2\n", "val_loss, chosen, val_dice or val_accuracy"),
        (DICE + "1,0.001,high,0.6,0.3,0\n", "line 2: loss is 'high'"),
        ("", "no column"),
    ],
)
def test_bad_history_is_refused(tmp_path: Path, text: str, says: str):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(SegbenchError, match=says) as error:
        read_history(path)
    assert str(path) in str(error.value)


def test_missing_or_binary_history_is_refused(tmp_path: Path):
    with pytest.raises(SegbenchError, match="cannot be read"):
        read_history(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SegbenchError, match="cannot be read"):
        read_history(tmp_path / "b.csv")


def test_runs_are_named_by_arm_and_fold(tmp_path: Path):
    path = history(tmp_path / "h.csv", "1,0.1,0.9,0.8,0.1,1\n")
    names = [{"model": model, "fold": fold} for model in ("unet", "plain") for fold in (0, 1)]
    runs = read_runs(names, [path] * 4)
    assert [(run.arm, run.fold) for run in runs] == [
        ("unet", "0"), ("unet", "1"), ("plain", "0"), ("plain", "1")
    ]  # fmt: skip
    assert runs[0].history == read_history(path)


def run_of(rows: str, folder: Path) -> Run:
    return Run("unet", "0", read_history(history(folder / "h.csv", rows)))


def test_the_lowest_losses_and_their_epochs(tmp_path: Path):
    rows = "1,0.1,0.9,0.8,0.1,0\n2,0.1,0.5,0.6,0.7,1\n3,0.1,0.5,0.7,0.6,0\n4,0.1,,nan,0.5,0\n"
    assert lowest_losses(run_of(rows, tmp_path)) == Losses(
        "unet, fold 0", 0.5, 2, 0.6, 2, 2, "Dice", 0.7, 4
    )


def test_nothing_chosen_and_nothing_finite(tmp_path: Path):
    found = lowest_losses(run_of("1,0.1,inf,nan,0.1,0\n", tmp_path))
    assert found == Losses("unet, fold 0", None, None, None, None, None, "Dice", None, 1)
    assert lowest_losses(run_of("", tmp_path)).epochs == 0


def test_what_is_written_is_read(tmp_path: Path):
    runs = [
        Run("a · b", "0", History([1], [0.123456789], [0.25], [1], [0.5])),
        Run("other", "1", History([1], [math.nan], [math.nan], [0], [math.nan], "accuracy")),
    ]
    write_losses(runs, tmp_path / "l.tsv")
    assert read_losses(tmp_path / "l.tsv") == [
        Losses("a · b, fold 0", 0.123457, 1, 0.25, 1, 1, "Dice", 0.5, 1),
        Losses("other, fold 1", None, None, None, None, None, "accuracy", None, 1),
    ]
    lines = (tmp_path / "l.tsv").read_text().splitlines()
    assert lines[0].split("\t") == list(LOSSES)
    assert len(lines) == 3


def test_no_histories(tmp_path: Path):
    write_losses([], tmp_path / "l.tsv")
    assert read_losses(tmp_path / "l.tsv") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("run\nx\n", "has the columns run"),
        ("\t".join(LOSSES) + "\nx\thigh\t1\t\t\t\tDice\t\t3\n", "line 2: could not convert"),
        ("\t".join(LOSSES) + "\nx\t0.1\tlast\t\t\t\tDice\t\t3\n", "line 2: invalid literal"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, text: str, says: str):
    (tmp_path / "l.tsv").write_text(text)
    with pytest.raises(SegbenchError, match=says):
        read_losses(tmp_path / "l.tsv")
