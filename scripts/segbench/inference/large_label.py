"""The label of an image that is larger than memory, decoded from bands of its maps into a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.inference.closing import Closing
from segbench.instances.decoding import check_method, decode, number
from segbench.instances.objects import fill_holes

#: Most pixels of the rows that are kept until an object is complete.
KEPT = 2**24


def write_label(
    bands: Iterable[tuple[int, np.ndarray]],
    size: tuple[int, int],
    attributes: Mapping[str, Any],
    recipe: Model,
    file: Path,
) -> np.ndarray:
    """Decode an image's maps as `segbench.instances.stage.sample_label` does.

    Parameters
    ----------
    bands : iterable of (int, ndarray (y, x, map), float32)
        See `segbench.prediction.blending.predict_bands`; at the image's own size.
    size : tuple of int
        Of the image: (y, x).
    attributes : mapping
        ``task``, ``classes``, ``class_values``.
    recipe : Model
        Its `target` and `instances`.
    file : Path
        Gets the pixels.

    Returns
    -------
    ndarray, (y, x), overlapping masks along a last axis
        Mapped to the file: uint8, or numbered objects, uint16 (uint32 where there are more). The
        objects are those of the image as a whole, numbered in another order.

    Raises
    ------
    SegbenchError
        An object is too large to be kept until it is complete.
    """
    task, classes, values = (attributes[key] for key in ("task", "classes", "class_values"))
    check_method(recipe.instances, recipe.target, classes, task, volume=False)
    # The study stores probabilities as float16; the same rounding gives the same label.
    rounded = (maps.astype(np.float16).astype(np.float32) for _, maps in bands)
    if recipe.instances.method != "none":
        return _objects(rounded, size, recipe, file)
    with file.open("wb") as out:
        for maps in rounded:
            label = decode(maps, recipe.target, classes, values, recipe.instances, task)
            out.write(label.tobytes())
    return np.memmap(file, label.dtype, "r", shape=(*size, *label.shape[2:]))


def _objects(
    bands: Iterable[np.ndarray], size: tuple[int, int], recipe: Model, file: Path
) -> np.ndarray:
    wide = file.with_suffix(".wide")
    count = 0
    with wide.open("wb") as out:
        for rows in _numbered(bands, size, recipe):
            count = max(count, int(rows.max(initial=0)))
            out.write(rows.tobytes())
    dtype = np.uint16 if count <= np.iinfo(np.uint16).max else np.uint32
    found = np.memmap(wide, np.uint32, "r", shape=size)
    with file.open("wb") as out:
        for start in range(0, size[0], 512):
            out.write(found[start : start + 512].astype(dtype).tobytes())
    del found
    wide.unlink()
    return np.memmap(file, dtype, "r", shape=size)


def _numbered(
    bands: Iterable[np.ndarray], size: tuple[int, int], recipe: Model
) -> Iterator[np.ndarray]:
    """Rows of numbered objects, uint32, in order."""
    height, width = size
    chosen, closing = recipe.instances, Closing(width, KEPT)
    kept: np.ndarray | None = None
    labels, count = np.zeros((0, width), np.uint32), 0
    for maps in bands:
        kept = maps if kept is None else np.concatenate([kept, maps])
        first = closing.first
        complete = closing.add(maps[..., 0] > chosen.threshold, first + len(kept) == height)
        if closing.given_up:
            raise _too_large(size)
        found = number(complete, kept, recipe.target, chosen)
        labels = np.concatenate([labels, np.zeros((len(kept) - len(labels), width), np.uint32)])
        labels = np.where(found > 0, (found + count).astype(np.uint32), labels)
        count += int(found.max(initial=0))
        if chosen.fill_holes:
            # With the objects before: what lies in a hole keeps it open.
            labels = fill_holes(labels)
        done = closing.first - first
        yield labels[:done]
        labels, kept = labels[done:], kept[done:]


def _too_large(size: tuple[int, int]) -> SegbenchError:
    return SegbenchError(
        f"a connected piece of foreground has more than {KEPT // size[1]} rows in an image of "
        f"{size[0]} x {size[1]} px: its objects cannot be told apart part by part",
        "objects, and groups that touch, of fewer rows",
        "cut the image into pieces, or apply a model that finds smaller pieces (a higher "
        "`instances.threshold`)",
    )
