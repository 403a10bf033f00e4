"""An image as the stages take it: channels last, colours for palettes, no opacity."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segbench.decoders.decoder import Choices, Decoded
from segbench.decoders.registry import NO_CHOICES, read
from segbench.errors import SegbenchError


def read_image(path: Path, choices: Choices = NO_CHOICES) -> np.ndarray:
    """Read an image.

    Parameters
    ----------
    path : Path
        File of any decoder.
    choices : Choices
        What the file does not say itself.

    Returns
    -------
    ndarray
        (y, x, channel) or (z, y, x, channel), in the file's dtype. Palettes give colours;
        opacity of the highest value throughout (floats: 1) is dropped; one bit becomes 0 and 255.

    Raises
    ------
    SegbenchError
        The file cannot be read, is partly transparent, or has a value beyond its palette.
    """
    return as_image(path, read(path, choices))


def as_image(path: Path, decoded: Decoded) -> np.ndarray:
    """Make an image of a file's array; see `read_image`."""
    pixels, palette = decoded.pixels, decoded.palette
    if palette is not None:
        if decoded.header.alpha:
            pixels = without_alpha(path, pixels)[..., 0]
        if pixels.max() >= len(palette):
            raise SegbenchError(
                f"{path}: has the value {pixels.max()}, and its palette has {len(palette)} colours",
                f"values from 0 to {len(palette) - 1}",
                "save the picture again, as RGB",
            )
        colours = palette[pixels]
        return without_alpha(path, colours) if palette.shape[1] == 4 else colours
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    if not decoded.header.axes.endswith("c"):
        return pixels[..., None]
    return without_alpha(path, pixels) if decoded.header.alpha else pixels


def without_alpha(path: Path, array: np.ndarray) -> np.ndarray:
    """A picture or mask without its last channel, which must be opaque throughout.

    Raises
    ------
    SegbenchError
        It is partly transparent: what counts, colour or opacity, cannot be known.
    """
    opaque = np.iinfo(array.dtype).max if array.dtype.kind in "ui" else 1
    clear = array[..., -1] != opaque
    if clear.any():
        raise SegbenchError(
            f"{path}: has an alpha channel, and {float(clear.mean()):.1%} of its pixels are "
            f"transparent; {np.unique(array[~clear][:, :-1], axis=0).shape[0]} colours are opaque",
            "a picture without transparency: what lies under it is not defined",
            "save it on a black background without an alpha channel (e.g. `convert in.png "
            "-background black -alpha remove -alpha off out.png`)",
        )
    return np.ascontiguousarray(array[..., :-1])
