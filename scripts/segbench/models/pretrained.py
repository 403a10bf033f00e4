"""Weights of a backbone: from a verified local file, or as Keras downloads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from segbench.errors import SegbenchError
from segbench.files import sha256_of_file
from segbench.models.backbones import BACKBONE, IMAGENET, Backbone

#: Standard deviations of ImageNet's colours, as Keras's files of EfficientNet keep them.
_KERAS_VARIANCE = (0.229, 0.224, 0.225)

Statistics = tuple[tuple[float, ...], tuple[float, ...]]


def load_weights(
    network: keras.Model, make: Callable[..., keras.Model], recipe: Backbone
) -> Statistics | None:
    """Load the weights that a recipe names into a network of keras.applications.

    Parameters
    ----------
    network : keras.Model
        Without top, built as Keras builds it.
    make : callable
        The function of keras.applications that built it.
    recipe : Backbone
        `name`, `weights` and `sha256`.

    Returns
    -------
    (mean, variance) or None
        Of the colours, where the network normalises them by numbers from the file.

    Raises
    ------
    SegbenchError
        If the file is missing, has another digest, or holds another network; or if the
        download fails.
    """
    if recipe.weights == IMAGENET:
        source = _download(make, recipe)
        _take(network, source, recipe)
    else:
        path = verified(recipe)
        if path.suffix == ".keras":
            _take(network, _read_model(path), recipe)
        else:
            _read_weights(network, path, recipe)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Normalization) and layer.weights:
            mean, variance = (np.ravel(value) for value in layer.get_weights()[:2])
            if np.allclose(variance, _KERAS_VARIANCE, atol=1e-3):
                # There Keras divides by the root once more, in a layer of its own.
                variance = variance.astype(np.float64) ** 2
            return tuple(mean.tolist()), tuple(variance.tolist())
    return None


def verified(recipe: Backbone) -> Path:
    """Path of the local file of weights, once its digest is verified.

    Raises
    ------
    SegbenchError
        If it is missing, or its digest is not given or differs.
    """
    assert recipe.weights is not None
    path = Path(recipe.weights).expanduser()
    if not path.is_file():
        raise SegbenchError(
            f"network.backbone.weights: {path} does not exist (looked in {Path.cwd()})",
            f"a file of weights of {recipe.name} without top (.weights.h5, .h5 or .keras)",
            "put the file there, or set `weights: imagenet` (downloads) or `weights: null`",
        )
    if recipe.sha256 is None:
        raise SegbenchError(
            f"network.backbone.sha256 is missing for {path}",
            "the SHA-256 of the file, so that the training can be repeated",
            f"if you trust the file, set `sha256: {sha256_of_file(path)}`",
        )
    found = sha256_of_file(path)
    if found != recipe.sha256:
        raise SegbenchError(
            f"network.backbone.weights: {path} has the SHA-256 {found}",
            recipe.sha256,
            "get the right file, or correct `network.backbone.sha256`",
        )
    return path


def _reason(error: Exception) -> str:
    """The first line of what an error says."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _download(make: Callable[..., keras.Model], recipe: Backbone) -> keras.Model:
    try:
        return make(include_top=False, weights=IMAGENET, input_shape=(None, None, 3))
    except Exception as error:  # Keras raises a bare Exception for what urllib raises
        raise SegbenchError(
            f"network.backbone.weights: imagenet: {recipe.name} could not be downloaded "
            f"({_reason(error)})",
            "access to the server from which Keras downloads, or a local file",
            "download the notop weights elsewhere, put the file here, and set "
            "`weights: PATH` and `sha256: DIGEST` in the model recipe",
        ) from error


def _other_network(path: str, recipe: Backbone, reason: str) -> SegbenchError:
    return SegbenchError(
        f"network.backbone.weights: {path} does not fit {recipe.name} ({reason})",
        f"weights of {recipe.name} without top, of this version of Keras",
        "choose the file of this network (its name often ends in notop), or the network of "
        "this file",
    )


def _read_model(path: Path) -> keras.Model:
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # a damaged file makes zipfile, JSON and h5py raise anything
        raise SegbenchError(
            f"network.backbone.weights: {path} is not a readable network ({_reason(error)})",
            "a .keras file of layers that Keras or segbench define",
            "save it again with this version of Keras, or give a .weights.h5 file",
        ) from error


def _read_weights(network: keras.Model, path: Path, recipe: Backbone) -> None:
    try:
        network.load_weights(path)
    except Exception as error:  # as above
        raise _other_network(str(path), recipe, _reason(error)) from error


def _weighted(network: keras.Model, normalising: bool) -> list[keras.layers.Layer]:
    return [
        layer
        for layer in network.layers
        if layer.weights and (normalising or not isinstance(layer, keras.layers.Normalization))
    ]


def _take(network: keras.Model, source: keras.Model, recipe: Backbone) -> None:
    """Copy the weights layer by layer, of the source's own backbone if it has one.

    A source with a top has more layers than are needed; the first ones must fit.
    """
    inner: Any = next((layer for layer in source.layers if layer.name == BACKBONE), source)
    givers = _weighted(inner, normalising=True)
    normalising = any(isinstance(layer, keras.layers.Normalization) for layer in givers)
    takers = _weighted(network, normalising)
    pairs = list(zip(takers, givers, strict=False))
    shapes = [[tuple(w.shape) for w in layer.weights] for pair in pairs for layer in pair]
    if len(givers) < len(takers) or shapes[::2] != shapes[1::2]:
        raise _other_network(
            str(recipe.weights), recipe,
            f"{len(givers)} layers with weights, {len(takers)} wanted, or of other shapes",
        )  # fmt: skip
    for taker, giver in pairs:
        taker.set_weights(giver.get_weights())
