"""What was found, drawn over the image, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segbench.files import atomic_path

#: Longest and shortest longer side of a picture, in pixels.
LARGEST, SMALLEST = 1600, 512
#: Okabe and Ito's colours, which colour-blind people tell apart; in another order, as the
#: first ones are used most.
COLOURS = (
    (86, 180, 233), (230, 159, 0), (0, 158, 115), (240, 228, 66),
    (213, 94, 0), (204, 121, 167), (0, 114, 178),
)  # fmt: skip
#: How much of the colour lies over the inside of objects.
TINT = 0.25


def draw_overlay(image: np.ndarray, label: np.ndarray, objects: bool, path: Path) -> None:
    """Draw the outlines of all classes or objects over an image.

    Parameters
    ----------
    image : ndarray, (y, x, channel) or (z, y, x, channel)
        As published. Of a volume the slice is drawn that holds most of the label.
    label : ndarray of unsigned int, (y, x) or (z, y, x), with a last axis of overlapping masks
        Label map, numbered objects, or masks of 0 and 1.
    objects : bool
        Whether numbers count objects, which then have one colour; else classes have their own.
    path : Path
        PNG, at most `LARGEST` pixels a side.
    """
    image, label = _plane(image, label)
    size = _size(*label.shape[:2])
    masks = [label] if label.ndim == 2 else list(np.moveaxis(label, -1, 0))
    layers = [_resized(mask, size, smooth=False) for mask in masks]
    picture = _resized(_display(image), size, smooth=True).astype(np.float32)
    for number, layer in enumerate(layers):
        single = objects or len(layers) > 1
        values = [0] if single else np.unique(layer[layer > 0]).tolist()
        for place, value in enumerate(values):
            inside = layer > 0 if single else layer == value
            colour = np.array(COLOURS[(number + place) % len(COLOURS)], np.float32)
            picture[inside] += TINT * (colour - picture[inside])
            picture[_outline(layer if objects else inside.astype(np.uint8)) & inside] = colour
    _save(np.clip(np.rint(picture), 0, 255).astype(np.uint8), path)


def draw_verdict(image: np.ndarray, lines: Sequence[str], path: Path) -> None:
    """Write what was said of a whole image over it."""
    from PIL import Image, ImageDraw, ImageFont

    image = image[len(image) // 2] if image.ndim == 4 else image
    picture = Image.fromarray(_resized(_display(image), _size(*image.shape[:2]), smooth=True))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(18)
    text = "\n".join(lines)
    left, top, right, bottom = pen.multiline_textbbox((8, 6), text, font=font)
    pen.rectangle((left - 6, top - 6, right + 6, bottom + 6), fill=(0, 0, 0))
    pen.multiline_text((8, 6), text, fill=(255, 255, 255), font=font)
    _save(np.asarray(picture), path)


def _plane(image: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The slice of a volume that holds most of the label; an image is left as it is."""
    if image.ndim == 3:
        return image, label
    filled = (label > 0).reshape(len(label), -1).sum(axis=1)
    place = int(filled.argmax()) if filled.any() else len(label) // 2
    return image[place], label[place]


def _display(image: np.ndarray) -> np.ndarray:
    """An image for the eye: uint8 (y, x, 3). What is not 8-bit is stretched, 1st to 99th."""
    channels = image if image.shape[-1] == 3 else image[..., :1]
    if channels.dtype != np.uint8:
        values = np.nan_to_num(channels.astype(np.float32), posinf=0, neginf=0)
        low, high = np.percentile(values, (1, 99))
        scaled = (values - low) / max(float(high - low), 1e-6)
        channels = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(channels, (*channels.shape[:2], 3)))


def _size(height: int, width: int) -> tuple[int, int]:
    """Size of the picture: within the limits; small ones by a whole factor."""
    side = max(height, width)
    if side > LARGEST:
        return max(height * LARGEST // side, 1), max(width * LARGEST // side, 1)
    factor = max(SMALLEST // side, 1)
    return height * factor, width * factor


def _resized(pixels: np.ndarray, size: tuple[int, int], smooth: bool) -> np.ndarray:
    import cv2

    if pixels.shape[:2] == size:
        return pixels
    shrinks = size[0] < pixels.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    nearest = cv2.INTER_NEAREST
    return np.asarray(cv2.resize(pixels, size[::-1], interpolation=how if smooth else nearest))


def _outline(label: np.ndarray) -> np.ndarray:
    """Pixels beside one of another value, (y, x) bool; edges of the image are none."""
    import cv2

    label = label.astype(np.uint16)
    window = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.dilate(label, window) != cv2.erode(label, window))


def _save(picture: np.ndarray, path: Path) -> None:
    from PIL import Image

    with atomic_path(path) as beside:
        Image.fromarray(picture).save(beside, format="PNG")
