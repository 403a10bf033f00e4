"""What is drawn of one sample: the image, or some slices of a volume, with both labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from segbench.archives import Archive, ArchiveSet
from segbench.errors import SegbenchError
from segbench.figures.images import display_image
from segbench.figures.layers import Layer, layers_of
from segbench.unannotated import as_background

#: Slices of a volume that are drawn.
SLICES = 3


@dataclass(frozen=True)
class Plane:
    """One image with its truth and its prediction.

    Attributes
    ----------
    note : str
        Of a volume, which slice it is and why; else empty.
    image : (y, x, 3) ndarray of float32
        In 0...1, at the original size.
    truth, prediction : list of Layer
        All classes, at the original size.
    """

    note: str
    image: np.ndarray
    truth: list[Layer]
    prediction: list[Layer]


def is_volume(attributes: Mapping[str, Any]) -> bool:
    """Whether the samples of an archive are volumes."""
    return str(attributes.get("axes", "")).startswith("z")


def fullest_slice(label: np.ndarray) -> int:
    """Position of the slice with the largest labelled area; the middle where there is none.

    Parameters
    ----------
    label : (z, y, x) or (z, y, x, class) ndarray of unsigned int

    Examples
    --------
    >>> fullest_slice(np.array([[[0, 1]], [[1, 1]], [[0, 0]]]))
    1
    """
    areas = np.count_nonzero(label.reshape(label.shape[0], -1), axis=1)
    return int(areas.argmax()) if areas.any() else label.shape[0] // 2


def telling_slices(label: np.ndarray, attributes: Mapping[str, Any]) -> dict[int, str]:
    """Choose slices: for each class the one with the largest area of it.

    Parameters
    ----------
    label : (z, y, x) or (z, y, x, class) ndarray of unsigned int
    attributes : mapping
        Of the archive.

    Returns
    -------
    dict of int to str
        Position -> the classes it was chosen for; at most `SLICES`, of the classes with
        the largest areas. The middle slice where nothing is labelled.
    """
    names = [str(name) for name in attributes.get("classes", ())]
    values = attributes.get("class_values", range(1, len(names) + 1))
    areas = {}
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        mask = label[..., number] > 0 if label.ndim == 4 else label == value
        areas[name] = np.count_nonzero(mask, axis=(1, 2))
    ranked = sorted(names, key=lambda name: (-int(areas[name].max(initial=0)), names.index(name)))
    chosen: dict[int, list[str]] = {}
    for name in ranked:
        if areas[name].any():
            place = int(areas[name].argmax())
            if place in chosen or len(chosen) < SLICES:
                chosen.setdefault(place, []).append(name)
    if not chosen:
        return {label.shape[0] // 2: ""}
    return {place: ", ".join(classes) for place, classes in chosen.items()}


def _shown_channels(image: np.ndarray, attributes: Mapping[str, Any]) -> np.ndarray:
    """The channels that make a picture: not the neighbouring slices, not all modalities."""
    around = int((attributes.get("recipe") or {}).get("neighbours") or 0)
    if around:
        own = image.shape[2] // (2 * around + 1)
        return image[..., around * own : (around + 1) * own]
    return image[..., :1] if is_volume(attributes) else image


def _image_plane(
    images: ArchiveSet, sample: str, size: tuple[int, ...], position: int | None
) -> np.ndarray:
    """Image of one plane at the original size; black outside the crop of the recipe.

    Parameters
    ----------
    images : ArchiveSet
        Preprocessed.
    sample : str
    size : tuple of int
        Original size of the sample.
    position : int or None
        Slice of the original volume.
    """
    crop = images.record(sample).get("crop") or [[0, side] for side in size]
    (top, bottom), (left, right) = crop[-2:]
    scale = float(images.attributes.get("image_scale", 1.0))
    canvas = np.zeros((*size[-2:], 3), np.float32)
    if position is None:
        stored = images.read(sample, "image")
    else:
        first, last = crop[0]
        if not first <= position < last:
            return canvas
        depth, height, width = images.shape(sample, "image")[:3]
        place = min(int((position - first + 0.5) * depth / (last - first)), depth - 1)
        window = ((place, 0, 0), (place + 1, height, width))
        stored = images.read_window(sample, "image", *window)[0]
    shown = _shown_channels(stored, images.attributes)
    canvas[top:bottom, left:right] = display_image(shown, scale, bottom - top, right - left)
    return canvas


def planes_of(
    sample: str, images: ArchiveSet, truth: ArchiveSet, prediction: Archive
) -> list[Plane]:
    """Read what is drawn of a sample.

    Parameters
    ----------
    sample : str
        Its id.
    images : ArchiveSet
        Preprocessed.
    truth : ArchiveSet
        Labels at the original size.
    prediction : Archive
        The same, predicted.

    Returns
    -------
    list of Plane
        One of an image; of a volume up to `SLICES`, see `telling_slices`.

    Raises
    ------
    SegbenchError
        The sample has a score but no image or no truth.
    """
    for name, archives in (("preprocessed", images), ("truth", truth)):
        if sample not in archives:
            raise SegbenchError(
                f"sample {sample!r} has a score but is in no {name} archive",
                f"the {name} archives of the study's dataset",
                "pass all shards of the dataset",
            )
    label = as_background(truth.read(sample, "label"))
    predicted = prediction.read(sample, "label")
    attributes = truth.attributes
    if not is_volume(attributes):
        image = _image_plane(images, sample, label.shape[:2], None)
        return [Plane("", image, layers_of(label, attributes), layers_of(predicted, attributes))]
    return [
        Plane(
            f"slice {place}" + (f": {why}" if why else ""),
            _image_plane(images, sample, label.shape[:3], place),
            layers_of(label[place], attributes),
            layers_of(predicted[place], attributes),
        )
        for place, why in telling_slices(label, attributes).items()
    ]
