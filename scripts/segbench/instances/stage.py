"""The segmentation stage: probabilities in, label maps or objects at the original size out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segbench.archives import Archive, ArchiveSet, ArchiveWriter
from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.imaging.inverse import to_original
from segbench.instances.decoding import decode
from segbench.instances.targets import map_names


def segment(
    probability: str | Path, truth: Sequence[str | Path], recipe: Model, output: str | Path
) -> None:
    """Turn each sample's probability maps into its label, at the original size.

    Parameters
    ----------
    probability : str or Path
        Archive with an array ``probability`` (y, x, map) a sample, on the network's grid.
    truth : sequence of str or Path
        Truth shards: they say how large each sample is and which group it belongs to.
        Their pixels are not read.
    recipe : Model
        Its `target` and `instances`.
    output : str or Path
        Archive with an array ``label`` (y, x) a sample: uint8 label map (method none) or
        uint16 numbered objects. Records are those of the truth.

    Raises
    ------
    SegbenchError
        If the maps are not those of the recipe's target, a sample has no truth, or its
        recorded size is not the truth's.

    Notes
    -----
    The maps are interpolated first and thresholded then: outlines are smooth at the
    original size, not staircases. One sample is in memory at a time.
    """
    truths = ArchiveSet(truth)
    with Archive(probability) as maps:
        attributes = maps.attributes
        classes, values = attributes["classes"], attributes["class_values"]
        if attributes["maps"] != map_names(recipe.target, classes):
            raise SegbenchError(
                f"{probability}: holds the maps {', '.join(attributes['maps'])}",
                f"those of target {recipe.target!r}: "
                f"{', '.join(map_names(recipe.target, classes))}",
                "predict again with this model recipe",
            )
        written = {
            "stage": "segment",
            "axes": "yx",
            "task": attributes["task"],
            "classes": classes,
            "class_values": values,
            "target": recipe.target,
            "instances": recipe.instances.model_dump(mode="json"),
        }
        with ArchiveWriter(output, written) as writer:
            for sample in sorted(maps.ids):
                size = _original_size(maps, truths, sample)
                stored = maps.read(sample, "probability").astype(np.float32)
                label = decode(
                    to_original(stored, size), recipe.target, classes, values, recipe.instances
                )
                writer.add(sample, {"label": label}, truths.record(sample))


def _original_size(maps: Archive, truths: ArchiveSet, sample: str) -> tuple[int, int]:
    """Height and width of a sample's truth, checked against what the prediction recorded."""
    if sample not in truths:
        raise SegbenchError(
            f"{maps.path}: sample {sample!r} has no truth",
            "a truth for each predicted sample",
            "pass all truth shards of the dataset",
        )
    height, width = truths.shape(sample, "label")
    recorded = maps.record(sample).get("original_size", [height, width])
    if list(recorded) != [height, width]:
        raise SegbenchError(
            f"{maps.path}: sample {sample!r} was {recorded[0]} x {recorded[1]} px, its truth is "
            f"{height} x {width}",
            "equal heights and widths",
            "delete the archives and run the same command again",
        )
    return height, width
