"""What each score means: ids of definitions, their text and where they come from.

Data only, below all other parts: the metrics write the ids, the tables explain them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segbench.errors import SegbenchError

#: Score of an image where truth and prediction are both empty.
EmptyPolicy = Literal["exclude", "one", "zero"]

#: The last part of a definition's id.
EMPTY_SUFFIX: dict[str, str] = {
    "exclude": "empty-excluded",
    "one": "empty-one",
    "zero": "empty-zero",
}

_EMPTY_TEXT = {
    "exclude": "left out and counted where both are empty",
    "one": "1 where both are empty",
    "zero": "0 where both are empty",
}

#: Ten thresholds of the Data Science Bowl, in twentieths: k / 20 = 0.50 ... 0.95.
DSB_TWENTIETHS = tuple(range(10, 20))


@dataclass(frozen=True)
class Definition:
    """A definition of a score.

    Attributes
    ----------
    title : str
        Short name for a heading, e.g. ``IoU``.
    text : str
        What is computed, in one sentence.
    source : str
        Publication or code that defines it so.
    """

    title: str
    text: str
    source: str


#: metric -> title, first part of the id, text before the empty policy, source.
_METRICS: dict[str, tuple[str, str, str, str]] = {
    "iou": (
        "IoU",
        "iou/per-image",
        "TP / (TP + FP + FN) over the pixels of one image and class",
        "Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x",
    ),
    "dice": (
        "Dice",
        "dice/per-image",
        "2 TP / (2 TP + FP + FN) over the pixels of one image and class",
        "Dice 1945, doi:10.2307/1932409",
    ),
    "precision": (
        "Precision",
        "precision/per-image",
        "TP / (TP + FP) over the pixels of one image and class",
        "van Rijsbergen 1979, Information Retrieval, chapter 7",
    ),
    "recall": (
        "Recall",
        "recall/per-image",
        "TP / (TP + FN) over the pixels of one image and class",
        "van Rijsbergen 1979, Information Retrieval, chapter 7",
    ),
    "dsb_map": (
        "mAP",
        "dsb-map/strict",
        "TP / (TP + FP + FN) over the objects of one image, an object being hit where IoU is "
        "strictly above t, averaged over t = 0.50, 0.55, ..., 0.95",
        "Caicedo et al. 2019, doi:10.1038/s41592-019-0612-7",
    ),
}

_DSB_SOURCE = _METRICS["dsb_map"][3]


def dsb_metric(twentieths: int) -> str:
    """Name of the score at one threshold.

    Examples
    --------
    >>> dsb_metric(11)
    'dsb_ap@0.55'
    """
    return f"dsb_ap@{twentieths / 20:.2f}"


for _k in DSB_TWENTIETHS:
    _METRICS[dsb_metric(_k)] = (
        f"AP@{_k / 20:.2f}",
        f"dsb-ap@{_k / 20:.2f}/strict",
        "TP / (TP + FP + FN) over the objects of one image, an object being hit where IoU is "
        f"strictly above {_k / 20:.2f}",
        _DSB_SOURCE,
    )


def definition_id(metric: str, empty: str) -> str:
    """Id of the definition of a metric under a policy for empty images.

    Examples
    --------
    >>> definition_id("iou", "exclude")
    'iou/per-image/empty-excluded'
    """
    if empty not in EMPTY_SUFFIX:
        raise SegbenchError(
            f"policy for empty images: {empty!r}",
            f"one of {', '.join(EMPTY_SUFFIX)}",
            "correct `empty` in the study",
        )
    return f"{_METRICS[metric][1]}/{EMPTY_SUFFIX[empty]}"


def _all() -> dict[str, Definition]:
    found = {}
    for metric, (title, _, text, source) in _METRICS.items():
        for empty, words in _EMPTY_TEXT.items():
            one = "objects" if metric.startswith("dsb") else "pixels"
            found[definition_id(metric, empty)] = Definition(
                title, f"{text}; {words}, 0 where only one has {one}", source
            )
    return found


#: Every definition by its id.
DEFINITIONS: dict[str, Definition] = _all()


def define(identifier: str) -> Definition:
    """Look up a definition.

    Raises
    ------
    SegbenchError
        The id is unknown.
    """
    if identifier not in DEFINITIONS:
        raise SegbenchError(
            f"definition {identifier!r} is unknown",
            f"one of {', '.join(sorted(DEFINITIONS))}",
            "score again with this version of segbench",
        )
    return DEFINITIONS[identifier]
