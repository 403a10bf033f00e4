"""Trained networks as one function of arrays. The only file here that imports Keras."""

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
from segbench.prediction.blending import Forward, classify_images, predict_bands, predict_images
from segbench.prediction.sources import Source
from segbench.prediction.tiling import Tiling


class Predictor:
    """Several trained networks, applied as their recipe says and averaged.

    Parameters
    ----------
    models : sequence of path
        `.keras` files.
    recipe : Model
        Its target and prediction; of the training the patch and the precision.
    attributes : mapping
        Of the preprocessed samples: ``classes``, ``task``.
    axes : str, optional
        Of the images: ``yxc`` or ``zyxc``; by default those of the first network.
    channels : int, optional
        Of the images; by default those of the first network.

    Attributes
    ----------
    image_axes, channels
        Of the images that can be predicted.
    names : list of str
        The maps, in order.
    axes : str
        Of the result: ``yxk``, ``zyxk`` or, for whole images, ``k``.
    where : str
        Number of networks, precision and device, for the log.

    Raises
    ------
    SegbenchError
        A model is unreadable or fits neither the images nor the recipe, or the recipe's
        prediction is not possible on such images.
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
        self.axes = "k" if self._whole else self.image_axes.replace("c", "k")
        spatial = len(self.image_axes) - 1
        wanted = (spatial, self.channels), (1 if self._whole else spatial + 1, len(self.names))
        for path, network in zip(models, loaded, strict=True):
            _check(path, network, wanted, recipe)
        count = len(loaded)
        self.where = f"{count} network{'s' * (count > 1)}, {session.policy} on {session.device}"
        kind = activation(recipe.target, classes, task)
        self.forward = over_views(
            over_models([activated(_forward(network), kind) for network in loaded]),
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

    def bands(self, image: Source) -> Iterator[tuple[int, np.ndarray]]:
        """The same of an image that is too large to be in memory, see `predict_bands`.

        Raises
        ------
        SegbenchError
            The recipe does not cut images into tiles.
        """
        tiling = make_tiling(self._recipe)
        if tiling.tile is None:
            raise SegbenchError(
                f"a model recipe without tiles, for an image of {image.shape} pixels",
                "`prediction.tile`, or `training.patch`, which is the tile where none is given",
                "set `prediction: {tile: [256, 256]}` in the model recipe",
            )
        batch = self._recipe.prediction.batch
        return predict_bands(image, self.forward, len(self.names), tiling, batch)


def make_tiling(recipe: Model) -> Tiling:
    """How a recipe cuts images: into its tile, else its training patch, else not at all."""
    return Tiling(
        recipe.prediction.tile or recipe.training.patch,
        recipe.prediction.overlap,
        recipe.network.unit,
        recipe.prediction.blend,
    )


Shape = tuple[tuple[int, int], tuple[int, int]]


def _check(path: str | Path, network: keras.Model, wanted: Shape, recipe: Model) -> None:
    """Check a network's (spatial axes, channels) of input and (axes, maps) of output."""
    given, made = network.input_shape, network.output_shape
    found = (len(given) - 2, given[-1]), (len(made) - 1, made[-1])
    if found != wanted:
        raise SegbenchError(
            f"{path}: a network {_describe(*found)}",
            f"{_describe(*wanted)} ({recipe.target})",
            "train it with this model recipe and preprocessing",
        )


def _forward(network: keras.Model) -> Forward:
    if keras.backend.backend() == "tensorflow":
        # Left to itself an uncompiled model goes through XLA, which compiles anew for each
        # shape and whose convolutions on a CPU are slower than TensorFlow's own.
        network.jit_compile = False
    forward: Callable[[np.ndarray], np.ndarray] = network.predict_on_batch
    return forward


def _describe(images: tuple[int, int], maps: tuple[int, int]) -> str:
    what = "maps" if maps[0] > 1 else "classes of the whole image"
    return f"from {images[1]} channels in {images[0]}-D to {maps[1]} {what}"
