"""Trained networks as one function of arrays. The only file of this package with Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.instances.targets import activation, map_names
from segbench.models.model_file import read_model
from segbench.models.session import prepare
from segbench.prediction.averaging import activated, over_models, over_views
from segbench.prediction.blending import Forward, classify_images, predict_images
from segbench.prediction.sources import Source
from segbench.prediction.tiling import Tiling

#: How the axes of probabilities are written down, by the axes of the image.
MAP_AXES = {"yxc": "yxk", "zyxc": "zyxk"}


class Predictor:
    """Some trained networks together, applied as their recipe says.

    Parameters
    ----------
    models : sequence of path
        `.keras` files that `segbench.training.loop.train` wrote; their probabilities are averaged.
    recipe : Model
        Its `target` and `prediction`; of the training the patch and the precision.
    attributes : mapping
        Of the preprocessed samples: ``classes``, ``task``.
    axes : str, optional
        Of the images: ``yxc`` or ``zyxc``. None: those that the first network takes.
    channels : int, optional
        Of the images. None: those that the first network takes.

    Attributes
    ----------
    image_axes, channels
        Of the images that can be predicted.
    names : list of str
        The maps that come out, in order.
    axes : str
        Of what comes out: ``yxk``, ``zyxk`` or, of whole images, ``k``.
    where : str
        Number of networks, precision and device in words, for the log.

    Raises
    ------
    SegbenchError
        If a model is unreadable or fits neither the images nor the recipe, or the recipe's
        prediction cannot be done on such images.
    """

    def __init__(
        self,
        models: Sequence[str | Path],
        recipe: Model,
        attributes: Mapping[str, Any],
        axes: str | None = None,
        channels: int | None = None,
    ) -> None:
        classes, task = attributes["classes"], attributes.get("task", "semantic")
        self._recipe = recipe
        self._whole = task == "classification"
        self.names = map_names(recipe.target, classes, task)
        session = prepare(recipe.training.precision, recipe.training.deterministic, seed=0)
        loaded = [read_model(path, session.policy) for path in models]
        taken = loaded[0].input_shape
        self.image_axes = axes or ("zyxc" if len(taken) == 5 else "yxc")
        self.channels = channels or int(taken[-1])
        self.axes = "k" if self._whole else MAP_AXES[self.image_axes]
        spatial = len(self.image_axes) - 1
        wanted = (spatial, self.channels), (1 if self._whole else spatial + 1, len(self.names))
        for path, network in zip(models, loaded, strict=True):
            _check(path, network, wanted, recipe)
        networks = [_callable(network) for network in loaded]
        count = len(networks)
        self.where = f"{count} network{'s' * (count > 1)}, {session.policy} on {session.device}"
        kind = activation(recipe.target, classes, task)
        self.forward = over_views(
            over_models([activated(network, kind) for network in networks]),
            recipe.prediction.flips,
            recipe.prediction.rotations,
            spatial,
            self._whole,
        )

    def maps(self, images: Iterable[np.ndarray | Source]) -> Iterator[np.ndarray]:
        """Probabilities (y, x, map), (z, y, x, map) or (map,) of each image, float32."""
        batch = self._recipe.prediction.batch
        if self._whole:
            arrays = (image for image in images if isinstance(image, np.ndarray))
            return classify_images(arrays, self.forward, batch)
        return predict_images(images, self.forward, make_tiling(self._recipe), batch)


def make_tiling(recipe: Model) -> Tiling:
    """How the images of a recipe are cut: its tile, else its training patch, else whole."""
    return Tiling(
        recipe.prediction.tile or recipe.training.patch,
        recipe.prediction.overlap,
        recipe.network.unit,
        recipe.prediction.blend,
    )


def check_finite(what: str, probability: np.ndarray) -> None:
    """Check that the output of a network is finite.

    Raises
    ------
    SegbenchError
        If a probability is not a number.
    """
    if not np.isfinite(probability).all():
        raise SegbenchError(
            f"{what}: the network's output is not a number",
            "finite logits",
            "train with a lower learning rate, or `precision: float32`",
        )


Shape = tuple[tuple[int, int], tuple[int, int]]


def _check(path: str | Path, network: keras.Model, wanted: Shape, recipe: Model) -> None:
    """Check that a network fits the images and the maps.

    `wanted` are the spatial axes and channels of what goes in, and the axes and the number
    of maps of what comes out.
    """
    given, made = network.input_shape, network.output_shape
    found = (len(given) - 2, given[-1]), (len(made) - 1, made[-1])
    if found != wanted:
        raise SegbenchError(
            f"{path}: a network {_describe(*found)}",
            f"{_describe(*wanted)} ({recipe.target})",
            "train it with this model recipe and preprocessing",
        )


def _callable(network: keras.Model) -> Forward:
    if keras.backend.backend() == "tensorflow":
        # Left to itself an uncompiled model goes through XLA, which compiles anew for each
        # shape and whose convolutions on a CPU are slower than TensorFlow's own.
        network.jit_compile = False
    forward: Callable[[np.ndarray], np.ndarray] = network.predict_on_batch
    return forward


def _describe(images: tuple[int, int], maps: tuple[int, int]) -> str:
    what = "maps" if maps[0] > 1 else "classes of the whole image"
    return f"from {images[1]} channels in {images[0]}-D to {maps[1]} {what}"
