"""Every metric by name, and every definition by id; `metric` fills them.

A module that defines metrics decorates its functions; `segbench.metrics` imports all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from segbench.errors import SegbenchError
from segbench.metrics.metric import EMPTY_POLICIES, Definition, Metric, Per

#: What a study may name in `metrics`.
METRICS: dict[str, Metric] = {}

#: Scores that are written beside a metric whenever it is asked for, in this order.
PARTS: dict[str, tuple[str, ...]] = {}

#: Every definition by its id: of every score under every policy for empty images.
DEFINITIONS: dict[str, Definition] = {}

_SCORES: dict[str, Definition] = {}

Measure = TypeVar("Measure", bound=Callable[..., Iterator[Any]])


def metric(
    definition: Definition,
    tasks: tuple[str, ...],
    *,
    per: Per = "sample",
    needs_spacing: bool = False,
    parts: tuple[Definition, ...] = (),
) -> Callable[[Measure], Measure]:
    """Define a metric by decorating the function that measures it.

    Parameters are the attributes of `Metric`.

    Raises
    ------
    SegbenchError
        Another metric, or a part of one, has the name or the id, or the attributes are not
        those of a metric.
    """

    def define(measure: Measure) -> Measure:
        made = Metric(definition, measure, tasks, per, needs_spacing, parts)
        for score in (definition, *parts):
            _add_score(score, measure.__module__)
        METRICS[definition.name] = made
        if parts:
            PARTS[definition.name] = tuple(part.name for part in parts)
        return measure

    return define


def _add_score(score: Definition, module: str) -> None:
    found = [score.under(policy) for policy in EMPTY_POLICIES]
    if score.name in _SCORES or any(one.identifier in DEFINITIONS for one in found):
        raise SegbenchError(
            f"metric {score.name!r} ({score.identifier}) is defined twice",
            "a name and an id of its own for each metric and each of its parts",
            f"rename it in {module}",
        )
    _SCORES[score.name] = score
    DEFINITIONS.update({one.identifier: one for one in found})


def definition_id(score: str, empty: str) -> str:
    """Id of the definition of a score under a policy for empty images.

    Examples
    --------
    >>> definition_id("iou", "exclude"), definition_id("accuracy", "exclude")
    ('iou/per-image/empty-excluded', 'accuracy')
    """
    return _SCORES[score].under(empty).identifier


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
