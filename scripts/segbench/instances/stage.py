"""The segmentation stage: probabilities in, labels at the original size out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from segbench.archives import Archive, ArchiveSet, ArchiveWriter
from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.imaging.axes import label_axes, spatial
from segbench.imaging.cropping import Box
from segbench.imaging.inverse import label_at_original_size
from segbench.instances.decisions import decide
from segbench.instances.decoding import check_method, decode
from segbench.instances.targets import map_names


def segment(
    probability: str | Path, truth: Sequence[str | Path], recipe: Model, output: str | Path
) -> None:
    """Turn each sample's probability maps into its label, at the original size.

    Parameters
    ----------
    probability : str or Path
        Archive with an array ``probability`` a sample, on the network's grid: (y, x, map) or
        (z, y, x, map); of whole images (class,).
    truth : sequence of str or Path
        Truth shards: they say how large each sample is and which group it belongs to.
        Their pixels are not read.
    recipe : Model
        Its `target`, `instances` and `decision`.
    output : str or Path
        Archive with what `sample_label` gives. Records are those of the truth.

    Raises
    ------
    SegbenchError
        If the maps are not those of the recipe's target, a sample has no truth, or its
        recorded size is not the truth's.

    Notes
    -----
    The maps are interpolated first and thresholded then: outlines are smooth at the
    original size, not staircases. One sample is in memory at a time, of volumes one slice
    of the maps at the original size.
    """
    truths = ArchiveSet(truth)
    with Archive(probability) as maps:
        attributes = maps.attributes
        task, classes = attributes["task"], attributes["classes"]
        if attributes["maps"] != map_names(recipe.target, classes, task):
            raise SegbenchError(
                f"{probability}: holds the maps {', '.join(attributes['maps'])}",
                f"those of target {recipe.target!r}: "
                f"{', '.join(map_names(recipe.target, classes, task))}",
                "predict again with this model recipe",
            )
        volume = truths.attributes.get("axes", "yx").startswith("z")
        with ArchiveWriter(output, segmented(attributes, recipe, volume)) as writer:
            for sample in sorted(maps.ids):
                size = _original_size(maps, truths, sample, task)
                stored, crop = maps.read(sample, "probability"), _crop(maps.record(sample))
                arrays = sample_label(stored, size, crop, attributes, recipe)
                writer.add(sample, arrays, truths.record(sample))


def segmented(attributes: Mapping[str, Any], recipe: Model, volume: bool) -> dict[str, Any]:
    """Attributes of an archive of segmentations.

    Parameters
    ----------
    attributes : mapping
        Of the archive of probabilities.
    volume : bool
        Whether the samples are volumes.
    """
    task = attributes["task"]
    part = "decision" if task == "classification" else "instances"
    return {
        "stage": "segment",
        "axes": label_axes(task, volume),
        "task": task,
        "classes": attributes["classes"],
        "class_values": attributes["class_values"],
        "background": attributes.get("background"),
        "target": recipe.target,
        part: getattr(recipe, part).model_dump(mode="json"),
    }


def sample_label(
    stored: np.ndarray,
    size: tuple[int, ...],
    crop: Box | None,
    attributes: Mapping[str, Any],
    recipe: Model,
) -> dict[str, np.ndarray]:
    """Make the label of one sample from its probabilities.

    Parameters
    ----------
    stored : ndarray of float
        On the network's grid: (y, x, map) or (z, y, x, map); of whole images (class,).
    size : tuple of int
        Of the raw sample: (y, x) or (z, y, x); of whole images not used.
    crop : tuple of (int, int) or None
        The box of a raw volume that the maps cover.
    attributes : mapping
        Of the archive of probabilities: `task`, `classes`, `class_values`.
    recipe : Model
        Its `target`, `instances` and `decision`.

    Returns
    -------
    dict of ndarray
        ``label`` at the original size, see `segbench.instances.decoding.decode`. Of whole
        images ``label``, uint8 (1,), and ``probability``, float32 (class,).
    """
    task, classes, values = (attributes[key] for key in ("task", "classes", "class_values"))
    if task == "classification":
        probability = stored.astype(np.float32)
        label = decide(probability, classes, values, recipe.decision)
        return {"label": label, "probability": probability}

    def make(maps: np.ndarray) -> np.ndarray:
        return decode(maps, recipe.target, classes, values, recipe.instances, task)

    check_method(recipe.instances, recipe.target, classes, task, volume=len(size) == 3)
    return {"label": label_at_original_size(stored, size, crop, make)}


def _crop(record: Mapping[str, Any]) -> Box | None:
    crop = record.get("crop")
    return None if crop is None else tuple((int(first), int(stop)) for first, stop in crop)


def _original_size(maps: Archive, truths: ArchiveSet, sample: str, task: str) -> tuple[int, ...]:
    """Size of a sample's truth, checked against what the prediction recorded."""
    if sample not in truths:
        raise SegbenchError(
            f"{maps.path}: sample {sample!r} has no truth",
            "a truth for each predicted sample",
            "pass all truth shards of the dataset",
        )
    size = spatial(task, truths.shape(sample, "label"))
    recorded = maps.record(sample).get("original_size", list(size))
    if size and list(recorded) != list(size):
        was, now = (" x ".join(map(str, sides)) for sides in (recorded, size))
        raise SegbenchError(
            f"{maps.path}: sample {sample!r} was {was} px, its truth is {now}",
            "equal depths, heights and widths",
            "delete the archives and run the same command again",
        )
    return size
