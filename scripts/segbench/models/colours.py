"""From images of any number of channels to the input of networks of keras.applications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from segbench.models.backbones import COLOURS

#: Name of the layer that turns other numbers of channels into three colours.
ADAPTER = "adapter"


@keras.saving.register_keras_serializable(package="segbench")
class ColourTransform(keras.layers.Layer):
    """Fixed linear map of the colours: the input preprocessing of a pretrained network.

    Parameters
    ----------
    matrix : sequence (3, 3)
        From the colour of the image (row) to that of the network (column).
    offset : sequence (3,)
        Added.
    """

    def __init__(
        self, matrix: Sequence[Sequence[float]], offset: Sequence[float], **options: Any
    ) -> None:
        super().__init__(autocast=False, trainable=False, **options)
        self.matrix = [[float(value) for value in row] for row in matrix]
        self.offset = [float(value) for value in offset]

    def call(self, inputs: Any) -> Any:
        """Map (..., 3) in float32, whatever the layers around compute in."""
        values = ops.cast(inputs, "float32")
        colours = [
            sum(
                (values[..., k : k + 1] * row[column] for k, row in enumerate(self.matrix)
                 if row[column]),
                start=ops.zeros_like(values[..., :1]),
            )
            for column in range(COLOURS)
        ]  # fmt: skip
        mapped = ops.concatenate(colours, axis=-1) + np.asarray(self.offset, np.float32)
        return ops.cast(mapped, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The same shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments that make this layer again."""
        config = {**super().get_config(), "matrix": self.matrix, "offset": self.offset}
        config.pop("trainable", None)
        return config


def preprocessing(preprocess_input: Any) -> tuple[np.ndarray, np.ndarray]:
    """The linear map that a `preprocess_input` of keras.applications is, for images in 0...1.

    Parameters
    ----------
    preprocess_input : callable
        Takes (batch, y, x, 3) in 0...255.

    Returns
    -------
    matrix : ndarray (3, 3)
        See `ColourTransform`.
    offset : ndarray (3,)

    Notes
    -----
    All of them swap, scale and shift colours, so four pixels say everything: black and each
    of the full colours.
    """
    pixels = np.concatenate([np.zeros((1, COLOURS)), 255 * np.eye(COLOURS)]).astype(np.float32)
    mapped = np.asarray(preprocess_input(pixels[:, None, None, :].copy()), np.float64)[:, 0, 0]
    return mapped[1:] - mapped[0], mapped[0]


def channel_shares(channels: int) -> np.ndarray:
    """Initial share of each channel in each colour: (channels, 3).

    The channels are laid along a line that is cut into three equal parts; a colour is the
    mean over its part. So 3 channels are the colours themselves, of 5 neighbouring slices
    the middle one is mostly green.

    Examples
    --------
    >>> channel_shares(2).tolist()
    [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]
    """
    edges = np.arange(COLOURS + 1) * channels / COLOURS
    starts = np.arange(channels)[:, None]
    overlap = np.minimum(starts + 1, edges[1:]) - np.maximum(starts, edges[:-1])
    return np.asarray(np.maximum(overlap, 0) * COLOURS / channels, np.float32)


def to_colours(image: Any, matrix: np.ndarray, offset: np.ndarray) -> Any:
    """Turn images of any number of channels into the colours that a network reads.

    One channel becomes three equal ones; other numbers pass through a trainable convolution
    of 1 x 1 that begins as `channel_shares`.

    Parameters
    ----------
    image : tensor (batch, y, x, channel)
        In 0...1.
    matrix, offset
        Of the network's preprocessing.
    """
    channels = image.shape[-1]
    if channels == 1:
        image = keras.layers.Concatenate(name="repeat", dtype="float32")([image] * COLOURS)
    elif channels != COLOURS:
        adapter = keras.layers.Conv2D(COLOURS, 1, use_bias=False, name=ADAPTER, dtype="float32")
        image = adapter(image)
        adapter.set_weights([channel_shares(channels)[None, None]])
    return ColourTransform(matrix.tolist(), offset.tolist(), name="colours", dtype="float32")(image)
