"""Overlays of new images: the prediction drawn over the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from segbench.figures.images import display_image
from segbench.figures.layers import edge_pixels, layers_of, tinted
from segbench.figures.palette import rgb
from segbench.figures.planes import fullest_slice
from segbench.files import atomic_path
from segbench.known_pixels import mark_unknown

#: Limits of the longer side of a picture, in pixels.
LARGEST, SMALLEST = 1600, 512
#: Opacity of the colour inside objects.
TINT = 0.25


def draw_overlay(
    image: np.ndarray, label: np.ndarray, attributes: Mapping[str, Any], path: Path
) -> None:
    """Draw the outlines of all classes or objects over an image, as PNG.

    Parameters
    ----------
    image : ndarray, (y, x, channel) or (z, y, x, channel)
        As published. Of a volume the slice with the largest labelled area is drawn.
    label : ndarray of unsigned int, (y, x) or (z, y, x), overlapping masks along a last axis
        Label map, numbered objects, or masks of 0 and 1.
    attributes : mapping
        ``task``, ``classes`` and ``class_values``, see `layers_of`.
    path : Path
        Gets a picture within the limits; outlines have exactly the colour of their class.
    """
    if image.ndim == 4:
        position = fullest_slice(label)
        image, label = image[position], label[position]
    height, width = _size(*label.shape[:2])
    layers = [layer.resized(height, width) for layer in layers_of(label, attributes)]
    picture = to_8_bit(tinted(_displayed(image, height, width), layers, TINT))
    for layer in layers:
        picture[edge_pixels(layer.label)] = rgb(layer.colour)
    _save(picture, path)


def draw_class(image: np.ndarray, lines: Sequence[str], path: Path) -> None:
    """Write the predicted class of an image, and its probabilities, over the image."""
    from PIL import Image, ImageDraw, ImageFont

    image = image[len(image) // 2] if image.ndim == 4 else image
    picture = Image.fromarray(to_8_bit(_displayed(image, *_size(*image.shape[:2]))))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(18)
    text = "\n".join(lines)
    left, top, right, bottom = pen.multiline_textbbox((8, 6), text, font=font)
    pen.rectangle((left - 6, top - 6, right + 6, bottom + 6), fill=(0, 0, 0))
    pen.multiline_text((8, 6), text, fill=(255, 255, 255), font=font)
    _save(np.asarray(picture), path)


def to_8_bit(picture: np.ndarray) -> np.ndarray:
    """Values of 0...1 as uint8 0...255.

    Examples
    --------
    >>> to_8_bit(np.array([0.0, 0.5, 1.2])).tolist()
    [0, 128, 255]
    """
    return np.asarray(np.clip(np.rint(255 * picture), 0, 255), np.uint8)


def _displayed(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """RGB, or the first channel in grey; unless 8-bit, stretched to percentiles 1 to 99."""
    channels = image if image.shape[-1] == 3 else image[..., :1]
    if channels.dtype == np.uint8:
        return display_image(channels, 1 / 255, height, width)
    values = mark_unknown(channels).astype(np.float32)
    known = values[np.isfinite(values)]
    low, high = (float(v) for v in np.percentile(known, (1, 99))) if known.size else (0.0, 1.0)
    return display_image(values, 1.0, height, width, (low, high))


def _size(height: int, width: int) -> tuple[int, int]:
    """Size of the picture within the limits; small images are enlarged by a whole factor."""
    side = max(height, width)
    if side > LARGEST:
        return max(height * LARGEST // side, 1), max(width * LARGEST // side, 1)
    factor = max(SMALLEST // side, 1)
    return height * factor, width * factor


def _save(picture: np.ndarray, path: Path) -> None:
    from PIL import Image

    with atomic_path(path) as beside:
        Image.fromarray(picture).save(beside, format="PNG")
