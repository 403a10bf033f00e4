"""The objects of an image that is larger than memory, measured part by part; its overview."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segbench.inference.closing import Closing
from segbench.inference.labels import Labels
from segbench.inference.objects import no_objects, task_of
from segbench.objects import join, measure, write_objects
from segbench.objects.layers import layers

if TYPE_CHECKING:
    from pandas import DataFrame

#: Most pixels of the rows that are kept until an object is complete, and rows of a step.
KEPT, ROWS = 2**24, 256

#: Most objects of an image that are measured: describing and checking 100 of them takes a second.
MOST = 100_000

#: Rows of the image from the first to before the last: (y, x, channel).
Rows = Callable[[int, int], np.ndarray]
#: Rows of a label -> the mask of one class, and what is measured of it.
Chosen = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def measure_large(
    image: Rows,
    label: np.ndarray,
    labels: Labels,
    spacing_mm: Sequence[float] | None,
    output: Path,
) -> tuple[int | None, str]:
    """Measure the objects of an image as `segbench.inference.objects.measure_objects` does.

    Parameters
    ----------
    image : callable
        Gives rows of the image as published.
    label : ndarray, (y, x), overlapping masks along a last axis
        Perhaps mapped to a file.
    labels, spacing_mm, output
        See `measure_objects`.

    Returns
    -------
    int or None
        Objects that were measured; None: there are more than `MOST`, and none was.
    str
        What the user should be told of those that were not; empty: nothing.
    """
    frames: list[DataFrame] = []
    left_out, count = 0, 0
    for name, chosen in _classes(label, labels):
        closing, parts = Closing(label.shape[1], KEPT), []
        for part in _measured(image, label, name, chosen, spacing_mm, closing):
            parts.append(part)
            count += len(part)
            if count > MOST:
                write_objects(no_objects(), output)
                return None, f"holds more than {MOST} objects: they are in the mask, not measured"
        left_out += closing.given_up
        if parts:
            frames.append(_numbered(join(parts), name, task_of(label, labels)))
    write_objects(join(frames) if frames else no_objects(), output)
    return count, f"objects too large to be measured part by part: {left_out}" * (left_out > 0)


def _classes(label: np.ndarray, labels: Labels) -> Iterator[tuple[str, Chosen]]:
    """Each class, and its mask and numbers (1 where there are none) in rows of the label."""
    task = task_of(label, labels)
    if task == "instances":
        name = next(iter(labels.classes)) if len(labels.classes) == 1 else "foreground"
        yield name, lambda rows: (rows > 0, rows)
        return
    for place, (name, value) in enumerate(labels.classes.items()):
        if task == "overlapping":
            yield name, lambda rows, place=place: _mask(rows[..., place] > 0)  # type: ignore[misc]
        elif value != 0:
            yield name, lambda rows, value=value: _mask(rows == value)  # type: ignore[misc]


def _mask(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return mask, mask.view(np.uint8)


def _measured(
    image: Rows,
    label: np.ndarray,
    name: str,
    chosen: Chosen,
    spacing_mm: Sequence[float] | None,
    closing: Closing,
) -> Iterator[DataFrame]:
    """The objects of one class, as they become complete; `number` of a mask's is a place."""
    height, width = label.shape[:2]
    for start in range(0, height, ROWS):
        first, stop = closing.first, min(start + ROWS, height)
        complete = closing.add(chosen(label[start:stop])[0], stop == height)
        rows = np.flatnonzero(complete.any(axis=1))
        if not len(rows):
            continue
        low, high = first + int(rows[0]), first + int(rows[-1]) + 1
        part = np.where(complete[low - first : high - first], chosen(label[low:high])[1], 0)
        task = "semantic" if part.dtype == np.uint8 else "instances"
        frame = measure(part, image(low, high), {name: 1}, task, spacing_mm)
        if task == "semantic":
            frame["number"] = _first_places(part, name) + low * width
        yield _moved(frame, low, (height, width), spacing_mm)


def _first_places(part: np.ndarray, name: str) -> np.ndarray:
    """The place of each object's first pixel in reading order."""
    (layer,) = layers(part, {name: 1}, "semantic")
    numbers = layer.numbers.ravel()
    inside = np.flatnonzero(numbers)[::-1]
    first = np.zeros(layer.count + 1, np.int64)
    first[numbers[inside]] = inside
    return first[1:]


def _moved(
    frame: DataFrame, rows: int, size: tuple[int, int], spacing_mm: Sequence[float] | None
) -> DataFrame:
    """Objects of a part that begins at some row, as objects of the image."""
    frame[["bbox_y0_px", "bbox_y1_px", "centroid_y_px"]] += rows
    if spacing_mm is not None:
        frame["centroid_y_um"] += rows * spacing_mm[-2] * 1000
    frame["touches_border"] = (
        (frame["bbox_y0_px"] == 0) | (frame["bbox_x0_px"] == 0)
        | (frame["bbox_y1_px"] == size[0]) | (frame["bbox_x1_px"] == size[1])
    )  # fmt: skip
    frame["points"] = [_lower(points, rows) for points in frame["points"]]
    return frame


def _lower(points: str, rows: int) -> str:
    """An outline, moved down."""
    pairs = (pair.split(",") for pair in points.split())
    return " ".join(f"{x},{int(y) + rows}" for x, y in pairs)


def _numbered(frame: DataFrame, name: str, task: str) -> DataFrame:
    """Objects in reading order of their first pixels, numbered so unless the label does."""
    frame = frame.sort_values("number", kind="stable", ignore_index=True)
    if task != "instances":
        frame["number"] = np.arange(1, len(frame) + 1)
    frame["roi"] = [f"/{name}/{number}" for number in frame["number"]]
    return frame


def overview(image: Rows, label: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Image and label of at most `side` pixels: means of the one, every n-th pixel of the other."""
    height, width = label.shape[:2]
    step = -(-max(height, width) // side)
    down, across = height // step, width // step
    parts = []
    for start in range(0, down, 32):
        stop = min(start + 32, down)
        block = image(start * step, stop * step)[:, : across * step]
        cells = block.reshape(stop - start, step, across, step, -1)
        parts.append(cells.mean(axis=(1, 3), dtype=np.float64).astype(block.dtype))
    middle = slice(step // 2, None, step)
    few = np.ascontiguousarray(label[middle, middle][:down, :across])
    if few.dtype == np.uint32:
        # Pictures are drawn of 16 bits: neighbours still have different numbers.
        few = np.where(few > 0, few % 65535 + 1, 0).astype(np.uint16)
    return np.concatenate(parts), few
