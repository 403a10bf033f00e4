"""The figures of an epoch on the validation samples."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from segbench.training.samples import Tiles


class Predicts(Protocol):
    """Something that turns a batch into loss (batch,) and counts (batch, map, 3)."""

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


def validate(step: Predicts, tiles: Tiles, samples: int, scored: tuple[int, ...]) -> dict:
    """Loss and Dice over whole validation images.

    Parameters
    ----------
    step : Predicts
        The compiled step.
    tiles : Tiles
        The images in windows.
    samples : int
        How many images there are.
    scored : tuple of int
        The maps that enter Dice.

    Returns
    -------
    dict
        ``val_loss``: mean over the windows, each by its number of pixels; ``val_dice``:
        see `mean_dice`, at probability 0.5 or the likeliest class.
    """
    loss, pixels = 0.0, 0.0
    counts: np.ndarray | None = None
    for batch, owners in zip(tiles.batches, tiles.owners, strict=True):
        result = step.predict_on_batch(batch)
        weight = batch["weight"].sum(axis=(1, 2, 3), dtype=np.float64)
        loss += float(np.sum(np.asarray(result["loss"], np.float64) * weight))
        pixels += float(weight.sum())
        values = np.asarray(result["counts"], np.float64)
        if counts is None:
            counts = np.zeros((samples, *values.shape[1:]))
        real = owners >= 0
        np.add.at(counts, owners[real], values[real])
    assert counts is not None
    return {"val_loss": loss / pixels, "val_dice": mean_dice(counts[:, list(scored)])}
