"""The prediction stage: preprocessed samples in, probabilities out. Imports Keras."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segbench.archives import ArchiveSet, ArchiveWriter
from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.prediction.averaging import check_finite
from segbench.prediction.networks import Predictor
from segbench.prediction.selection import samples_to_test
from segbench.prediction.sources import image_of

log = logging.getLogger(__name__)

#: Advice if a network diverges.
RETRAIN = "train with a lower learning rate, or `precision: float32`"

#: Lines of the log per prediction.
LOG_LINES = 20

#: Attributes copied from the samples to the probabilities.
PASSED_ON = ("classes", "class_values", "task", "background")


def predict(
    archives: Sequence[str | Path],
    folds: str | Path,
    folds_to_use: Sequence[int],
    models: Sequence[str | Path],
    recipe: Model,
    output: str | Path,
) -> None:
    """Apply trained networks to the test samples of their folds.

    Parameters
    ----------
    archives : sequence of path
        All shards of the preprocessed samples.
    folds : path
        `folds.tsv`.
    folds_to_use : sequence of int
        The fold of each model.
    models : sequence of path
        `.keras` files; the probabilities of several models are averaged.
    recipe : Model
        See `segbench.prediction.networks.Predictor`.
    output : path
        Archive with an array ``probability`` float16 per sample, on the network's grid, sorted
        by sample: (y, x, map), (z, y, x, map) for volumes, (map,) for whole images.

    Raises
    ------
    SegbenchError
        There is nothing to predict, a model has seen a test sample, is unreadable or does not
        fit, or its output is not a number.

    Notes
    -----
    Volumes are read in slabs as deep as a tile; besides the networks, only the sum of the
    tiles is as large as the volume (float32, per map).
    """
    if len(models) != len(folds_to_use):
        raise SegbenchError(
            f"{len(models)} models for {len(folds_to_use)} folds",
            "one model per fold",
            "pass the fold of each model",
        )
    samples = ArchiveSet(archives)
    chosen = samples_to_test(samples, folds, folds_to_use)
    shape = samples.shape(chosen[0], "image")
    axes = samples.attributes.get("axes", "yxc" if len(shape) == 3 else "zyxc")
    predictor = Predictor(models, recipe, samples.attributes, axes, shape[-1])
    log.info(f"{len(chosen)} samples, {predictor.where}")
    attributes = {
        "stage": "predict",
        "axes": predictor.axes,
        "maps": predictor.names,
        "target": recipe.target,
        **{key: samples.attributes[key] for key in PASSED_ON if key in samples.attributes},
    }
    every = -(-len(chosen) // LOG_LINES)
    with ArchiveWriter(output, attributes) as writer:
        maps = predictor.maps(image_of(samples, sample, axes) for sample in chosen)
        for number, (sample, probability) in enumerate(zip(chosen, maps, strict=True), start=1):
            check_finite(f"sample {sample!r}", probability, RETRAIN)
            stored = {"probability": probability.astype(np.float16)}
            writer.add(sample, stored, samples.record(sample))
            if number % every == 0 or number == len(chosen):
                log.info(f"predicted {number} of {len(chosen)} samples")
