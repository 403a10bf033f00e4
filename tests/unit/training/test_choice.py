"""Which epoch is kept, when a training stops, and its history."""

from __future__ import annotations

import pytest

from segbench.config.model import EarlyStopping, Training
from segbench.errors import SegbenchError
from segbench.training import choice


def rows(dice, loss=None):
    loss = loss or [0.0] * len(dice)
    return [
        {"epoch": k, "val_dice": d, "val_loss": x}
        for k, (d, x) in enumerate(zip(dice, loss, strict=True), start=1)
    ]


def test_best_epoch():
    history = rows([0.2, 0.8, 0.8, 0.1], [0.5, 0.4, 0.1, 0.1])
    assert choice.best_epoch(history, "val_dice") == 2  # the first of equals
    assert choice.best_epoch(history, "val_loss") == 3
    assert choice.best_epoch(history, "last") == 4


def stops_after(figures, rule, **options):
    training = Training(best_epoch=rule, early_stopping=EarlyStopping(**options))
    history = rows(figures, [-f for f in figures])
    for n in range(1, len(history) + 1):
        if choice.should_stop(history[:n], training):
            return n
    return None


@pytest.mark.parametrize("rule", ["val_dice", "val_loss", "last"])
def test_early_stopping(rule):
    assert stops_after([0.1, 0.5, 0.4, 0.4, 0.4], rule, patience=2) == 4
    assert stops_after([0.1, 0.5, 0.4, 0.6, 0.4], rule, patience=2) is None
    assert stops_after([0.5, 0.5, 0.5], rule, patience=2) == 3  # equal is not better
    assert stops_after([0.50, 0.55, 0.59, 0.61], rule, patience=2, min_delta=0.1) == 3


def test_small_steps_add_up_against_the_last_best():
    assert stops_after([0.5, 0.56, 0.62, 0.68], "val_dice", patience=2, min_delta=0.1) is None


def test_without_early_stopping_nothing_stops():
    assert not choice.should_stop(rows([0.5] * 100), Training())


@pytest.mark.parametrize(
    "training",
    [
        Training(best_epoch="val_dice"),
        Training(best_epoch="val_loss"),
        Training(best_epoch="last", early_stopping=EarlyStopping()),
    ],
)
def test_a_choice_needs_validation_samples(training):
    choice.check_watchable(training, 1)
    with pytest.raises(SegbenchError, match="no validation samples"):
        choice.check_watchable(training, 0)


def test_the_last_epoch_needs_none():
    choice.check_watchable(Training(best_epoch="last"), 0)


def test_history_is_written_exactly(tmp_path):
    history = [
        {"epoch": 1, "learning_rate": 0.001, "loss": 2 / 3, "val_loss": 0.5, "val_dice": 0.25},
        {"epoch": 2, "learning_rate": 1e-5, "loss": 0.5, "val_loss": 1e-12, "val_dice": 1.0},
    ]
    choice.write_history(tmp_path / "h.csv", history, 2)
    assert (tmp_path / "h.csv").read_bytes() == (
        b"epoch,learning_rate,loss,val_loss,val_dice,chosen\n"
        b"1,0.001,0.666666667,0.5,0.25,0\n"
        b"2,1e-05,0.5,1e-12,1,1\n"
    )


def test_history_without_validation(tmp_path):
    choice.write_history(tmp_path / "h.csv", [{"epoch": 1, "learning_rate": 0.1, "loss": 3.0}], 1)
    assert (tmp_path / "h.csv").read_text().splitlines()[1] == "1,0.1,3,,,1"
