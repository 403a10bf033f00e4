"""What a metric is: its definition, the labels that it can score, and the function that does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from segbench.errors import SegbenchError

#: Policies for an image where truth and prediction are both empty.
EmptyPolicy = Literal["exclude", "one", "zero"]
EMPTY_POLICIES: tuple[EmptyPolicy, ...] = ("exclude", "one", "zero")

#: What an image scores where truth and prediction are both empty.
EMPTY_VALUE: dict[str, float] = {"exclude": math.nan, "one": 1.0, "zero": 0.0}

#: Class of a score of a whole image, or of all classes together.
ALL = "all"

#: Tasks of labels: pixels of any kind, masks and label maps, numbered objects, whole images.
PIXELS = ("semantic", "overlapping", "instances")
MASKS = ("semantic", "overlapping")
OBJECTS = ("instances",)
IMAGES = ("classification",)

#: What a metric may get: truth and prediction of one sample, of a stack, of a test fold.
Per = Literal["sample", "stack", "fold"]

#: How a definition goes on under each policy, by what can be empty: end of its id, words.
_EMPTY: dict[str, dict[str, tuple[str, str]]] = {
    one: {
        "exclude": ("empty-excluded", f"left out and counted where both are empty, {zero}"),
        "one": (best, f"{best_text} where both are empty, {zero}"),
        "zero": (worst, f"{worst_text} where both are empty, {zero}"),
    }
    for one, best, best_text, worst, worst_text, zero in (
        ("pixels", "empty-one", "1", "empty-zero", "0", "0 where only one has pixels"),
        ("objects", "empty-one", "1", "empty-zero", "0", "0 where only one has objects"),
        ("surface", "empty-0mm", "0 mm", "empty-diagonal", "the image's diagonal",
         "the image's diagonal where only one has pixels (as the 374 mm of BraTS 2023)"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Definition:
    """What a score means, as tables print it.

    Attributes
    ----------
    name : str
        As studies and files of scores call it.
    title : str
        Short name for a heading, e.g. ``IoU``; with the unit, if there is one.
    identifier : str
        Id of the definition, before the policy for empty images.
    text : str
        What is computed, in one sentence.
    source : str
        Publication or code that defines it so.
    empty : {"", "pixels", "objects", "surface"}
        What is empty where the policy decides; "": the policy does not matter.
    higher_is_better : bool
        Whether arms are ranked from the highest; false for errors and distances.
    by_class : bool
        Whether its figures of single classes say something of their own.
    class_weights : mapping of str to float
        How much each class counts in the mean over classes; empty: all the same.
    """

    name: str
    title: str
    identifier: str
    text: str
    source: str
    empty: Literal["", "pixels", "objects", "surface"] = ""
    higher_is_better: bool = True
    by_class: bool = True
    class_weights: Mapping[str, float] = field(default_factory=dict)

    def under(self, policy: str) -> Definition:
        """The same under a policy for empty images: with its id and its words.

        Examples
        --------
        >>> iou = Definition("iou", "IoU", "iou", "TP / (TP + FP + FN)", "Jaccard", "pixels")
        >>> iou.under("one").identifier
        'iou/empty-one'
        >>> iou.under("one").text
        'TP / (TP + FP + FN); 1 where both are empty, 0 where only one has pixels'
        """
        if policy not in EMPTY_POLICIES:
            raise SegbenchError(
                f"policy for empty images: {policy!r}",
                f"one of {', '.join(EMPTY_POLICIES)}",
                "correct `empty` in the study",
            )
        if not self.empty:
            return self
        end, words = _EMPTY[self.empty][policy]
        return replace(self, identifier=f"{self.identifier}/{end}", text=f"{self.text}; {words}")


@dataclass(frozen=True)
class Metric:
    """A metric that a study may ask for.

    Attributes
    ----------
    definition : Definition
    measure : callable
        Gives the scores of one sample, stack or fold, see `per`.
    tasks : tuple of str
        Tasks of the labels that it can score.
    per : {"sample", "stack", "fold"}
        What `measure` gets: a `segbench.metrics.case.Case`; truth and prediction of a stack of
        slices with the names of the classes; or all classified images of a test fold, as
        `segbench.metrics.classification.Predictions`.
    needs_spacing : bool
        Whether it is in millimetres, or compares with millimetres.
    parts : tuple of Definition
        Scores that it writes beside its own, in this order.
    """

    definition: Definition
    measure: Callable[..., Iterator[Any]]
    tasks: tuple[str, ...]
    per: Per = "sample"
    needs_spacing: bool = False
    parts: tuple[Definition, ...] = ()

    def __post_init__(self) -> None:
        known, asked = (*PIXELS, *IMAGES), self.definition.name
        for what, right, expected in (
            ("tasks", isinstance(self.tasks, tuple) and set(self.tasks) <= set(known), known),
            ("per", self.per in get_args(Per), get_args(Per)),
            ("empty", self.definition.empty in ("", *_EMPTY), tuple(_EMPTY)),
        ):
            if not right:
                given = getattr(self, what, self.definition.empty)
                raise SegbenchError(
                    f"metric {asked!r}: {what} is {given!r}",
                    f"{'a tuple' if what == 'tasks' else 'one'} of {', '.join(expected)}",
                    f"correct it where the metric is defined, in {self.measure.__module__}",
                )
