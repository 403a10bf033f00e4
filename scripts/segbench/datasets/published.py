"""Pictures in colour and masks of two values, as publishers' datasets hold them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segbench.datasets.label_values import to_binary
from segbench.datasets.opening import read
from segbench.decoders.images import as_image
from segbench.decoders.registry import NO_CHOICES, header_of
from segbench.errors import SegbenchError


def read_colour(path: Path) -> np.ndarray:
    """Read a picture in colour, without an alpha channel that says nothing.

    Parameters
    ----------
    path : Path
        File of any decoder.

    Returns
    -------
    ndarray
        (y, x, 3), uint8; a grey picture in three equal channels.

    Raises
    ------
    SegbenchError
        The file cannot be read, has more than 8 bits, or is partly transparent.
    """
    pixels = as_image(path, read(path, NO_CHOICES))
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] not in {1, 3}:
        raise SegbenchError(
            f"{path}: {pixels.dtype} pixels, {' x '.join(map(str, pixels.shape))}",
            "one picture of 8 bits per channel, grey or RGB",
            "restore the published file",
        )
    return pixels if pixels.shape[-1] == 3 else np.repeat(pixels, 3, axis=2)


def picture_size(path: Path) -> tuple[int, int]:
    """Height and width in pixels, from the file's header.

    Raises
    ------
    SegbenchError
        The file cannot be read, or holds a volume.
    """
    size = header_of(path).size
    if len(size) != 2:
        raise SegbenchError(
            f"{path}: {' x '.join(map(str, size))} voxels",
            "one picture",
            "restore the published file",
        )
    return size[0], size[1]


def read_binary(path: Path) -> np.ndarray:
    """Read a mask of two values: 1-bit, 0/255 or 0/1.

    Parameters
    ----------
    path : Path
        File of any decoder.

    Returns
    -------
    ndarray
        (y, x), bool.

    Raises
    ------
    SegbenchError
        The file is in colour, or has values other than 0 and one of 1 and 255.
    """
    mask = to_binary(path, read(path, NO_CHOICES))
    if mask.ndim != 2:
        raise SegbenchError(
            f"{path}: {' x '.join(map(str, mask.shape))} voxels",
            "a mask of rows and columns",
            "restore the published file",
        )
    return mask.astype(bool)
