"""Loss and Dice, or accuracy, on the validation samples."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from segbench.errors import SegbenchError
from segbench.training.feeding import Tiles
from segbench.training.prefetch import ahead
from segbench.training.task import Task


class Predicts(Protocol):
    """Turns a batch into loss (batch,) and counts (batch, map, 3)."""

    def predict_on_batch(self, x: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Apply to one batch."""


def mean_dice(counts: np.ndarray) -> float:
    """Mean Dice over samples and maps.

    Parameters
    ----------
    counts : ndarray (sample, map, 3)
        Pixels in both, in the prediction, in the truth.

    Returns
    -------
    float
        A map that is empty in prediction and truth is left out; 1 if all of them are.

    Examples
    --------
    >>> mean_dice(np.array([[[1.0, 2, 2]], [[0, 0, 0]]]))
    0.5
    """
    both, size = counts[..., 0], counts[..., 1] + counts[..., 2]
    present = size > 0
    if not present.any():
        return 1.0
    return float(np.mean(2 * both[present] / size[present]))


def accuracy(counts: np.ndarray) -> float:
    """Share of the samples whose class is predicted correctly.

    Parameters
    ----------
    counts : ndarray (sample, class, 3)
        As of `mean_dice`, a sample being one pixel.

    Examples
    --------
    >>> accuracy(np.array([[[1, 1, 1], [0, 0, 0]], [[0, 1, 0], [0, 0, 1]]]))
    0.5
    """
    return float(counts[..., 0].sum() / counts[..., 2].sum())


def validate(step: Predicts, tiles: Tiles, task: Task) -> dict[str, float]:
    """Loss and Dice, or accuracy, over whole validation samples.

    Parameters
    ----------
    step : Predicts
        The compiled step.
    tiles : Tiles
        The samples in windows.
    task : Task
        The maps that enter Dice, or that samples have one class as a whole.

    Returns
    -------
    dict
        ``val_loss``: mean over the windows, each by its number of pixels; ``val_dice``:
        see `mean_dice`, at probability 0.5 or the likeliest class; of whole images
        ``val_accuracy`` instead. Only annotated pixels count.

    Raises
    ------
    SegbenchError
        If no pixel was annotated.
    """
    loss, pixels = 0.0, 0.0
    counts: np.ndarray | None = None
    for batch, owners in ahead(tiles):
        result = step.predict_on_batch(batch)
        weight = batch["weight"].reshape(len(owners), -1).sum(axis=1, dtype=np.float64)
        loss += float(np.sum(np.asarray(result["loss"], np.float64) * weight))
        pixels += float(weight.sum())
        values = np.asarray(result["counts"], np.float64)
        if counts is None:
            counts = np.zeros((len(tiles.samples), *values.shape[1:]))
        real = owners >= 0
        np.add.at(counts, owners[real], values[real])
    if counts is None or not pixels:
        raise SegbenchError(
            "no pixel of the validation samples was annotated",
            "validation samples with annotated pixels: they choose the epoch",
            "choose another protocol, or set `training.best_epoch: last`",
        )
    figure = accuracy(counts) if task.whole else mean_dice(counts[:, list(task.scored)])
    return {"val_loss": loss / pixels, task.figure: figure}
