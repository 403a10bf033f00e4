"""The registry of schedules: the learning rate as a function of the epoch alone. No Keras here."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from pydantic import Field

from segbench.strict import Count, Strict

#: Apart from the registry, which stages that only read recipes do not use.
ScheduleName = Literal["constant", "cosine", "polynomial", "steps"]


class Schedule(Strict):
    """The learning rate over the epochs."""

    name: ScheduleName = Field(
        "constant", description="cosine and polynomial fall to 0 at the last epoch."
    )
    warmup_epochs: int = Field(0, ge=0, description="Epochs of linear rise at the start.")
    power: float = Field(0.9, gt=0, description="polynomial only.")
    steps: tuple[tuple[Count, float], ...] = Field(
        (), description="steps only: (from epoch, learning rate), epochs counted from 1."
    )


def learning_rate(schedule: Schedule, base: float, epoch: int, epochs: int) -> float:
    """Learning rate of an epoch.

    Parameters
    ----------
    schedule : Schedule
        Which curve.
    base : float
        The optimizer's learning rate.
    epoch : int
        Counted from 1.
    epochs : int
        Epochs of the whole training.

    Returns
    -------
    float
        During the warm-up base * epoch / (warmup_epochs + 1), after it the curve, which
        runs over the epochs that are left.

    Examples
    --------
    >>> polynomial = Schedule(name="polynomial", power=0.9)
    >>> round(learning_rate(polynomial, 0.01, 501, 1000), 6)
    0.005359
    """
    if epoch <= schedule.warmup_epochs:
        return base * epoch / (schedule.warmup_epochs + 1)
    return SCHEDULES[schedule.name](schedule, base, epoch, epochs)


def _progress(schedule: Schedule, epoch: int, epochs: int) -> float:
    """0 in the first epoch after the warm-up, towards 1 after the last."""
    left = max(epochs - schedule.warmup_epochs, 1)
    return min((epoch - 1 - schedule.warmup_epochs) / left, 1.0)


def _constant(_schedule: Schedule, base: float, _epoch: int, _epochs: int) -> float:
    return base


def _cosine(schedule: Schedule, base: float, epoch: int, epochs: int) -> float:
    """Loshchilov, Hutter 2017, SGDR, ICLR (arXiv:1608.03983), one period, down to 0."""
    return base * 0.5 * (1 + math.cos(math.pi * _progress(schedule, epoch, epochs)))


def _polynomial(schedule: Schedule, base: float, epoch: int, epochs: int) -> float:
    """Chen et al. 2018, DeepLab, doi:10.1109/TPAMI.2017.2699184, section 4."""
    return base * math.pow(1 - _progress(schedule, epoch, epochs), schedule.power)


def _steps(schedule: Schedule, base: float, epoch: int, _epochs: int) -> float:
    passed = [rate for start, rate in sorted(schedule.steps) if start <= epoch]
    return passed[-1] if passed else base


#: The registry: the names are those of `ScheduleName`.
SCHEDULES: dict[ScheduleName, Callable[[Schedule, float, int, int], float]] = {
    "constant": _constant,
    "cosine": _cosine,
    "polynomial": _polynomial,
    "steps": _steps,
}
