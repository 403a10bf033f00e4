"""The stage: a dataset's sheet, truth and images to a summary, a table and pictures."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from segbench.archives import ArchiveSet
from segbench.artefacts.appearance import write_appearance
from segbench.artefacts.samples import Sample, read_samples
from segbench.config.dataset import Dataset
from segbench.datasets import reader_of
from segbench.errors import SegbenchError
from segbench.exploration import plots, sheets
from segbench.exploration.appearance import Grouping, group
from segbench.exploration.measure import measure_image, measure_label
from segbench.exploration.selection import kinds_of, spread, stable_order
from segbench.exploration.summary import Measured, channel_names, spacing_of, summarise
from segbench.files import write_text
from segbench.parallel import log_progress

log = logging.getLogger(__name__)

#: Number of images opened of larger datasets.
OPENED = 2000
#: Samples on the contact sheet.
SHEET = 24
#: Shares of pixels below black and above white, where the dtype does not say what these are.
TAILS = (0.005, 0.995)

#: Pictures that the stage draws, and their titles.
PICTURES = {
    "sizes": "Sizes and groups",
    "intensities": "Intensities",
    "classes": "Balance of the classes",
    "objects": "Objects",
    "appearance": "Images by appearance",
    "sheet": "Samples with their labels",
}


def explore(
    name: str,
    dataset: Dataset,
    raw: str | Path,
    samples: str | Path,
    truth: Sequence[str | Path],
    outputs: Mapping[str, str | Path],
    opened: int = OPENED,
) -> int:
    """Describe a dataset: in numbers, as groups by appearance, in pictures.

    Parameters
    ----------
    name : str
        Of the dataset.
    dataset : Dataset
        Format, task, classes.
    raw : str or Path
        The publisher's tree.
    samples : str or Path
        ``samples.tsv``.
    truth : sequence of Path
        Archives of the labels at their original size; each label is read once.
    outputs : mapping of str to Path
        ``summary`` (JSON), ``clusters`` (TSV: sample, cluster) and the pictures named in
        `PICTURES`, of which ``sheet`` and ``appearance`` are PNG, the others SVG. The same
        input gives the same bytes.
    opened : int, optional
        Images that are opened at most, each once and one at a time; chosen by a hash of
        their names.

    Returns
    -------
    int
        Number of images that were opened.

    Raises
    ------
    SegbenchError
        A file is damaged, or a sample of the sheet has no truth or no raw file.
    """
    rows = read_samples(samples)
    labels = ArchiveSet(truth)
    missing = [row.sample for row in rows if row.sample not in labels]
    if missing:
        raise SegbenchError(
            f"{samples}: sample {missing[0]!r} is in no archive of the truth",
            "the truth of all samples",
            "delete the truth's archives and run the same command again",
        )
    on_sheet = spread(kinds_of(rows), SHEET)
    first = dict.fromkeys([*on_sheet, *stable_order(row.sample for row in rows)])
    order = list(first)[: max(opened, len(on_sheet))]
    measured = Measured([str(c) for c in labels.attributes.get("classes", ())])
    tiles = _open_images(dataset, Path(raw), order, set(on_sheet), labels, measured)
    _read_labels(rows, labels, measured)
    limits = black_and_white(rows, measured)
    features = {sample: image.colour for sample, image in measured.images.items()}
    grouping = group(features, *limits)
    count = max((row.channels for row in rows), default=0)
    names = channel_names(count, {row.dtype for row in rows})
    summary = summarise(name, dataset.label_task, rows, measured, grouping, names)
    _draw(summary, rows, measured, grouping, names, limits, tiles, on_sheet, outputs)
    write_appearance(grouping.clusters, [row.sample for row in rows], outputs["clusters"])
    shown = [key for key in PICTURES if _tells_something(key, summary)]
    summary["pictures"] = [[key, PICTURES[key]] for key in shown]
    text = json.dumps(summary, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_text(outputs["summary"], text + "\n")
    return len(order)


def _open_images(
    dataset: Dataset,
    raw: Path,
    order: Sequence[str],
    on_sheet: set[str],
    labels: ArchiveSet,
    measured: Measured,
) -> dict[str, sheets.Tile]:
    """Decode each image once, holding one at a time in memory."""
    source = reader_of(dataset)
    wanted = set(order)
    found = {item.sample: item for item in source.scan(raw) if item.sample in wanted}
    tiles = {}
    for number, sample in enumerate(order, start=1):
        if sample not in found:
            raise SegbenchError(
                f"{raw}: sample {sample!r} is not there any more",
                "the raw tree of which samples.tsv was made",
                "run the same command again",
            )
        image = source.read_image(raw, found[sample])
        measured.images[sample] = measure_image(image)
        if sample in on_sheet:
            label = labels.read(sample, "label")
            tiles[sample] = sheets.make_tile(sample, image, label, labels.attributes)
        log_progress(log, "explore: %d of %d images", number, len(order))
    return tiles


def _read_labels(rows: Sequence[Sample], labels: ArchiveSet, measured: Measured) -> None:
    for row in rows:
        spacing = spacing_of(row)
        label = measure_label(labels.read(row.sample, "label"), labels.attributes)
        measured.add_label(label, None if spacing is None else math.prod(spacing))


def black_and_white(rows: Sequence[Sample], measured: Measured) -> tuple[float, float]:
    """The values that are shown as black and white in a whole dataset.

    Parameters
    ----------
    rows : sequence of Sample
    measured : Measured
        Its images.

    Returns
    -------
    (float, float)
        0 and 255 for 8 bits; else the values below and above which `TAILS` of the pixels
        lie: 16-bit images rarely use their range.
    """
    if not measured.images or {row.dtype for row in rows} == {"uint8"}:
        return 0.0, 255.0
    pooled = np.concatenate([image.values.ravel() for image in measured.images.values()])
    low, high = (float(v) for v in np.nanquantile(pooled, TAILS))
    return low, max(high, low + 1e-6)


def _tells_something(picture: str, summary: Mapping[str, Any]) -> bool:
    """Whether a picture is worth showing."""
    if picture == "objects":
        return any(entry.get("objects") for entry in summary["classes"])
    if picture == "appearance":
        return len(summary["appearance"]["clusters"]) > 1
    return True


def _draw(
    summary: Mapping[str, Any],
    rows: Sequence[Sample],
    measured: Measured,
    grouping: Grouping,
    names: Sequence[str],
    limits: tuple[float, float],
    tiles: Mapping[str, sheets.Tile],
    on_sheet: Sequence[str],
    outputs: Mapping[str, str | Path],
) -> None:
    title = summary["dataset"]
    plots.draw_sizes(rows, title, outputs["sizes"])
    plots.draw_intensities(measured, names, title, outputs["intensities"])
    plots.draw_classes(summary, title, outputs["classes"])
    plots.draw_objects(rows, measured, title, outputs["objects"])
    sheets.draw_sheet([tiles[s] for s in on_sheet], title, outputs["sheet"])
    thumbnails = {sample: image.thumbnail for sample, image in measured.images.items()}
    order = stable_order(grouping.clusters)
    sheets.draw_appearance(
        grouping.clusters, thumbnails, order, limits, title, outputs["appearance"]
    )
