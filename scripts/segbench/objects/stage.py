"""The stages of objects: a run's segmentations measured, and what was measured described."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from segbench.archives import Archive, ArchiveSet, archive_digest
from segbench.artefacts.folds import read_groups
from segbench.artefacts.inventory import read_inventory
from segbench.config.dataset import Dataset
from segbench.datasets import reader_of
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes, sha256_of_file
from segbench.imaging.axes import spatial
from segbench.objects.nodes import ImageInfo, Origin
from segbench.objects.rdf import write_rdf
from segbench.objects.shacl import validate, write_report
from segbench.objects.table import join, measure, read_objects, write_objects
from segbench.unannotated import as_background


def task_of(label: np.ndarray, task: str) -> str:
    """What a predicted label holds, whatever the dataset's task: recipes number objects or not.

    Parameters
    ----------
    label : ndarray
        uint16: numbered objects. uint8: classes' values, or masks with a last axis.
    task : {"semantic", "overlapping", "instances"}
        Of the dataset.

    Examples
    --------
    >>> task_of(np.zeros((2, 2), np.uint16), "semantic")
    'instances'
    >>> task_of(np.zeros((2, 2), np.uint8), "instances")
    'semantic'
    """
    if label.dtype == np.uint16:
        return "instances"
    return "semantic" if task == "instances" else task


def measure_run(
    archives: Sequence[str | Path],
    dataset: Dataset,
    name: str,
    raw: str | Path,
    output: str | Path,
    source: str = "predicted",
) -> int:
    """Measure the objects of all samples of a run, or those that people drew.

    Parameters
    ----------
    archives : sequence of str or Path
        The run's segmentations; shards of the truth for manual objects.
    dataset : Dataset
        Says how its raw images are read; intensities are theirs.
    name : str
        Of the dataset, for the column `dataset`.
    raw : str or Path
        The publisher's tree.
    output : str or Path
        ``objects.parquet``.
    source : {"predicted", "manual"}

    Returns
    -------
    int
        Images that were handled.

    Raises
    ------
    SegbenchError
        The segmentations are of whole images, or a raw image is not there.
    """
    labels = ArchiveSet(archives)
    attributes = labels.attributes
    if attributes.get("task") == "classification":
        raise SegbenchError(
            f"{archives[0]}: objects of classified images",
            "segmentations",
            "leave the target `objects` to studies of segmentation",
        )
    classes = dict(zip(attributes["classes"], attributes["class_values"], strict=True))
    reader = reader_of(dataset)
    known = {one.sample: one for one in reader.scan(Path(raw))}
    frames = []
    for sample in labels.ids:
        record = labels.record(sample)
        image = known.get(record.get("source", sample))
        if image is None:
            raise SegbenchError(
                f"{archives[0]}: sample {sample!r} is not in {raw}",
                "the raw image of each segmentation",
                "run the same command again; the raw files changed",
            )
        label = as_background(labels.read(sample, "label"))
        frames.append(
            measure(
                label,
                reader.read_image(Path(raw), image),
                classes,
                attributes["task"] if source == "manual" else task_of(label, attributes["task"]),
                record.get("spacing_mm"),
                sample,
                dataset=name,
                source=source,
            )
        )
    write_objects(join(frames), output)
    return len(frames)


def describe_run(
    table: str | Path,
    archives: Sequence[str | Path],
    models: Sequence[str | Path],
    folds: str | Path | None,
    about: Mapping[str, str],
    labels: Mapping[str, str | int],
    outputs: Mapping[str, str | Path],
    source: str = "predicted",
) -> int:
    """Describe a run's objects in RDF and check the description.

    Parameters
    ----------
    table : str or Path
        From `measure_run`.
    archives : sequence of str or Path
        What was measured: which images there are, and the digest of them all.
    models : sequence of str or Path
        The networks that predicted; none for manual objects.
    folds : str or Path or None
        `folds.tsv`, which names the groups of the samples; None: they have none.
    about : mapping
        ``title``, ``licence`` and ``citation`` of the dataset.
    labels : mapping
        dataset, preprocessing, augmentation, model, seed, protocol, fold of the run; for
        manual objects dataset alone.
    outputs : mapping of str to str or Path
        ``turtle``, ``jsonld``, ``report``.
    source : {"predicted", "manual"}

    Returns
    -------
    int
        Regions that were described.

    Raises
    ------
    SegbenchError
        The description does not conform; the ROI and the constraint are named.
    """
    samples = ArchiveSet(archives)
    groups = {} if folds is None else read_groups(folds)
    images = []
    for sample in samples.ids:
        size = spatial(samples.attributes["task"], samples.shape(sample, "label"))
        spacing = samples.record(sample).get("spacing_mm")
        known = None if spacing is None else tuple(spacing)
        images.append(ImageInfo(sample, size, known, groups.get(sample, "")))
    parts = [archive_digest(path) for path in archives]
    origin = Origin(
        dataset=str(labels["dataset"]),
        title=about["title"],
        licence=about["licence"],
        citation=about["citation"],
        run=run_name(labels),
        digest=sha256_of_bytes(json.dumps(parts).encode()),
        models={Path(*Path(path).parts[-2:]).as_posix(): sha256_of_file(path) for path in models},
    )
    regions = read_objects(table)
    write_rdf(regions, images, origin, outputs["turtle"], outputs["jsonld"], source=source)
    report = validate(outputs["turtle"])
    write_report(report, outputs["report"])
    return report.rois


def run_name(labels: Mapping[str, str | int]) -> str:
    """The name of a run in IRIs.

    Parameters
    ----------
    labels : mapping
        See `describe_run`.

    Examples
    --------
    >>> run_name({"dataset": "kidney_nuclei"})
    'kidney_nuclei/manual'
    """
    if set(labels) == {"dataset"}:
        return f"{labels['dataset']}/manual"
    return (
        "{dataset}/prep-{preprocessing}/aug-{augmentation}/{model}/seed-{seed}/{protocol}/"
        "fold-{fold}"
    ).format(**labels)


def raw_digest(segmentation: str | Path, manifests: Iterable[str | Path]) -> str:
    """Digest of the raw files of the samples that were segmented, and of no others.

    Parameters
    ----------
    manifests : iterable of str or Path
        Of all shards of the dataset.
    """
    with Archive(segmentation) as archive:
        wanted = {archive.record(sample).get("source", sample) for sample in archive.ids}
    files = [
        (file.sample, file.path, file.sha256)
        for manifest in manifests
        for file in read_inventory(manifest)
        if file.sample in wanted
    ]
    return sha256_of_bytes(json.dumps(sorted(files)).encode())
