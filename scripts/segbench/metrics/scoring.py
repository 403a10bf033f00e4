"""The scoring stage: segmentations and truth in, tidy rows out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from segbench.arms import RUN_LABELS
from segbench.artefacts.folds import read_groups
from segbench.artefacts.scores import Score, write_scores
from segbench.definitions import definition_id
from segbench.errors import SegbenchError
from segbench.metrics.case import Value
from segbench.metrics.classification import SetMetric
from segbench.metrics.reading import Pairs
from segbench.metrics.registry import (
    MASK_METRICS,
    METRICS,
    OBJECT_METRICS,
    SET_METRICS,
    STACK_METRICS,
    CaseMetric,
    tasks_of,
)
from segbench.metrics.stacks import StackMetric


def score(
    segmentation: str | Path,
    truth: Sequence[str | Path],
    folds: str | Path,
    metrics: Sequence[str],
    empty: str,
    labels: Mapping[str, str | int],
    output: str | Path,
) -> None:
    """Score every sample of a segmentation archive at its original size.

    Parameters
    ----------
    segmentation : str or Path
        Archive with an array ``label`` a sample: a label map or numbered objects (y, x) or
        (z, y, x), masks (..., class), or a class (1,) beside ``probability`` (class,).
    truth : sequence of str or Path
        Shards of the truth; they may hold more samples than are scored.
    folds : str or Path
        `folds.tsv`, which names the group of each sample.
    metrics : sequence of str
        Names from `METRICS`.
    empty : {"exclude", "one", "zero"}
        What a class scores that is neither in the truth nor in the prediction. It
        is part of the definition's id; exclude writes NaN.
    labels : mapping
        The `RUN_LABELS`; seed is an int.
    output : str or Path
        Parquet, one row for each sample, class and metric; see `segbench.artefacts.scores`.
        Some metrics also write their parts, see `segbench.definitions.PARTS`. Metrics of stacks
        have a row for each stack.

    Raises
    ------
    SegbenchError
        An unknown metric, a metric that does not fit the task, no predictions, a
        prediction without truth, of another size, or with a label that is not a class;
        an unknown spacing, a stack without some of its slices, probabilities that are none, a
        sample that the folds do not have.
    """
    _check_request(metrics, empty, labels)
    run = {name: int(labels[name]) if name == "seed" else str(labels[name]) for name in RUN_LABELS}
    pairs = Pairs(segmentation, truth, read_groups(folds), empty)
    try:
        _check_task(metrics, pairs)
        scores = (
            Score(
                sample,
                group,
                value.class_name,
                value.metric,
                definition_id(value.metric, empty),
                value.weight,
                value.value,
            )
            for sample, group, value in _values(pairs, metrics)
        )
        write_scores(run, scores, output)
    finally:
        pairs.close()


def _values(pairs: Pairs, metrics: Sequence[str]) -> Iterator[tuple[str, str, Value]]:
    """All scores: sample or stack, its group, value."""
    of_cases = {**MASK_METRICS, **OBJECT_METRICS}
    yield from _of_cases(pairs, [of_cases[name] for name in metrics if name in of_cases])
    yield from _of_stacks(pairs, [STACK_METRICS[n] for n in metrics if n in STACK_METRICS])
    yield from _of_sets(pairs, [SET_METRICS[name] for name in metrics if name in SET_METRICS])


def _of_cases(pairs: Pairs, wanted: Sequence[CaseMetric]) -> Iterator[tuple[str, str, Value]]:
    """Scores of masks and objects, a sample at a time."""
    for sample in pairs.samples if wanted else ():
        case = pairs.case(sample)
        for metric in wanted:
            for value in metric(case):
                yield sample, pairs.group(sample), value


def _of_stacks(pairs: Pairs, wanted: Sequence[StackMetric]) -> Iterator[tuple[str, str, Value]]:
    """Scores of stacks of slices, a stack at a time."""
    for stack, group, truth, prediction in pairs.stacks() if wanted else ():
        for metric in wanted:
            for value in metric(truth, prediction, tuple(pairs.classes)):
                yield stack, group, value


def _of_sets(pairs: Pairs, wanted: Sequence[SetMetric]) -> Iterator[tuple[str, str, Value]]:
    """Scores of classified images, all at once."""
    if not wanted:
        return
    predictions = pairs.predictions()
    for metric in wanted:
        for place, value in metric(predictions):
            yield pairs.samples[place], pairs.group(pairs.samples[place]), value


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
    missing = [name for name in RUN_LABELS if name not in labels]
    if missing:
        raise SegbenchError(
            f"label {missing[0]!r} of the scores is missing",
            f"values for {', '.join(RUN_LABELS)}",
            "pass it from the rule",
        )


def _check_task(metrics: Sequence[str], pairs: Pairs) -> None:
    """Refuse metrics of objects where there are none, and the like."""
    for name in metrics:
        if pairs.task not in tasks_of(name):
            raise SegbenchError(
                f"{pairs.path}: metric {name!r} for the task {pairs.task!r}",
                f"a dataset with task: {' or '.join(sorted(tasks_of(name)))}",
                f"remove {name!r} from `metrics` in the study",
            )
