"""Measurements of one image and of one label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from segbench.errors import SegbenchError
from segbench.known_pixels import known_pixels, mark_unknown
from segbench.unannotated import as_background, unannotated

#: Pixels sampled per image for the intensities, so that all images weigh the same.
PIXELS = 2048
#: Longest side of thumbnails, in pixels.
THUMBNAIL = 72
#: Colours are measured on every k-th row and column of images larger than this.
COLOUR_SIDE = 512
#: Step of an aperiodic sequence: the fractional part of the golden ratio.
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class ImageMeasures:
    """Measurements of one image, or of a volume's middle slice, over the pixels with a value.

    Attributes
    ----------
    values : (n, channel) ndarray of float32
        `PIXELS` pixels, evenly spread, or all pixels of smaller images. NaN in a channel
        without a value there; pixels without any are left out.
    low, high : (channel,) ndarray of float32
        Smallest and largest value; NaN for a channel without values.
    colour : (6,) ndarray of float64
        See `colour_features`.
    thumbnail : (y, x, 1 or 3) ndarray of float32
        In the image's own values, see `shrink`.
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    colour: np.ndarray
    thumbnail: np.ndarray


def plane_of(image: np.ndarray, position: int | None = None) -> np.ndarray:
    """The image itself, (y, x, c), or one slice of a volume, by default the middle one."""
    if image.ndim == 4:
        plane: np.ndarray = image[image.shape[0] // 2 if position is None else position]
        return plane
    return image


def spread_pixels(plane: np.ndarray, count: int = PIXELS) -> np.ndarray:
    """Take `count` pixels, evenly spread without a period of rows or columns.

    Parameters
    ----------
    plane : (y, x, c) ndarray
        NaN where there is no value; pixels without any value are not taken.

    Returns
    -------
    (n, c) ndarray of float32
    """
    flat, known = plane.reshape(-1, plane.shape[2]), known_pixels(plane)
    if known is not None:
        flat = flat[known.reshape(flat.shape).any(axis=1)]
    if len(flat) > count:
        flat = flat[((np.arange(count) * _GOLDEN) % 1.0 * len(flat)).astype(np.int64)]
    return flat.astype(np.float32)


def colour_features(plane: np.ndarray) -> np.ndarray:
    """Describe the colours of an image by the means and deviations of hue, saturation, value.

    Parameters
    ----------
    plane : (y, x, c) ndarray
        Of any scale. Unless there are three channels, their mean is taken as grey. Pixels with
        NaN in any channel are left out.

    Returns
    -------
    (6,) ndarray of float64
        All NaN if no pixel is left. Else:
        Mean of saturation times cosine and times sine of the hue, mean and standard deviation
        of the saturation (0...1), mean and standard deviation of the value (in the image's own
        unit). Hue is an angle that grey lacks, so it enters as a vector as long as the
        saturation: red is continuous at 0°, and the hue noise of grey pixels has no weight.

    References
    ----------
    Smith, A. R. Color gamut transform pairs. SIGGRAPH 1978, doi:10.1145/965139.807361
    """
    import cv2

    step = max(1, -(-max(plane.shape[:2]) // COLOUR_SIDE))
    pixels = plane[::step, ::step].astype(np.float32)
    known = known_pixels(pixels)
    if known is not None:
        if not known.all(axis=2).any():  # what is known may lie between the rows
            pixels = plane.astype(np.float32)
            known = np.isfinite(pixels)
        pixels = pixels[known.all(axis=2)][None]
    if not pixels.size:
        return np.full(6, np.nan)
    if pixels.shape[2] == 3:
        hsv = cv2.cvtColor(np.ascontiguousarray(np.maximum(pixels, 0)), cv2.COLOR_RGB2HSV)
        hue, saturation, value = (hsv[..., k].astype(np.float64) for k in range(3))
    else:
        value = pixels.mean(axis=2, dtype=np.float64)
        hue = saturation = np.zeros_like(value)
    angle = np.deg2rad(hue)
    return np.array(
        [
            (saturation * np.cos(angle)).mean(),
            (saturation * np.sin(angle)).mean(),
            saturation.mean(),
            saturation.std(),
            value.mean(),
            value.std(),
        ]
    )


def shrink(plane: np.ndarray, side: int = THUMBNAIL) -> np.ndarray:
    """Shrink an image to at most `side` pixels: (y, x, 1 or 3) float32; not RGB, the mean.

    A pixel is the mean of those that have a value, NaN where less than half of them have one.
    """
    import cv2

    values = mark_unknown(plane).astype(np.float32)
    if values.shape[2] != 3:
        values = values.mean(axis=2, keepdims=True)
    factor = min(1.0, side / max(values.shape[:2]))
    height, width = (max(1, round(n * factor)) for n in values.shape[:2])

    def resized(image: np.ndarray) -> np.ndarray:
        small = cv2.resize(
            np.ascontiguousarray(image), (width, height), interpolation=cv2.INTER_AREA
        )
        return np.asarray(small).reshape(height, width, -1)

    known = known_pixels(values)
    if known is None:
        return resized(values)
    weight = resized(known.astype(np.float32))
    sums = resized(np.where(known, values, np.float32(0)))
    small: np.ndarray = np.full_like(sums, np.nan)
    np.divide(sums, weight, out=small, where=weight >= 0.5)
    return small


def measure_image(image: np.ndarray) -> ImageMeasures:
    """Measure one image (y, x, c) or volume (z, y, x, c), as published."""
    plane = mark_unknown(plane_of(image))
    flat = plane.reshape(-1, plane.shape[2])
    return ImageMeasures(
        values=spread_pixels(plane),
        low=np.fmin.reduce(flat, axis=0).astype(np.float32),
        high=np.fmax.reduce(flat, axis=0).astype(np.float32),
        colour=colour_features(plane),
        thumbnail=shrink(plane),
    )


@dataclass(frozen=True)
class LabelMeasures:
    """Measurements of one label.

    Attributes
    ----------
    total, covered : int
        Pixels or voxels of which it is known whether they are of any class, and those that
        are; total is 1 for classes of whole images.
    pixels, annotated : (class,) ndarray of int64
        Pixels of each class, and those in which it was annotated.
    objects : tuple of ndarray of int64
        Object sizes in pixels, per class: numbered objects, else connected components over
        sides, edges and corners. Empty for classes of whole images.
    """

    total: int
    pixels: np.ndarray
    covered: int
    objects: tuple[np.ndarray, ...]
    annotated: np.ndarray


def component_sizes(mask: np.ndarray) -> np.ndarray:
    """Ascending sizes in pixels of the components of a 2-D or 3-D mask, corners connected.

    Examples
    --------
    >>> component_sizes(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]], bool)).tolist()
    [1, 2]
    """
    if not mask.any():
        return np.zeros(0, np.int64)
    if mask.ndim == 2:
        import cv2

        _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        return np.sort(stats[1:, cv2.CC_STAT_AREA].astype(np.int64))
    from scipy.ndimage import find_objects, label

    (box,) = find_objects(mask.astype(np.uint8))  # labelling the bounding box alone is faster
    numbered, _ = label(mask[box], structure=np.ones((3, 3, 3), bool))
    return np.sort(np.bincount(numbered.ravel())[1:].astype(np.int64))


def measure_label(
    label: np.ndarray, attributes: Mapping[str, Any], annotated: Sequence[str] = ()
) -> LabelMeasures:
    """Measure one label.

    Parameters
    ----------
    label : ndarray of unsigned int
    attributes : mapping
        Of the archive. ``axes``: ``yx`` or ``zyx`` for a label map, or numbered objects if
        ``task`` is instances; with a last ``k`` for one mask per class; ``s`` for the class of
        a whole image. ``class_values``; with `annotated` also ``classes``.
    annotated : sequence of str, optional
        Classes of a label map that were annotated in the sample; empty: all.

    Raises
    ------
    SegbenchError
        The axes are unknown.
    """
    values: Sequence[int] = attributes["class_values"]
    axes = str(attributes["axes"])
    none = tuple(np.zeros(0, np.int64) for _ in values)
    if axes == "s":
        pixels = np.array([int(label[0] == value) for value in values], np.int64)
        return LabelMeasures(1, pixels, int(pixels.sum()), none, np.ones_like(pixels))
    known, label = ~unannotated(label), as_background(label)
    if axes in ("yxk", "zyxk"):
        masks = [label[..., k] > 0 for k in range(label.shape[-1])]
        held = label.any(axis=-1)
        covered, total = int(held.sum()), int(np.count_nonzero(held | known.all(axis=-1)))
        counted = known.reshape(-1, len(masks)).sum(axis=0)
    elif axes in ("yx", "zyx"):
        total, covered = int(np.count_nonzero(known)), int(np.count_nonzero(label))
        counted = np.full(len(values), total)
        if annotated:
            counted[[name not in annotated for name in attributes["classes"]]] = 0
            total = covered
        if attributes.get("task") == "instances":
            sizes = np.bincount(label.ravel())[1:].astype(np.int64)
            numbered = (np.sort(sizes[sizes > 0]),)
            return LabelMeasures(total, np.array([covered]), covered, numbered, counted[:1])
        masks = [label == value for value in values]
    else:
        raise SegbenchError(
            f"labels with the axes {axes!r}", "yx, zyx, yxk, zyxk or s", "report this as a bug"
        )
    pixels = np.array([np.count_nonzero(mask) for mask in masks], np.int64)
    objects = tuple(component_sizes(mask) for mask in masks)
    return LabelMeasures(total, pixels, covered, objects, counted)
