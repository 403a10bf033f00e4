"""Training histories: the values of every epoch, and the lowest losses as a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any

from segbench.artefacts.tsv import read_table, write_table
from segbench.errors import SegbenchError
from segbench.reporting.names import arm_labels

#: Columns that are read, of those that training writes; one of `SCORES` beside them.
COLUMNS = ("epoch", "loss", "val_loss", "chosen")
#: Column of the score that chooses the epoch -> what it is called.
SCORES = {"val_dice": "Dice", "val_accuracy": "accuracy"}


@dataclass(frozen=True)
class History:
    """The values of each epoch of one training; `metric` names the validation score."""

    epoch: list[float]
    loss: list[float]
    val_loss: list[float]
    chosen: list[float]
    score: list[float]
    metric: str = "Dice"

    @property
    def best(self) -> int | None:
        """Index of the chosen epoch, None before one is chosen."""
        return next((i for i, flag in enumerate(self.chosen) if flag == 1), None)


@dataclass(frozen=True)
class Run:
    """One training: the label of its arm, its fold and its history."""

    arm: str
    fold: str
    history: History


@dataclass(frozen=True)
class Losses:
    """The lowest losses of one training, a row of ``losses.tsv``; None where there are none.

    Attributes
    ----------
    run : str
        Arm and fold.
    lowest_loss, lowest_val_loss : float or None
    epoch_lowest_loss, epoch_lowest_val_loss : int or None
        The first epoch that reached it.
    chosen_epoch : int or None
        Epoch whose network is kept.
    score : float or None
        `metric` on the validation samples at the chosen epoch.
    epochs : int
        Trained in all.
    """

    run: str
    lowest_loss: float | None
    epoch_lowest_loss: int | None
    lowest_val_loss: float | None
    epoch_lowest_val_loss: int | None
    chosen_epoch: int | None
    metric: str
    score: float | None
    epochs: int


#: Columns of ``losses.tsv``, and those of them that hold text or fractions.
LOSSES = tuple(field.name for field in fields(Losses))
_TEXT = ("run", "metric")
_FRACTIONS = ("lowest_loss", "lowest_val_loss", "score")


def _rows(path: str | Path) -> tuple[list[dict[str, str]], list[str]]:
    try:
        with open(path, encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle)
            names = list(reader.fieldnames or ())
            return list(reader), names
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "a training history", "train again"
        ) from error


def read_history(path: str | Path) -> History:
    """Read a ``history.csv``.

    Parameters
    ----------
    path : str or Path
        CSV with at least the columns of `COLUMNS` and one of `SCORES`; an empty cell is
        NaN.

    Raises
    ------
    SegbenchError
        The file is unreadable, lacks a column, or holds something that is no number.
    """
    rows, header = _rows(path)
    missing = [name for name in COLUMNS if name not in header]
    score = next((name for name in SCORES if name in header), "")
    if not score:
        missing.append(" or ".join(SCORES))
    if missing:
        raise SegbenchError(
            f"{path}: has no column {', '.join(missing)}",
            f"the columns {', '.join(COLUMNS)} and one of {', '.join(SCORES)}",
            "train again",
        )
    values: dict[str, list[float]] = {name: [] for name in (*COLUMNS, score)}
    for number, row in enumerate(rows, start=2):
        for name, cells in values.items():
            try:
                cells.append(float(row[name] or "nan"))
            except ValueError as error:
                raise SegbenchError(
                    f"{path}: line {number}: {name} is {row[name]!r}", "a number", "train again"
                ) from error
    return History(**{n: values[n] for n in COLUMNS}, score=values[score], metric=SCORES[score])


def read_runs(names: Sequence[Mapping[str, object]], histories: Sequence[str | Path]) -> list[Run]:
    """Read the histories of some trainings.

    Parameters
    ----------
    names : sequence of mapping
        The names of each training's arm, see `arm_labels`, and its ``fold``.
    histories : sequence of Path
        The ``history.csv`` of each.
    """
    labels = arm_labels(names)
    return [
        Run(label, str(own["fold"]), read_history(path))
        for label, own, path in zip(labels, names, histories, strict=True)
    ]


def _lowest(epochs: list[float], values: list[float]) -> tuple[float, int] | tuple[None, None]:
    known = [(value, int(e)) for e, value in zip(epochs, values, strict=True) if isfinite(value)]
    return min(known, default=(None, None))


def lowest_losses(run: Run) -> Losses:
    """Find the lowest training and the lowest validation loss of a training.

    Examples
    --------
    >>> history = History([1, 2, 3], [0.9, 0.5, 0.4], [0.8, 0.6, 0.7], [0, 1, 0], [0.1, 0.7, 0.6])
    >>> found = lowest_losses(Run("unet", "0", history))
    >>> found.lowest_loss, found.epoch_lowest_loss, found.chosen_epoch
    (0.4, 3, 2)
    """
    history, best = run.history, run.history.best
    loss, loss_epoch = _lowest(history.epoch, history.loss)
    val_loss, val_loss_epoch = _lowest(history.epoch, history.val_loss)
    chosen = None if best is None else int(history.epoch[best])
    score = None if best is None or not isfinite(history.score[best]) else history.score[best]
    return Losses(
        f"{run.arm}, fold {run.fold}", loss, loss_epoch, val_loss, val_loss_epoch, chosen,
        history.metric, score, len(history.epoch),
    )  # fmt: skip


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def write_losses(runs: Sequence[Run], output: str | Path) -> None:
    """Write the lowest losses of some trainings as a table with the columns `LOSSES`."""
    rows = [[_cell(value) for value in astuple(lowest_losses(run))] for run in runs]
    write_table(output, LOSSES, rows)


def read_losses(path: str | Path) -> list[Losses]:
    """Read what `write_losses` wrote.

    Raises
    ------
    SegbenchError
        The file is no such table.
    """
    return read_table(path, LOSSES, _losses)


def _losses(row: Mapping[str, str]) -> Losses:
    values: dict[str, Any] = {}
    for name, cell in row.items():
        kind = str if name in _TEXT else float if name in _FRACTIONS else int
        values[name] = kind(cell) if cell else None
    return Losses(**values)
