"""Which samples of an arm to look at: the best, the median and the worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from segbench.config.study import Study
from segbench.errors import SegbenchError

#: Columns that name an arm.
ARM = ("preprocessing", "augmentation", "model", "seed")
NEEDED = ("sample", "group", "metric", "definition", "value")


@dataclass(frozen=True)
class Ranked:
    """One sample of an arm with its score.

    Attributes
    ----------
    rank : {"best", "median", "worst"}
        Its place in the arm.
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


def _read(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "a scores.parquet", "delete it and score again"
        ) from error
    missing = [name for name in NEEDED if name not in frame]
    if missing:
        raise SegbenchError(
            f"{path}: has no column {', '.join(missing)}",
            f"the columns {', '.join(NEEDED)}",
            "delete it and score again",
        )
    return frame


def _of_arm(frame: pd.DataFrame, study: Study, arm: Mapping[str, object]) -> pd.DataFrame:
    wanted = {name: str(arm[name]) for name in ARM if name in arm}
    wanted |= {"dataset": study.dataset, "protocol": study.protocol}
    for name, value in wanted.items():
        if name in frame:
            frame = frame[frame[name].astype(str) == value]
    frame = frame[frame["sample"].notna() & (frame["sample"].astype(str) != "")]
    primary = frame[frame["metric"] == study.primary]
    return primary if len(primary) else frame[frame["definition"] == study.primary]


def _sample_scores(
    scores: Sequence[Path], samples: Sequence[set[str]], study: Study, arm: Mapping[str, object]
) -> pd.DataFrame:
    """One row for each (sample, segmentation): the mean over classes."""
    paired = len(scores) == len(samples)
    parts = []
    for index, path in enumerate(scores):
        part = _of_arm(_read(Path(path)), study, arm)
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
        return pd.DataFrame(columns=[*NEEDED, "segmentation"])
    frame = pd.concat(parts, ignore_index=True)
    # Several definitions of one metric are never averaged: the first by name is shown.
    if len(frame):
        frame = frame[frame["definition"] == frame["definition"].astype(str).min()]
    frame = frame[frame["value"].notna() & frame["segmentation"].notna()]
    keys = ["sample", "group", "metric", "definition", "segmentation"]
    return frame.groupby(keys, as_index=False, sort=True, dropna=False).agg({"value": "mean"})


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
        Up to three different samples, best first. Scores of several classes are
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
    frame = frame.sort_values(order, ascending=[False, True, True])
    representative = [part.iloc[len(part) // 2] for _, part in frame.groupby("sample", sort=True)]
    rows = sorted(representative, key=lambda row: (-row["value"], row["sample"]))
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
