"""The samples of an arm that are worth a look: best, median and worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, isfinite, nan
from pathlib import Path

from segbench.artefacts.scores import read_run
from segbench.config.study import Study
from segbench.metrics.registry import define, definition_id

#: Used if no metric of the study has scores of single samples.
FALLBACKS = ("dice", "iou", "dice_pooled", "iou_pooled", "dsb_map")


@dataclass(frozen=True)
class Ranked:
    """One sample of an arm with its score.

    Attributes
    ----------
    rank : {"best", "median", "worst", "example"}
        Its place in the arm; an example has no score (NaN) and names no group.
    segmentation : int
        Number of the segmentation archive that holds it.
    """

    rank: str
    sample: str
    group: str
    value: float
    definition: str
    segmentation: int


#: Sample -> its group, and (value, number of the archive) for each of its predictions.
_Values = dict[str, tuple[str, list[tuple[float, int]]]]


def _values_by_definition(
    scores: Sequence[str | Path], samples: Sequence[set[str]]
) -> dict[str, _Values]:
    """Values of single samples by definition: means over the classes, without excluded ones."""
    found: dict[str, dict[tuple[str, str, int], list[float]]] = {}
    for number, (path, known) in enumerate(zip(scores, samples, strict=True)):
        table = read_run(path).table.select(["sample", "group", "definition", "value"])
        for sample, group, definition, value in zip(*table.to_pydict().values(), strict=True):
            # Scores of whole stacks have no sample of that name.
            if sample in known and isfinite(value):
                keys = found.setdefault(definition, {})
                keys.setdefault((sample, group or "", number), []).append(value)
    means: dict[str, _Values] = {}
    for definition, keys in found.items():
        values = means.setdefault(definition, {})
        for (sample, group, number), parts in keys.items():
            values.setdefault(sample, (group, []))[1].append((fsum(parts) / len(parts), number))
    return means


def rank_samples(
    scores: Sequence[str | Path], samples: Sequence[set[str]], study: Study
) -> list[Ranked]:
    """Choose the best, the median and the worst sample of an arm by the primary metric.

    Parameters
    ----------
    scores : sequence of Path
        The ``scores.parquet`` of each scored fold.
    samples : sequence of set of str
        The sample ids of each fold's segmentation archive.
    study : Study
        Gives the metrics and the policy for empty masks.

    Returns
    -------
    list of Ranked
        Up to three different samples, best first; best is the lowest where lower is better.
        If the primary metric has no scores of single samples, the next of the study's metrics
        that has some is used, then `FALLBACKS`. Classes are averaged; excluded scores (NaN)
        are ignored; ties go by sample id; the median of an even number is the lower of the
        two. A sample predicted by several models is represented by its median prediction.

    Raises
    ------
    SegbenchError
        A score file is unreadable.
    """
    found = _values_by_definition(scores, samples)
    for metric in (study.primary, *study.metrics, *FALLBACKS):
        identifier = definition_id(metric, study.empty)
        if identifier in found:
            break
    else:
        return []
    sign = -1 if define(identifier).higher_is_better else 1
    rows = []
    for sample, (group, values) in found[identifier].items():
        ordered = sorted((sign * value, number) for value, number in values)
        rows.append((*ordered[len(ordered) // 2], sample, group))
    rows.sort(key=lambda row: (row[0], row[2]))
    ranks: dict[int, str] = {}
    for place, rank in ((0, "best"), (len(rows) - 1, "worst"), (len(rows) // 2, "median")):
        ranks.setdefault(place, rank)
    chosen = [(rank, *rows[place]) for place, rank in sorted(ranks.items())]
    return [
        Ranked(rank, sample, group, sign * value, identifier, number)
        for rank, value, number, sample, group in chosen
    ]


def examples(archives: Sequence[Sequence[str]], count: int = 3) -> list[Ranked]:
    """Choose samples to look at where nothing was scored: the first ones by name.

    Parameters
    ----------
    archives : sequence of sequence of str
        The sample ids of each segmentation archive.
    count : int, optional
        How many.
    """
    owner: dict[str, int] = {}
    for number, ids in enumerate(archives):
        for sample in ids:
            owner.setdefault(sample, number)
    return [
        Ranked("example", sample, "", nan, "", owner[sample]) for sample in sorted(owner)[:count]
    ]
