"""The prediction stage. The only file of this package that imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np

from segbench.archives import ArchiveSet, ArchiveWriter
from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.instances.targets import activation, map_names
from segbench.prediction.averaging import activated, over_models, over_views
from segbench.prediction.blending import Forward, predict_images
from segbench.prediction.selection import test_samples
from segbench.prediction.tiling import Tiling
from segbench.training import load_model
from segbench.training.session import prepare

#: Lines of the log a prediction.
LOG_LINES = 20


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
    names = map_names(recipe.target, samples.attributes["classes"])
    session = prepare(recipe.training.precision, recipe.training.deterministic, seed=0)
    channels = samples.shape(chosen[0], "image")[-1]
    networks = [_network(path, recipe, channels, len(names)) for path in models]
    log(
        f"{len(chosen)} samples, {len(networks)} network{'s' * (len(networks) > 1)}, "
        f"{session.policy} on {session.device}"
    )
    kind = activation(recipe.target, samples.attributes["classes"])
    forward = over_views(
        over_models([activated(network, kind) for network in networks]),
        recipe.prediction.flips,
        recipe.prediction.rotations,
    )
    attributes = {
        "stage": "predict",
        "axes": "yxk",
        "maps": names,
        "target": recipe.target,
        **{key: samples.attributes[key] for key in ("classes", "class_values", "task")},
    }
    every = -(-len(chosen) // LOG_LINES)
    with ArchiveWriter(output, attributes) as writer:
        maps = predict_images(
            _images(samples, chosen), forward, make_tiling(recipe), recipe.prediction.batch
        )
        for number, (sample, probability) in enumerate(zip(chosen, maps, strict=True), start=1):
            if not np.isfinite(probability).all():
                raise SegbenchError(
                    f"sample {sample!r}: the network's output is not a number",
                    "finite logits",
                    "train with a lower learning rate, or `precision: float32`",
                )
            stored = {"probability": probability.astype(np.float16)}
            writer.add(sample, stored, samples.record(sample))
            if number % every == 0 or number == len(chosen):
                log(f"predicted {number} of {len(chosen)} samples")


def make_tiling(recipe: Model) -> Tiling:
    """How the images of a recipe are cut: its tile, else its training patch, else whole."""
    return Tiling(
        recipe.prediction.tile or recipe.training.patch,
        recipe.prediction.overlap,
        2**recipe.network.depth,
    )


def _images(samples: ArchiveSet, chosen: Sequence[str]) -> Iterator[np.ndarray]:
    """The images as the network was trained on them: float32, in the recipe's units."""
    scale = np.float32(samples.attributes.get("image_scale", 1.0))
    return (samples.read(sample, "image").astype(np.float32) * scale for sample in chosen)


def _network(path: str | Path, recipe: Model, channels: int, maps: int) -> Forward:
    """A trained network as a function of arrays, checked against what it is to read."""
    network = load_model(path, recipe.training.precision)
    found = network.input_shape[-1], network.output_shape[-1]
    if found != (channels, maps):
        raise SegbenchError(
            f"{path}: a network from {found[0]} channels to {found[1]} maps",
            f"from {channels} channels to {maps} maps ({recipe.target})",
            "train it with this model recipe and preprocessing",
        )
    if keras.backend.backend() == "tensorflow":
        # Left to itself an uncompiled model goes through XLA, which compiles anew for each
        # shape and whose convolutions on a CPU are slower than TensorFlow's own.
        network.jit_compile = False
    forward: Forward = network.predict_on_batch
    return forward
