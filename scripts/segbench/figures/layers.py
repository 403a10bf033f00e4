"""Labels taken apart into classes, each with its colour, and laid over images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from segbench.figures.palette import class_colours, colour_of, rgb


@dataclass(frozen=True)
class Layer:
    """One class of a label.

    Attributes
    ----------
    name, colour : str
        Of the class.
    label : (y, x) ndarray of unsigned int
        0 outside; numbered objects, or 1 inside.
    """

    name: str
    colour: str
    label: np.ndarray

    def resized(self, height: int, width: int) -> Layer:
        """The layer at another size, by the nearest pixel."""
        import cv2

        label = np.ascontiguousarray(self.label)
        label = cv2.resize(label, (width, height), interpolation=cv2.INTER_NEAREST)
        return replace(self, label=label)


def layers_of(label: np.ndarray, attributes: Mapping[str, Any]) -> list[Layer]:
    """Take a label of any kind apart into its classes.

    Parameters
    ----------
    label : (y, x) or (y, x, class) ndarray of unsigned int
        One plane: numbered objects, a label map, or one mask per class.
    attributes : mapping
        Of the archive: ``task``, ``classes``, ``class_values``.

    Returns
    -------
    list of Layer
        All classes in their order, absent ones included. Numbered objects are one layer, as
        is a label without classes in the attributes.
    """
    names = [str(name) for name in attributes.get("classes", ())]
    colours = class_colours(names)
    if label.ndim == 3:
        return [Layer(name, colours[name], label[..., k]) for k, name in enumerate(names)]
    if attributes.get("task") == "instances" or not names:
        return [Layer(names[0] if names else "objects", colour_of(0), label)]
    values = attributes.get("class_values", range(1, len(names) + 1))
    return [
        Layer(name, colours[name], (label == value).astype(np.uint8))
        for name, value in zip(names, values, strict=True)
    ]


def outlines(label: np.ndarray) -> list[np.ndarray]:
    """Trace every value of a label map, or every numbered object.

    Parameters
    ----------
    label : (y, x) ndarray of unsigned int
        0 is the background.

    Returns
    -------
    list of (n, 2) ndarray of float64
        Closed lines of (x, y) in pixels, pixel centres at integers. Touching objects each
        have their own line.

    Examples
    --------
    >>> label = np.zeros((5, 5), np.uint8)
    >>> label[2, 2] = 1
    >>> line, = outlines(label)
    >>> line.min(), line.max()
    (np.float64(1.5), np.float64(2.5))
    """
    from scipy.ndimage import find_objects
    from skimage.measure import find_contours

    lines: list[np.ndarray] = []
    for value, box in enumerate(find_objects(label.astype(np.int32)), start=1):
        if box is None:
            continue
        # The margin closes the lines of objects that touch the image's edge.
        mask = np.pad(label[box] == value, 1).astype(np.float32)
        corner = np.array([box[1].start - 1, box[0].start - 1])
        lines += [line[:, ::-1] + corner for line in find_contours(mask, 0.5)]
    return lines


def edge_pixels(label: np.ndarray) -> np.ndarray:
    """Labelled pixels beside a pixel of another value; the image's own edge is none.

    Parameters
    ----------
    label : (y, x) ndarray of unsigned int

    Returns
    -------
    (y, x) ndarray of bool

    Examples
    --------
    >>> edge_pixels(np.array([[1, 1, 0, 2]], np.uint8))
    array([[False,  True, False,  True]])
    """
    import cv2

    label = label.astype(np.uint16)
    window = np.ones((3, 3), np.uint8)
    edges = cv2.dilate(label, window) != cv2.erode(label, window)
    return np.asarray(edges & (label > 0))


def tinted(image: np.ndarray, layers: Iterable[Layer], strength: float = 0.45) -> np.ndarray:
    """Lay the classes over an image as transparent colours.

    Parameters
    ----------
    image : (y, x, 3) ndarray of float
        In 0...1.
    layers : iterable of Layer
        At the size of the image; where they overlap, the colours mix.
    strength : float, optional
        0 leaves the image, 1 covers it.
    """
    out = np.array(image, np.float32)
    for layer in layers:
        inside = layer.label > 0
        colour = np.array(rgb(layer.colour), np.float32) / 255
        out[inside] = (1 - strength) * out[inside] + strength * colour
    return out
