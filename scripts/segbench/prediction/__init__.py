"""Prediction. Importing this package does not import Keras; `predict` does when called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segbench.prediction.selection import selection_digest

if TYPE_CHECKING:
    from segbench.config.model import Model

__all__ = ["predict", "selection_digest"]


def predict(
    archives: Sequence[str | Path],
    folds: str | Path,
    folds_to_use: Sequence[int],
    models: Sequence[str | Path],
    recipe: Model,
    output: str | Path,
    log: Callable[[str], None],
) -> None:
    """Apply trained networks to the test samples of their folds.

    Parameters
    ----------
    archives : sequence of path
        All shards of the preprocessed samples.
    folds : path
        folds.tsv: the role of each sample in each fold.
    folds_to_use : sequence of int
        The fold of each model, in the models' order.
    models : sequence of path
        `.keras` files that `segbench.training.train` wrote. The probabilities of several
        are averaged.
    recipe : Model
        Its `target` and `prediction`; of the training the patch (the tile where none is
        given) and the precision; of the network the unit.
    output : path
        Archive with an array ``probability`` float16 a sample, on the network's grid, sorted
        by sample: (y, x, map), of volumes (z, y, x, map), of whole images (map,).
    log : callable
        Called with a line every few samples.

    Raises
    ------
    SegbenchError
        If there is nothing to predict, a model has seen a sample that it is to predict,
        a model is unreadable or does not fit the samples or the recipe, or a network's
        output is not a number.

    Notes
    -----
    Volumes are read in slabs as deep as a tile; beside the networks only the sum of the
    tiles is as large as the volume (float32, once a map).
    """
    from segbench.prediction.stage import run

    run(archives, folds, folds_to_use, models, recipe, output, log)
