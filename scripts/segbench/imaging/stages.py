"""The stages that turn a shard of raw files into archives."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segbench.archives import ArchiveWriter
from segbench.chunks import Encoded, encode
from segbench.config.dataset import Dataset
from segbench.config.preprocessing import Preprocessing
from segbench.datasets import reader
from segbench.errors import SegbenchError
from segbench.imaging.prepare import check, prepare
from segbench.imaging.quantise import image_scale
from segbench.imaging.shard import ShardSample, read_label, shard_samples
from segbench.parallel import ordered_map

log = logging.getLogger(__name__)

Made = tuple[ShardSample, dict[str, Encoded], dict[str, Any]]


def write_truth(
    dataset: Dataset, raw: Path, samples: Path, inventory: Path, output: Path, threads: int = 1
) -> None:
    """Write the labels of one shard at their original size.

    Parameters
    ----------
    dataset : Dataset
    raw : Path
        The publisher's tree.
    samples, inventory : Path
        samples.tsv and the shard's manifest.
    output : Path
        ``*.zarr.zip`` with the array ``label`` (y, x): uint8 label map or uint16
        numbered objects.
    threads : int, optional
        The bytes written do not depend on it.

    Raises
    ------
    SegbenchError
        Naming the file that is damaged or does not fit.
    """
    source = reader(dataset.format)

    def make(item: ShardSample) -> Made:
        label = read_label(dataset, source, Path(raw), item)
        record: dict[str, Any] = {
            "source": item.raw.sample,
            "group": item.group,
            "split": item.split,
            "spacing_mm": None if item.spacing_mm is None else list(item.spacing_mm),
        }
        return item, encode({"label": label}), record

    attributes = {"stage": "truth", "axes": "yx", **_classes(dataset)}
    _write(list(shard_samples(dataset, raw, inventory, samples)), make, attributes, output, threads)


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
    dataset : Dataset
    recipe : Preprocessing
    raw : Path
        The publisher's tree.
    inventory, samples : Path
        The shard's manifest and samples.tsv.
    output : Path
        ``*.zarr.zip`` with ``image`` (y, x, channel) of `recipe.dtype` and ``label``
        (y, x); see `segbench.imaging.prepare`.
    threads : int, optional
        At most twice as many samples are in memory at a time. The bytes written do not
        depend on it.

    Raises
    ------
    SegbenchError
        Naming the file that is damaged or does not fit.
    """
    check(recipe)
    source = reader(dataset.format)

    def make(item: ShardSample) -> Made:
        image = source.read_image(Path(raw), item.raw)
        label = read_label(dataset, source, Path(raw), item)
        size = [int(side) for side in label.shape]
        try:
            image, label = prepare(image, label, recipe)
        except SegbenchError as error:
            # The steps know arrays, not files.
            what = f"{Path(raw) / item.raw.images[0]}: {error.what}"
            raise SegbenchError(what, error.expected, error.action) from error
        record: dict[str, Any] = {
            "source": item.raw.sample,
            "split": item.split,
            "original_size": size,
        }
        return item, encode({"image": image, "label": label}), record

    attributes = {
        "stage": "preprocess",
        "axes": "yxc",
        "image_scale": image_scale(recipe.dtype),
        # Its description is prose: rewording it must not change the archive.
        "recipe": recipe.model_dump(mode="json", exclude={"description"}),
        **_classes(dataset),
    }
    _write(list(shard_samples(dataset, raw, inventory, samples)), make, attributes, output, threads)


def _classes(dataset: Dataset) -> dict[str, Any]:
    return {
        "task": dataset.task,
        "classes": [c.name for c in dataset.classes],
        "class_values": [c.value for c in dataset.classes],
    }


def _write(
    items: list[ShardSample],
    make: Callable[[ShardSample], Made],
    attributes: dict[str, Any],
    output: Path,
    threads: int,
) -> None:
    """Make all items, in order, into one archive."""
    every = max(len(items) // 10, 1)
    with ArchiveWriter(output, attributes) as archive:
        for number, (item, arrays, record) in enumerate(ordered_map(make, items, threads), 1):
            archive.add_encoded(item.raw.sample, arrays, record)
            if number % every == 0 or number == len(items):
                log.info("%s: %d of %d samples", attributes["stage"], number, len(items))
