"""The best epoch and early stopping, from the history alone. No Keras here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segbench.config.model import Training
from segbench.errors import SegbenchError
from segbench.files import write_text

Row = dict[str, float]


def columns(figure: str) -> tuple[str, ...]:
    """Columns of history.csv; the validation figure is ``val_dice`` or ``val_accuracy``."""
    return ("epoch", "learning_rate", "loss", "val_loss", figure, "chosen")


def _figure(row: Row, rule: str) -> float:
    """Figure of an epoch; larger is better."""
    return -row["val_loss"] if rule == "val_loss" else row[rule]


def best_epoch(history: Sequence[Row], rule: str) -> int:
    """Number of the epoch whose weights are kept: the first of the best, or the last.

    Examples
    --------
    >>> rows = [{"epoch": 1, "val_dice": 0.5}, {"epoch": 2, "val_dice": 0.5}]
    >>> best_epoch(rows, "val_dice"), best_epoch(rows, "last")
    (1, 2)
    """
    if rule == "last":
        return int(history[-1]["epoch"])
    return int(max(history, key=lambda row: _figure(row, rule))["epoch"])


def should_stop(history: Sequence[Row], training: Training) -> bool:
    """Whether the watched figure has not improved for `patience` epochs.

    The figure is the one that chooses the best epoch; with `last` it is `val_loss`.
    """
    rule = training.early_stopping
    if rule is None:
        return False
    watched = "val_loss" if training.best_epoch == "last" else training.best_epoch
    best, since = None, 0
    for row in history:
        figure = _figure(row, watched)
        if best is None or figure > best + rule.min_delta:
            best, since = figure, 0
        else:
            since += 1
    return since >= rule.patience


def check_devices(batch: int, devices: int) -> None:
    """Check that the devices can share a batch evenly.

    Raises
    ------
    SegbenchError
        If some devices would get more samples than others.
    """
    if devices > 1 and batch % devices:
        fit = [str(n) for n in range(1, batch + 1) if batch % n == 0]
        raise SegbenchError(
            f"training.batch is {batch}, which {devices} devices (gpu: {devices}) cannot share",
            "a batch that the number of devices divides",
            f"set gpu to one of {', '.join(fit)}, or training.batch to a multiple of {devices}",
        )


def check_watchable(training: Training, validation_samples: int) -> None:
    """Check that the figure by which the epoch is chosen will exist.

    Raises
    ------
    SegbenchError
        If there are no validation samples but the recipe needs some.
    """
    if validation_samples:
        return
    needs = [
        name
        for name, used in (
            (f"best_epoch: {training.best_epoch}", training.best_epoch != "last"),
            ("early_stopping", training.early_stopping is not None),
        )
        if used
    ]
    if needs:
        raise SegbenchError(
            f"the fold has no validation samples, but the recipe sets {' and '.join(needs)}",
            "validation samples, or `best_epoch: last` without early stopping",
            "change the protocol or the model recipe",
        )


def write_history(
    path: str | Path, history: Sequence[Row], chosen: int, figure: str = "val_dice"
) -> None:
    """Write history.csv: one row per epoch, no clock times; missing figures are empty."""
    names = columns(figure)
    lines = [",".join(names)]
    for row in history:
        cells = [f"{row[name]:.9g}" if name in row else "" for name in names[1:-1]]
        epoch = int(row["epoch"])
        lines.append(",".join([str(epoch), *cells, str(int(epoch == chosen))]))
    write_text(path, "\n".join(lines) + "\n")
