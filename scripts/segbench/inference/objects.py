"""The objects of new images: measured per image, collected in tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segbench.artefacts.tsv import write_table
from segbench.files import sha256_of_bytes, sha256_of_file
from segbench.inference.images import NewImage
from segbench.inference.labels import Labels
from segbench.inference.masks import files_in
from segbench.objects import (
    ImageInfo,
    Origin,
    join,
    measure,
    read_objects,
    validate,
    write_objects,
    write_rdf,
)

if TYPE_CHECKING:
    from pandas import DataFrame


def measure_objects(
    image: np.ndarray,
    label: np.ndarray,
    labels: Labels,
    spacing_mm: Sequence[float] | None,
    output: Path,
) -> int | None:
    """Measure the objects of one image and count them; None for classification.

    Parameters
    ----------
    image : ndarray, (y, x, channel) or (z, y, x, channel)
        As published.
    label : ndarray
        As `segbench.instances.stage.sample_label` gives it.
    spacing_mm : sequence of float or None
        Of the image: (y, x) or (z, y, x).
    output : Path
        Parquet file without the image's name, so that equal images share it in the store.
    """
    if labels.task == "classification":
        write_objects(no_objects(), output)
        return None
    found = measure(label, image, labels.classes, task_of(label, labels), spacing_mm)
    write_objects(found, output)
    return len(found)


def task_of(label: np.ndarray, labels: Labels) -> str:
    """What a label holds: the recipe, not the dataset, decides whether objects are numbered."""
    if labels.task == "overlapping":
        return labels.task
    return "instances" if label.dtype != np.uint8 else "semantic"


def no_objects() -> DataFrame:
    """A table without rows."""
    return measure(np.zeros((1, 1), np.uint8), None, {}, "semantic")


def collect_objects(
    origin: Origin,
    done: Sequence[NewImage],
    tables: Mapping[str, Path],
    facts: Mapping[str, Mapping[str, Any]],
    outputs: Mapping[str, Path],
) -> None:
    """Put the objects of all images in one table, and describe them in RDF.

    Parameters
    ----------
    origin : Origin
        Its dataset becomes the column ``dataset``.
    done : sequence of NewImage
        Their stems become the column ``sample``.
    tables : mapping of str to Path
        Image -> output of `measure_objects`.
    facts : mapping of str to mapping
        Image -> its ``size`` and ``spacing_mm``.
    outputs : mapping of str to Path
        ``objects`` (Parquet), ``turtle`` and ``jsonld``.
    """
    frames, infos = [], []
    for image in done:
        frame = read_objects(tables[image.name])
        frame["dataset"], frame["sample"] = origin.dataset, image.stem
        frame["roi"] = image.stem + frame["roi"]
        frames.append(frame)
        size, spacing = facts[image.name]["size"], facts[image.name]["spacing_mm"]
        infos.append(ImageInfo(image.stem, tuple(size), tuple(spacing) if spacing else None))
    whole = join(frames) if frames else no_objects()
    write_objects(whole, outputs["objects"])
    write_rdf(whole, infos, origin, outputs["turtle"], outputs["jsonld"])
    validate(outputs["turtle"])


def origin_of(
    results: Path, files: Sequence[Path], folder: Path, networks: Sequence[Mapping[str, Any]]
) -> Origin:
    """The origin of objects in a folder of new images, for their metadata.

    Parameters
    ----------
    results : Path
        The results folder; its name stands for the images in IRIs.
    files : sequence of Path
        The results, files or folders; the metadata carry one digest over all of them.
    folder : Path
        The folder of images.
    networks : sequence of mapping
        ``path`` and ``sha256`` of each.
    """
    models = {str(one["path"]): str(one["sha256"]) for one in networks}
    whole = [one for path in sorted(files) for one in files_in(path)]
    parts = [(p.relative_to(results).as_posix(), sha256_of_file(p)) for p in whole]
    digest = sha256_of_bytes(json.dumps(parts).encode())
    name, said = results.name, "not stated"
    return Origin(name, f"New images: {folder.name}", said, said, f"applied/{name}", digest, models)


def write_classes(
    facts: Mapping[str, Mapping[str, Any]], done: Sequence[NewImage], output: Path
) -> None:
    """Write the class and the class probabilities of each image, tab-separated."""
    names = sorted({name for one in facts.values() for name in one["probability"]})
    rows = []
    for image in done:
        one = facts[image.name]
        values = (f"{one['probability'][name]:.4f}" for name in names)
        rows.append((image.name, one["class"], *values))
    write_table(output, ("image", "class", *(f"p_{name}" for name in names)), rows)
