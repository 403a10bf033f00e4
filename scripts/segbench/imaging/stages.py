"""The stages that turn a shard of raw files into archives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from segbench.archives import ArchiveWriter
from segbench.artefacts.samples import read_samples
from segbench.chunks import Encoded, encode
from segbench.config.dataset import Dataset
from segbench.config.preprocessing import Preprocessing
from segbench.datasets import reader_of
from segbench.datasets.labels import present_classes, read_label
from segbench.datasets.mixture import check_mixture
from segbench.errors import SegbenchError
from segbench.imaging.axes import image_axes, label_axes, spatial
from segbench.imaging.neighbours import Neighbours, Slice, in_order
from segbench.imaging.pixel_values import image_scale
from segbench.imaging.prepare import Prepared, prepare_image, prepare_label, prepare_sample
from segbench.imaging.recipe_checks import check
from segbench.imaging.remarks import Remarks
from segbench.imaging.shard import ShardSample, shard_samples
from segbench.parallel import log_progress, ordered_map
from segbench.unannotated import unannotated

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodedSample:
    """One sample, compressed, ready to be written."""

    item: ShardSample
    arrays: dict[str, Encoded]
    record: dict[str, Any]
    volume: bool


def write_truth(
    dataset: Dataset, raw: Path, samples: Path, inventory: Path, output: Path, threads: int = 1
) -> None:
    """Write the labels of one shard at their original size.

    Parameters
    ----------
    raw : Path
        The publisher's tree.
    samples, inventory : Path
        samples.tsv and the shard's manifest.
    output : Path
        ``*.zarr.zip`` with the array ``label``, see `segbench.datasets.labels.read_label`. The
        records carry the affine of files that have one.
    threads : int, optional
        The bytes written do not depend on it.

    Raises
    ------
    SegbenchError
        Naming the file that is damaged or does not fit.
    """
    raw, source = Path(raw), reader_of(dataset)

    def make(item: ShardSample) -> EncodedSample:
        label = read_label(dataset, source, raw, item.raw)
        volume = len(spatial(dataset.label_task, label.shape)) == 3
        spacing, affine = item.spacing_mm, source.affine(raw, item.raw)
        record = {
            "spacing_mm": None if spacing is None else list(spacing),
            **_common(item, dataset),
        }
        if affine is not None:  # voxels (x, y, z, 1) to millimetres
            record["affine"] = np.asarray(affine, np.float64).tolist()
        return EncodedSample(item, encode({"label": label}, volume), record, volume)

    def attributes(volume: bool) -> dict[str, Any]:
        axes = label_axes(dataset.label_task, volume)
        return {"stage": "truth", "axes": axes, **_classes(dataset)}

    items = list(shard_samples(dataset, raw, inventory, samples))
    _write(items, make, attributes, output, threads)


def preprocess_shard(
    dataset: Dataset,
    recipe: Preprocessing,
    raw: Path,
    inventory: Path,
    samples: Path,
    output: Path,
    threads: int = 1,
) -> None:
    """Prepare the images and labels of one shard.

    Parameters
    ----------
    raw : Path
        The publisher's tree.
    inventory, samples : Path
        The shard's manifest and samples.tsv.
    output : Path
        ``*.zarr.zip`` with ``image`` (y, x, channel) or (z, y, x, channel) of `recipe.dtype`
        and ``label`` of the same size; see `segbench.imaging.prepare`. The records hold what
        the inverse needs: original size and crop; whether pixels were not annotated, and of a
        label map the annotated classes, unless these are all.
    threads : int, optional
        At most twice as many samples are in memory at a time. The bytes written do not
        depend on it.

    Raises
    ------
    SegbenchError
        Naming the file that is damaged or does not fit.
    """
    check(recipe)
    raw, source = Path(raw), reader_of(dataset)
    check_mixture(
        read_samples(samples, allow_empty=True),
        keeps_channels=recipe.channels == "all",
        keeps_scale=recipe.normalise == "none",
    )
    items, remarks = list(shard_samples(dataset, raw, inventory, samples)), Remarks()

    def make_slice(item: ShardSample) -> Slice:
        image = source.read_image(raw, item.raw)
        with _naming(raw, item), remarks.on(item.raw.sample) as found:
            return prepare_image(image, recipe, found), image.shape

    around = None
    if recipe.neighbours:
        items = in_order(items)
        around = Neighbours(items, make_slice, recipe.neighbours, threads)

    def make(item: ShardSample) -> EncodedSample:
        label = read_label(dataset, source, raw, item.raw)
        if around is not None:
            with _naming(raw, item):
                image, shape = around.image(item)
                found = Prepared(image, prepare_label(label, shape, recipe), shape[:2])
        else:
            image = source.read_image(raw, item.raw)
            with _naming(raw, item), remarks.on(item.raw.sample) as noted:
                found = prepare_sample(image, label, recipe, item.spacing_mm, noted)
        return _encoded(item, found, dataset)

    def attributes(volume: bool) -> dict[str, Any]:
        return {
            "stage": "preprocess",
            "axes": image_axes(volume),
            "image_scale": image_scale(recipe.dtype),
            # Its description is prose: rewording it must not change the archive.
            "recipe": recipe.model_dump(mode="json", exclude={"description"}),
            **_classes(dataset),
        }

    _write(items, make, attributes, output, threads)
    remarks.warn(len(items))


def _encoded(item: ShardSample, found: Prepared, dataset: Dataset) -> EncodedSample:
    """A prepared sample with its record."""
    record = {
        **_common(item, dataset),
        "original_size": list(found.size),
        "classes": present_classes(dataset, found.label),
    }
    if found.crop is not None:
        record["crop"] = [list(pair) for pair in found.crop]
    if unannotated(found.label).any():
        record["ignored"] = True
    volume = found.image.ndim == 4
    arrays = encode({"image": found.image, "label": found.label}, volume)
    return EncodedSample(item, arrays, record, volume)


@contextmanager
def _naming(raw: Path, item: ShardSample) -> Iterator[None]:
    """Name the image file: the steps know arrays, not files."""
    try:
        yield
    except SegbenchError as error:
        path = str(raw / item.raw.images[0])
        what = error.what if str(raw) in error.what else f"{path}: {error.what}"
        raise SegbenchError(what, error.expected, error.action) from error


def _common(item: ShardSample, dataset: Dataset) -> dict[str, Any]:
    """What the records of both stages hold.

    In a label map nothing else says which classes were annotated; in masks these are marked.

    Not the spacing: trainings depend on the preprocessed records, and a spacing that the
    recipe does not use must not cause another training.
    """
    record = {
        "source": item.raw.sample,
        "split": item.split,
        "stack": item.raw.stack,
        "position": item.raw.position,
    }
    partly = any(one.name not in item.raw.annotated for one in dataset.classes)
    if item.raw.annotated and partly and dataset.label_task == "semantic":
        record["annotated"] = list(item.raw.annotated)
    return record


def _classes(dataset: Dataset) -> dict[str, Any]:
    return {
        "task": dataset.label_task,
        "classes": list(dataset.label_classes),
        "class_values": list(dataset.label_classes.values()),
        "background": dataset.scored_background,
    }


def _write(
    items: Sequence[ShardSample],
    make: Callable[[ShardSample], EncodedSample],
    attributes: Callable[[bool], dict[str, Any]],
    output: Path,
    threads: int,
) -> None:
    """Write all items, in order; all images or all volumes, as the first is."""
    made = ordered_map(make, items, threads)
    first = next(made, None)
    written = attributes(first is not None and first.volume)
    with ArchiveWriter(output, written) as archive:
        for number, one in enumerate(chain([first] if first else [], made), 1):
            assert first is not None
            if one.volume != first.volume:
                kinds = ("an image", "a volume")
                raise SegbenchError(
                    f"sample {one.item.raw.sample!r} is {kinds[one.volume]}, "
                    f"{first.item.raw.sample!r} is {kinds[first.volume]}",
                    "images only or volumes only in a dataset",
                    "make two datasets of them",
                )
            archive.add_encoded(one.item.raw.sample, one.arrays, one.record)
            log_progress(log, f"{written['stage']}: %d of %d samples", number, len(items))
