"""Keras's layers by the number of spatial axes."""

from __future__ import annotations

from typing import Any

import keras

_LAYERS: dict[str, dict[int, type[keras.layers.Layer]]] = {
    "convolution": {2: keras.layers.Conv2D, 3: keras.layers.Conv3D},
    "transposed": {2: keras.layers.Conv2DTranspose, 3: keras.layers.Conv3DTranspose},
    "pooling": {2: keras.layers.MaxPooling2D, 3: keras.layers.MaxPooling3D},
    "resize": {2: keras.layers.UpSampling2D, 3: keras.layers.UpSampling3D},
}


def layer(what: str, dimensions: int, *arguments: Any, **options: Any) -> keras.layers.Layer:
    """Make a layer for images or volumes.

    Parameters
    ----------
    what : {"convolution", "transposed", "pooling", "resize"}
        Which one.
    dimensions : {2, 3}
        Spatial axes.
    *arguments, **options
        Of the layer.
    """
    return _LAYERS[what][dimensions](*arguments, **options)


def spatial_axes(array: Any) -> tuple[int, ...]:
    """Axes of (batch, ..., channel) between the first and the last."""
    return tuple(range(1, len(array.shape) - 1))
