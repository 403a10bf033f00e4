"""Which samples of an arm to look at: the best, the median and the worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from segbench.arms import WITHIN_STUDY
from segbench.artefacts.scores import COLUMNS, read_run
from segbench.config.study import Study
from segbench.errors import SegbenchError
from segbench.metrics.registry import DEFINITIONS

#: Ranked by these where the metrics of a study have no scores of single samples.
FALLBACKS = ("dice", "iou", "dice_pooled", "iou_pooled", "dsb_map")


@dataclass(frozen=True)
class Ranked:
    """One sample of an arm with its score.

    Attributes
    ----------
    rank : {"best", "median", "worst", "example"}
        Its place in the arm; an example has no score (NaN) and names no group.
    segmentation : int
        Index of the segmentation archive the score belongs to.
    """

    rank: str
    sample: str
    group: str
    value: float
    metric: str
    definition: str
    segmentation: int


def _of_arm(frame: pd.DataFrame, study: Study, arm: Mapping[str, object]) -> pd.DataFrame:
    wanted = {name: str(arm[name]) for name in WITHIN_STUDY if name in arm}
    wanted |= {"dataset": study.dataset, "protocol": study.protocol}
    for name, value in wanted.items():
        if name in frame:
            frame = frame[frame[name].astype(str) == value]
    return frame[frame["sample"].notna() & frame["value"].notna()]


def _of_metric(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The scores to rank by: the primary metric's, else those of the next that has some.

    A metric of whole stacks, or of all samples together, has none of single samples.
    """
    for metric in (study.primary, *study.metrics, *FALLBACKS):
        for column in ("metric", "definition"):
            found = frame[frame[column] == metric]
            if len(found):
                # Several definitions of one metric are never averaged: the first by name.
                return found[found["definition"] == found["definition"].astype(str).min()]
    return frame.iloc[:0]


def _sample_scores(
    scores: Sequence[Path], samples: Sequence[set[str]], study: Study, arm: Mapping[str, object]
) -> pd.DataFrame:
    """One row for each (sample, segmentation): the mean over classes."""
    paired = len(scores) == len(samples)
    known = set().union(*samples)
    parts = []
    for index, path in enumerate(scores):
        part = _of_arm(read_run(path).table.to_pandas(), study, arm)
        part = part[part["sample"].astype(str).isin(known)]
        names = part["sample"].astype(str)
        if paired and set(names) <= samples[index]:
            part = part.assign(segmentation=index)
        else:
            owner = {name: k for k, ids in enumerate(samples) for name in ids}
            doubles = sum(map(len, samples)) - len(owner)
            if doubles:
                raise SegbenchError(
                    f"{doubles} samples are in several segmentation archives",
                    "scores[k] computed from segmentations[k]",
                    "pass as many score files as segmentations, in the same order",
                )
            part = part.assign(segmentation=names.map(owner))
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, "segmentation"])
    frame = _of_metric(pd.concat(parts, ignore_index=True), study)
    keys = ["sample", "group", "metric", "definition", "segmentation"]
    return frame.groupby(keys, as_index=False, sort=True, dropna=False).agg({"value": "mean"})


def _lower_is_better(frame: pd.DataFrame) -> bool:
    definition = DEFINITIONS.get(str(frame["definition"].iloc[0])) if len(frame) else None
    return definition is not None and not getattr(definition, "higher_is_better", True)


def rank_samples(
    scores: Sequence[Path], samples: Sequence[set[str]], study: Study, arm: Mapping[str, object]
) -> list[Ranked]:
    """Choose the best, the median and the worst sample of an arm by the primary metric.

    Parameters
    ----------
    scores : sequence of Path
        ``scores.parquet`` files. Where there are as many as `samples`, the k-th was
        computed from the k-th archive; otherwise each sample must be in one archive.
    samples : sequence of set of str
        The sample ids of each segmentation archive.
    study : Study
        Its `primary` is the name of a metric or of a definition.
    arm : mapping
        ``preprocessing``, ``augmentation``, ``model``, ``seed``; those given are filtered by.

    Returns
    -------
    list of Ranked
        Up to three different samples, best first; best is the lowest where a definition
        says that lower is better. Where the primary metric has no scores of single samples,
        the next of the study's metrics that has some is taken. Scores of several classes are
        averaged; excluded scores (NaN) are left out; ties go by sample id; the median of
        an even number is the lower of the two. A sample that several models predicted
        stands there with its median prediction.

    Raises
    ------
    SegbenchError
        A score file is unreadable, or a score's segmentation is ambiguous.
    """
    frame = _sample_scores(scores, samples, study, arm)
    order = ["value", "sample", "segmentation"]
    sign = 1 if _lower_is_better(frame) else -1
    frame = frame.sort_values(order, ascending=[sign > 0, True, True])
    representative = [part.iloc[len(part) // 2] for _, part in frame.groupby("sample", sort=True)]
    rows = sorted(representative, key=lambda row: (sign * row["value"], row["sample"]))
    places = {"best": 0, "worst": len(rows) - 1, "median": len(rows) // 2}
    chosen: dict[int, str] = {}
    for rank, place in places.items():
        if 0 <= place < len(rows):
            chosen.setdefault(place, rank)
    return [
        Ranked(
            rank=rank,
            sample=str(rows[place]["sample"]),
            group="" if pd.isna(rows[place]["group"]) else str(rows[place]["group"]),
            value=float(rows[place]["value"]),
            metric=str(rows[place]["metric"]),
            definition=str(rows[place]["definition"]),
            segmentation=int(rows[place]["segmentation"]),
        )
        for place, rank in sorted(chosen.items())
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
        Ranked("example", sample, "", float("nan"), "", "", owner[sample])
        for sample in sorted(owner)[:count]
    ]
