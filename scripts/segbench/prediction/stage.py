"""The prediction stage: preprocessed samples in, probabilities out. Imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from segbench.archives import ArchiveSet, ArchiveWriter
from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.prediction.networks import Predictor, check_finite
from segbench.prediction.selection import test_samples
from segbench.prediction.sources import image_of

#: Lines of the log a prediction.
LOG_LINES = 20

#: What the archives of samples say that the probabilities' archive says, too.
PASSED_ON = ("classes", "class_values", "task", "background")


def run(
    archives: Sequence[str | Path],
    folds: str | Path,
    folds_to_use: Sequence[int],
    models: Sequence[str | Path],
    recipe: Model,
    output: str | Path,
    log: Callable[[str], None],
) -> None:
    """Apply trained networks to the test samples, see `segbench.prediction.predict`."""
    if len(models) != len(folds_to_use):
        raise SegbenchError(
            f"{len(models)} models for {len(folds_to_use)} folds",
            "one model a fold",
            "pass the fold of each model",
        )
    samples = ArchiveSet(archives)
    chosen = test_samples(samples, folds, folds_to_use)
    shape = samples.shape(chosen[0], "image")
    axes = samples.attributes.get("axes", "yxc" if len(shape) == 3 else "zyxc")
    predictor = Predictor(models, recipe, samples.attributes, axes, shape[-1])
    log(f"{len(chosen)} samples, {predictor.where}")
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
            check_finite(f"sample {sample!r}", probability)
            stored = {"probability": probability.astype(np.float16)}
            writer.add(sample, stored, samples.record(sample))
            if number % every == 0 or number == len(chosen):
                log(f"predicted {number} of {len(chosen)} samples")
