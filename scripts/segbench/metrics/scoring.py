"""The scoring stage: segmentations and truth in, tidy rows out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from segbench.arms import RUN_LABELS
from segbench.artefacts.folds import read_groups
from segbench.artefacts.scores import Score, write_scores
from segbench.errors import SegbenchError
from segbench.metrics.case import Value
from segbench.metrics.reading import Pairs
from segbench.metrics.registry import METRICS, PARTS, definition_id


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
        Some metrics also write their parts, see `segbench.metrics.registry.PARTS`. Metrics of
        stacks have a row for each stack.

    Raises
    ------
    SegbenchError
        An unknown metric, a metric that does not fit the task, no predictions, a
        prediction without truth, of another size, or with a label that is not a class;
        an unknown spacing, a stack without some of its slices, probabilities that are none, a
        sample that the folds do not have, a metric that writes other scores than it defines.
    """
    _check_request(metrics, empty, labels)
    run = {name: int(labels[name]) if name == "seed" else str(labels[name]) for name in RUN_LABELS}
    pairs = Pairs(segmentation, truth, read_groups(folds), empty)
    try:
        _check_task(metrics, pairs)
        rows = list(_values(pairs, metrics))
        _check_written(metrics, {value.metric for _, _, value in rows})
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
            for sample, group, value in rows
        )
        write_scores(run, scores, output)
    finally:
        pairs.close()


#: A row before it is labelled: sample or stack, its group, the value.
_Row = tuple[str, str, Value]
_Measure = Callable[..., Iterator[Any]]


def _values(pairs: Pairs, metrics: Sequence[str]) -> Iterator[_Row]:
    """All scores, those of samples first, then of stacks, then of the whole fold."""
    for per, score_all in (("sample", _of_samples), ("stack", _of_stacks), ("fold", _of_fold)):
        wanted = [METRICS[name].measure for name in metrics if METRICS[name].per == per]
        if wanted:
            yield from score_all(pairs, wanted)


def _of_samples(pairs: Pairs, wanted: Sequence[_Measure]) -> Iterator[_Row]:
    """Scores of masks and objects, a sample at a time; none of what was not annotated in it."""
    for sample in pairs.samples:
        case = pairs.case(sample)
        for measure in wanted:
            for value in measure(case):
                # With a weight of 0 it would be a case of a pool.
                nothing = Value(value.class_name, value.metric, math.nan)
                found = nothing if value.class_name in case.left_out else value
                yield sample, pairs.group(sample), found


def _of_stacks(pairs: Pairs, wanted: Sequence[_Measure]) -> Iterator[_Row]:
    """Scores of stacks of slices, a stack at a time; none of a class not annotated in it."""
    number = 0
    for stack, group, truth, prediction, classes in pairs.stacks():
        number += 1
        left_out = [name for name in pairs.classes if name not in classes]
        for measure in wanted:
            values = list(measure(truth, prediction, classes))
            by_class = dict.fromkeys(v.metric for v in values if v.class_name in classes)
            values += [Value(name, one, math.nan) for one in by_class for name in left_out]
            yield from ((stack, group, value) for value in values)
    if not number:
        raise SegbenchError(
            f"{pairs.path}: in none of its stacks was a class annotated",
            "a test set in which a class was annotated",
            "choose another protocol, or remove the metrics of stacks from the study",
        )


def _of_fold(pairs: Pairs, wanted: Sequence[_Measure]) -> Iterator[_Row]:
    """Scores of classified images, all at once."""
    predictions = pairs.predictions()
    for measure in wanted:
        for place, value in measure(predictions):
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
        tasks = METRICS[name].tasks
        if pairs.task not in tasks:
            raise SegbenchError(
                f"{pairs.path}: metric {name!r} for the task {pairs.task!r}",
                f"a dataset with task: {' or '.join(sorted(tasks))}",
                f"remove {name!r} from `metrics` in the study",
            )


def _check_written(metrics: Sequence[str], written: Set[str]) -> None:
    """Refuse metrics that write other scores than they define."""
    defined = {name for metric in metrics for name in (metric, *PARTS.get(metric, ()))}
    unknown, lacking = sorted(written - defined), sorted(set(metrics) - written)
    if unknown or lacking:
        wrong = [f"no metric defines the score {name!r}, which was written" for name in unknown]
        wrong += [f"the metric {name!r} wrote no score" for name in lacking]
        raise SegbenchError(
            "; ".join(wrong),
            f"scores called {', '.join(sorted(defined))}",
            "correct the name in `Value`, or name the definition in `parts` of the metric",
        )
