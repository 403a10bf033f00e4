"""The scoring stage: segmentations and truth in, tidy rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import numpy as np

from segbench.archives import Archive, ArchiveSet
from segbench.definitions import EmptyPolicy, definition_id
from segbench.errors import SegbenchError
from segbench.files import atomic_path
from segbench.metrics.registry import METRICS, OBJECT_METRICS, Case

#: What identifies the arm that made a segmentation.
LABELS = ("dataset", "preprocessing", "augmentation", "model", "seed", "protocol", "fold")
#: Columns of the scores, in the order in which rows are sorted.
COLUMNS = (*LABELS, "sample", "group", "class", "metric", "definition", "value")


def score(
    segmentation: str | Path,
    truth: Sequence[str | Path],
    metrics: Sequence[str],
    empty: str,
    labels: Mapping[str, str | int],
    output: str | Path,
) -> None:
    """Score every sample of a segmentation archive at its original size.

    Parameters
    ----------
    segmentation : str or Path
        Archive with an array ``label`` (y, x) a sample.
    truth : sequence of str or Path
        Shards of the truth; they may hold more samples than are scored.
    metrics : sequence of str
        Names from `METRICS`.
    empty : {"exclude", "one", "zero"}
        What a class scores that is neither in the truth nor in the prediction. It
        is part of the definition's id; exclude writes NaN.
    labels : mapping
        dataset, preprocessing, augmentation, model, seed (int), protocol, fold.
    output : str or Path
        Parquet, one row a sample, class and metric; see `COLUMNS`. `dsb_map` also
        writes its parts, ``dsb_ap@0.50`` to ``dsb_ap@0.95``.

    Raises
    ------
    SegbenchError
        An unknown metric, a metric that does not fit the task, no predictions, a
        prediction without truth, of another size, or with a label that is not a class.
    """
    _check_request(metrics, empty, labels)
    rows: list[tuple[Any, ...]] = []
    head = tuple(int(labels[n]) if n == "seed" else str(labels[n]) for n in LABELS)
    with Archive(segmentation) as predicted:
        truths = ArchiveSet(truth)
        _check_task(metrics, truths, segmentation)
        if not predicted.ids:
            raise SegbenchError(
                f"{segmentation}: no samples",
                "a prediction for each sample of the test set",
                "look into the log of the prediction",
            )
        for sample in sorted(predicted.ids):
            case = _case(sample, predicted, truths, empty)
            tail = (sample, _group(truths, sample, segmentation))
            for name in metrics:
                for value in METRICS[name](case):
                    identifier = definition_id(value.metric, empty)
                    rows.append(
                        (*head, *tail, value.class_name, value.metric, identifier, value.value)
                    )
    write_scores(rows, output)


def write_scores(rows: Sequence[tuple[Any, ...]], output: str | Path) -> None:
    """Write tidy rows as Parquet: sorted, without pandas' metadata, the same bytes again.

    Parameters
    ----------
    rows : sequence of tuple
        In the order of `COLUMNS`.
    output : str or Path
        The file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"seed": pa.int64(), "value": pa.float64()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
    ordered = sorted(rows, key=lambda row: row[:-1])
    table = pa.table(
        {name: [row[n] for row in ordered] for n, name in enumerate(COLUMNS)}, schema=schema
    )
    with atomic_path(output) as beside:
        pq.write_table(table, beside, compression="zstd")


def _check_request(metrics: Sequence[str], empty: str, labels: Mapping[str, str | int]) -> None:
    """Refuse what no segmentation could answer."""
    for name in metrics:
        if name not in METRICS:
            near = get_close_matches(name, METRICS, n=1)
            raise SegbenchError(
                f"metric {name!r} is unknown" + (f"; did you mean {near[0]!r}?" if near else ""),
                f"one of {', '.join(METRICS)}",
                "correct `metrics` in the study",
            )
        definition_id(name, empty)
    if not metrics or len(set(metrics)) != len(metrics):
        raise SegbenchError(
            f"metrics are {list(metrics)}",
            "at least one metric, each once",
            "correct `metrics` in the study",
        )
    missing = [name for name in LABELS if name not in labels]
    if missing:
        raise SegbenchError(
            f"label {missing[0]!r} of the scores is missing",
            f"values for {', '.join(LABELS)}",
            "pass it from the rule",
        )


def _check_task(metrics: Sequence[str], truths: ArchiveSet, segmentation: str | Path) -> None:
    """Refuse metrics of objects where there are none."""
    task = truths.attributes.get("task")
    for name in metrics:
        if name in OBJECT_METRICS and task != "instances":
            raise SegbenchError(
                f"{segmentation}: metric {name!r} for the task {task!r}",
                "numbered objects, i.e. a dataset with task: instances",
                f"remove {name!r} from `metrics` in the study",
            )


def _case(sample: str, predicted: Archive, truths: ArchiveSet, empty: str) -> Case:
    """Read truth and prediction of one sample and check that they fit."""
    if sample not in truths:
        raise SegbenchError(
            f"{predicted.path}: sample {sample!r} has no truth",
            "a prediction for samples of the dataset only",
            "pass all truth shards, or predict again",
        )
    if not predicted.has(sample, "label"):
        raise SegbenchError(
            f"{predicted.path}: sample {sample!r} has no prediction",
            "an array `label` a sample",
            "delete the file and run the same command again",
        )
    sizes = truths.shape(sample, "label"), predicted.shape(sample, "label")
    if sizes[0] != sizes[1]:
        raise SegbenchError(
            f"{predicted.path}: sample {sample!r} has size {_size(sizes[1])}, its truth "
            f"{_size(sizes[0])}",
            "predictions at the original size",
            "delete the file and run the same command again",
        )
    attributes = truths.attributes
    classes = dict(zip(attributes["classes"], attributes["class_values"], strict=True))
    case = Case(
        truths.read(sample, "label"),
        predicted.read(sample, "label"),
        attributes["task"],
        classes,
        cast(EmptyPolicy, empty),
    )
    if case.task == "semantic":
        _check_labels(sample, case.prediction, classes, str(predicted.path))
        _check_labels(sample, case.truth, classes, "the truth")
    return case


def _check_labels(sample: str, labels: np.ndarray, classes: Mapping[str, int], where: str) -> None:
    """Refuse a label map with a value that is no class."""
    present = np.flatnonzero(np.bincount(labels.ravel()))
    unknown = sorted(set(present.tolist()) - {0, *classes.values()})
    if unknown:
        raise SegbenchError(
            f"{where}: sample {sample!r} holds the label {unknown[0]}",
            f"0 or one of {sorted(classes.values())}",
            "name the class in the dataset's config",
        )


def _group(truths: ArchiveSet, sample: str, segmentation: str | Path) -> str:
    group = truths.record(sample).get("group")
    if not isinstance(group, str) or not group:
        raise SegbenchError(
            f"{segmentation}: the truth of sample {sample!r} names no group",
            "a group in the truth's record",
            "delete the truth's archives and run the same command again",
        )
    return group


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
