"""The exploration of a dataset: its samples, truth and images to a summary and pictures."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from segbench.archives import ArchiveSet
from segbench.artefacts.appearance import write_appearance
from segbench.artefacts.samples import Sample, read_samples
from segbench.config.dataset import Dataset
from segbench.datasets import reader_of
from segbench.errors import SegbenchError
from segbench.exploration import plots, sheets
from segbench.exploration.appearance import group
from segbench.exploration.measure import measure_image, measure_label
from segbench.exploration.selection import kinds_of, spread, stable_order
from segbench.exploration.summary import Measured, channel_names, spacing_of, summarise
from segbench.files import write_text
from segbench.parallel import log_progress

log = logging.getLogger(__name__)

#: Number of images opened in larger datasets.
OPENED = 2000
#: Samples on the contact sheet.
SHEET = 24
#: Quantiles displayed as black and white where the dtype does not define them.
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
    raw, samples : path
        The publisher's tree; ``samples.tsv``.
    truth : sequence of path
        Archives of the labels at their original size; each label is read once.
    outputs : mapping of str to path
        ``summary`` (JSON), ``clusters`` (TSV: sample, cluster) and the `PICTURES`, of which
        ``sheet`` and ``appearance`` are PNG, the others SVG. The same input gives the same
        bytes.
    opened : int, optional
        Number of images to open at most, one at a time; chosen by a hash of their names.

    Returns
    -------
    int
        Number of opened images.

    Raises
    ------
    SegbenchError
        A file is damaged, or a sample has no truth or no raw file.
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
    features = {
        sample: image.colour
        for sample, image in measured.images.items()
        if np.isfinite(image.colour).all()
    }
    grouping = group(features, *limits)
    count = max((row.channels for row in rows), default=0)
    names = channel_names(count, {row.dtype for row in rows})
    summary = summarise(name, dataset.label_task, rows, measured, grouping, names)
    plots.draw_sizes(rows, name, outputs["sizes"])
    plots.draw_intensities(measured, names, name, outputs["intensities"])
    plots.draw_classes(summary, name, outputs["classes"])
    plots.draw_objects(rows, measured, name, outputs["objects"])
    sheets.draw_sheet([tiles[sample] for sample in on_sheet], name, outputs["sheet"])
    thumbnails = {sample: image.thumbnail for sample, image in measured.images.items()}
    shown = stable_order(grouping.clusters)
    sheets.draw_appearance(
        grouping.clusters, thumbnails, shown, limits, name, outputs["appearance"]
    )
    write_appearance(grouping.clusters, [row.sample for row in rows], outputs["clusters"])
    hidden = {
        "objects": not any(entry.get("objects") for entry in summary["classes"]),
        "appearance": len(summary["appearance"]["clusters"]) < 2,
    }
    summary["pictures"] = [[k, title] for k, title in PICTURES.items() if not hidden.get(k)]
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
        annotated = labels.record(row.sample).get("annotated", ())
        label = measure_label(labels.read(row.sample, "label"), labels.attributes, annotated)
        measured.add_label(label, None if spacing is None else math.prod(spacing))


def black_and_white(rows: Sequence[Sample], measured: Measured) -> tuple[float, float]:
    """The values displayed as black and white in the whole dataset.

    0 and 255 for 8 bits; else the quantiles `TAILS` of all sampled pixels, as 16-bit images
    rarely use their range. 0 and 255 also if no pixel has a value.
    """
    if not measured.images or {row.dtype for row in rows} == {"uint8"}:
        return 0.0, 255.0
    pooled = np.concatenate([image.values.ravel() for image in measured.images.values()])
    pooled = pooled[~np.isnan(pooled)]
    if not pooled.size:
        return 0.0, 255.0
    low, high = (float(v) for v in np.quantile(pooled, TAILS))
    return low, max(high, low + 1e-6)
