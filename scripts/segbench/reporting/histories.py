"""Training histories: every epoch's figures, and the lowest losses as a table."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segbench.artefacts.tsv import read_table, write_table
from segbench.errors import SegbenchError

#: Columns that are read, of those that training writes; one of `SCORES` beside them.
COLUMNS = ("epoch", "loss", "val_loss", "chosen")
#: Column of the score that chooses the epoch -> what it is called.
SCORES = {"val_dice": "Dice", "val_accuracy": "accuracy"}
#: Columns of ``losses.tsv``.
LOSSES = (
    "run", "lowest_loss", "epoch_lowest_loss", "lowest_val_loss", "epoch_lowest_val_loss",
    "chosen_epoch", "metric", "score", "epochs",
)  # fmt: skip


@dataclass(frozen=True)
class History:
    """The figures of one training, one entry an epoch.

    Attributes
    ----------
    score : list of float
        On the validation samples; `metric` says what.
    """

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
class Losses:
    """The lowest losses of one training; None where there are none.

    Attributes
    ----------
    run : str
        Arm and fold.
    loss, val_loss : tuple of (float, int) or None
        Lowest value and the first epoch that reached it.
    chosen : int or None
        Epoch whose network is kept.
    score : float or None
        `metric` on the validation samples at the chosen epoch.
    epochs : int
        Trained in all.
    """

    run: str
    loss: tuple[float, int] | None
    val_loss: tuple[float, int] | None
    chosen: int | None
    metric: str
    score: float | None
    epochs: int


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


def _lowest(epochs: list[float], values: list[float]) -> tuple[float, int] | None:
    known = [
        (value, int(e)) for e, value in zip(epochs, values, strict=True) if math.isfinite(value)
    ]
    return min(known, default=None)


def lowest_losses(run: str, history: History) -> Losses:
    """Find the lowest training and the lowest validation loss of a training.

    Parameters
    ----------
    run : str
        Arm and fold.
    history : History

    Examples
    --------
    >>> history = History([1, 2, 3], [0.9, 0.5, 0.4], [0.8, 0.6, 0.7], [0, 1, 0], [0.1, 0.7, 0.6])
    >>> found = lowest_losses("unet", history)
    >>> found.loss, found.val_loss, found.chosen
    ((0.4, 3), (0.6, 2), 2)
    """
    best = history.best
    score = None if best is None else history.score[best]
    return Losses(
        run=run,
        loss=_lowest(history.epoch, history.loss),
        val_loss=_lowest(history.epoch, history.val_loss),
        chosen=None if best is None else int(history.epoch[best]),
        metric=history.metric,
        score=score if score is not None and math.isfinite(score) else None,
        epochs=len(history.epoch),
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def write_losses(histories: Mapping[str, str | Path], output: str | Path) -> None:
    """Write the lowest losses of some trainings as a table.

    Parameters
    ----------
    histories : mapping of str to Path
        Arm and fold -> ``history.csv``.
    output : str or Path
        TSV with the columns of `LOSSES`, in the order given.
    """
    rows = []
    for run, path in histories.items():
        found = lowest_losses(run, read_history(path))
        cells = (
            found.run, *(found.loss or (None, None)), *(found.val_loss or (None, None)),
            found.chosen, found.metric, found.score, found.epochs,
        )  # fmt: skip
        rows.append([_cell(cell) for cell in cells])
    write_table(output, LOSSES, rows)


def _pair(row: Mapping[str, str], name: str) -> tuple[float, int] | None:
    return (float(row[name]), int(row[f"epoch_{name}"])) if row[name] else None


def read_losses(path: str | Path) -> list[Losses]:
    """Read what `write_losses` wrote.

    Raises
    ------
    SegbenchError
        The file is no such table.
    """
    return read_table(path, LOSSES, _losses)


def _losses(row: Mapping[str, str]) -> Losses:
    return Losses(
        run=row["run"],
        loss=_pair(row, "lowest_loss"),
        val_loss=_pair(row, "lowest_val_loss"),
        chosen=int(row["chosen_epoch"]) if row["chosen_epoch"] else None,
        metric=row["metric"],
        score=float(row["score"]) if row["score"] else None,
        epochs=int(row["epochs"]),
    )
