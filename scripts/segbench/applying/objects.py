"""The objects of new images: measured image by image, collected in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from segbench.applying.images import NewImage
from segbench.applying.segmenting import Labels
from segbench.files import write_text
from segbench.objects import join, measure, read_objects, write_objects


def measure_objects(
    image: np.ndarray,
    label: np.ndarray,
    labels: Labels,
    spacing_mm: Sequence[float] | None,
    output: Path,
) -> int | None:
    """Measure the objects of one image.

    Parameters
    ----------
    image : ndarray, (y, x, channel) or (z, y, x, channel)
        As published.
    label : ndarray
        By the task of `labels`.
    spacing_mm : sequence of float or None
        Of the image: (y, x) or (z, y, x).
    output : Path
        Parquet. The image has no name in it: equal images share the file in the store.

    Returns
    -------
    int or None
        How many objects there are; None where whole images are classified.
    """
    if labels.task == "classification":
        write_objects(_no_objects(), output)
        return None
    # A label map that was made of numbered objects holds these, whatever the dataset's task.
    task = "instances" if label.dtype == np.uint16 else labels.task
    task = "semantic" if task == "instances" and label.dtype == np.uint8 else task
    found = measure(label, image, labels.classes, task, spacing_mm)
    write_objects(found, output)
    return len(found)


def _no_objects() -> Any:
    return measure(np.zeros((1, 1), np.uint8), None, {}, "semantic")


def collect_objects(
    name: str, done: Sequence[NewImage], tables: Mapping[str, Path], output: Path
) -> None:
    """Put the objects of all images in one table.

    Parameters
    ----------
    name : str
        Of the folder of results: the column ``dataset``.
    done : sequence of NewImage
        Their names without endings are the column ``sample``.
    tables : mapping of str to Path
        Image -> what `measure_objects` wrote.
    output : Path
        Parquet, see `segbench.objects`.
    """
    frames = []
    for image in done:
        frame = read_objects(tables[image.name])
        frame["dataset"], frame["sample"] = name, image.stem
        frame["roi"] = image.stem + frame["roi"]
        frames.append(frame)
    write_objects(join(frames) if frames else _no_objects(), output)


def write_classes(
    facts: Mapping[str, Mapping[str, Any]], done: Sequence[NewImage], output: Path
) -> None:
    """Write the class of each whole image and the probabilities, tab-separated."""
    names = sorted({name for one in facts.values() for name in one["probability"]})
    lines = ["\t".join(["image", "class", *(f"p_{name}" for name in names)])]
    for image in done:
        one = facts[image.name]
        values = (f"{one['probability'][name]:.4f}" for name in names)
        lines.append("\t".join([image.name, one["class"], *values]))
    write_text(output, "\n".join(lines) + "\n")
