"""Grey, colour, or all channels."""

from __future__ import annotations

from typing import Literal

import numpy as np

from segbench.errors import SegbenchError
from segbench.imaging.unit_range import to_unit

#: Luma of linear RGB, ITU-R Recommendation BT.709, as in `skimage.color.rgb2gray`.
LUMA = (0.2125, 0.7154, 0.0721)


def to_channels(image: np.ndarray, channels: Literal["grey", "rgb", "all"]) -> np.ndarray:
    """Give an image one channel, three, or all that it has.

    Parameters
    ----------
    image : ndarray, (y, x), (y, x, channel) or (z, y, x, channel)
        Integers are brought to 0...1, floats are kept. For grey and rgb 1 (grey), 2 (grey
        and alpha), 3 (RGB) or 4 (RGBA) channels; alpha is dropped. Of volumes one channel is
        grey; more are no colours.
    channels : {"grey", "rgb", "all"}
        Wanted; all: as they are, alpha too.

    Returns
    -------
    ndarray of float32, (..., 1), (..., 3) or (..., channel)
        Grey is the BT.709 luma; RGB of a grey image repeats it. A colour image whose
        channels are equal becomes exactly that channel.

    Raises
    ------
    SegbenchError
        For another number of axes or channels.

    References
    ----------
    ITU-R Recommendation BT.709-6 (2015), https://www.itu.int/rec/R-REC-BT.709

    Examples
    --------
    >>> to_channels(np.ones((2, 2, 3), np.float32), "grey").shape
    (2, 2, 1)
    >>> to_channels(np.zeros((2, 2), np.float32), "rgb").shape
    (2, 2, 3)
    """
    image = to_unit(image)
    if image.ndim == 2:
        image = image[..., None]
    if channels == "all" and image.ndim in (3, 4):
        return np.ascontiguousarray(image)
    if image.ndim == 4 and image.shape[3] > 1:
        raise SegbenchError(
            f"channels: {channels} for a volume of {image.shape[3]} channels",
            "channels: all, for volumes of more than one channel",
            "set it in the preprocessing recipe",
        )
    if image.ndim == 4 and channels == "grey":
        return np.ascontiguousarray(image)
    if image.ndim != 3 or not 1 <= image.shape[2] <= 4:
        raise SegbenchError(
            f"an image has shape {image.shape}",
            "(y, x) or (y, x, channel) with 1 to 4 channels",
            "check the reader of the dataset, or set `channels: all`",
        )
    colour = image.shape[2] >= 3
    image = image[..., :3] if colour else image[..., :1]
    if channels == "rgb":
        return np.ascontiguousarray(image if colour else np.repeat(image, 3, axis=2))
    return np.ascontiguousarray(_luma(image) if colour else image)


def _luma(image: np.ndarray) -> np.ndarray:
    # Written around the green channel so that r = g = b gives that value to the last bit.
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    grey: np.ndarray = green + np.float32(LUMA[0]) * (red - green)
    grey += np.float32(LUMA[2]) * (blue - green)
    return grey[..., None]
