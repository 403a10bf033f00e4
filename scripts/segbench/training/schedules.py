"""The learning rate as a function of the epoch alone. No Keras here."""

from __future__ import annotations

import math
from collections.abc import Callable

from segbench.config.model import Schedule


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
    return _CURVES[schedule.name](schedule, base, epoch, epochs)


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


_CURVES: dict[str, Callable[[Schedule, float, int, int], float]] = {
    "constant": _constant,
    "cosine": _cosine,
    "polynomial": _polynomial,
    "steps": _steps,
}
