"""What jobs will cost, judged from what is recorded: their own last run, or their like."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from segbench.explain.plan import Planned

#: What a job shares with its like, the first weighs most. Without the first it has none.
_ALIKE = ("dataset", "model", "preprocessing", "augmentation", "protocol", "fold")

#: Stages that compute on a GPU where there is one.
_ON_GPUS = ("train", "predict", "apply_model")


class Hours(NamedTuple):
    """Time that is spent.

    Attributes
    ----------
    wall, cpu, gpu : float
        Hours: of the clock, of all cores, of all GPUs that were held.
    """

    wall: float = 0.0
    cpu: float = 0.0
    gpu: float = 0.0

    def plus(self, other: Hours) -> Hours:
        """The sum."""
        return Hours(*(a + b for a, b in zip(self, other, strict=True)))


def gpus_of(cost: Mapping[str, Any]) -> int:
    """How many GPUs a job held.

    Parameters
    ----------
    cost : mapping
        As `segbench.provenance.cost` writes it.

    Examples
    --------
    >>> gpus_of({"stage": "train", "gpu": {"devices": 2}}), gpus_of({"gpu": None})
    (2, 0)
    >>> gpus_of({"stage": "score", "gpu": {"devices": 1}})
    0
    """
    gpu = cost.get("gpu")
    if gpu is None:
        return 0
    asked = (cost.get("asked") or {}).get("gpu")
    if asked is None:
        # A device that could be seen was sampled, whether the stage computes on it or not.
        return int(gpu.get("devices") or 1) if cost.get("stage") in _ON_GPUS else 0
    return int(asked)


def hours_of(cost: Mapping[str, Any]) -> Hours | None:
    """The hours of a recorded cost; None if it does not say them."""
    try:
        wall, cpu = float(cost["wall_s"]) / 3600, float(cost["cpu_s"]) / 3600
        return Hours(wall, cpu, wall * gpus_of(cost))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


#: What a job is compared by, and its cost.
_Cost = tuple[tuple[str, ...], Hours]


class Ledger:
    """Recorded costs.

    Parameters
    ----------
    record : callable
        Gives the record of a planned job, or None.
    records : callable
        Gives all records of a rule.
    """

    def __init__(
        self,
        record: Callable[[Planned], dict[str, Any] | None],
        records: Callable[[str], Iterable[dict[str, Any]]],
    ) -> None:
        self._record = record
        self._records = records
        self._alike: dict[tuple[str, ...], list[_Cost]] = {}
        self._typical: dict[tuple[str, ...], Hours | None] = {}

    def hours(self, job: Planned) -> Hours | None:
        """What a job will cost if it is computed; None where nothing like it is recorded."""
        record = self._record(job)
        own = hours_of(record["cost"]) if record else self._cost_file(job)
        return own or self._like(job)

    def _cost_file(self, job: Planned) -> Hours | None:
        try:
            return hours_of(json.loads(Path(job.outputs["cost"]).read_bytes()))
        except (KeyError, OSError, ValueError, AttributeError):
            return None

    def _like(self, job: Planned) -> Hours | None:
        """The median of the jobs that share most with it."""
        way = (job.rule, *_marks(job.wildcards))
        if way not in self._typical:
            alike = [hours for _, hours in self._sharing(way)]
            self._typical[way] = (
                Hours(*(median(values) for values in zip(*alike, strict=True))) if alike else None
            )
        return self._typical[way]

    def _sharing(self, way: tuple[str, ...]) -> list[_Cost]:
        """Those of a rule that share most of these marks, one mark after another."""
        if way not in self._alike:
            if len(way) == 1:
                self._alike[way] = list(self._of_rule(way[0]))
            else:
                before = self._sharing(way[:-1])
                place = len(way) - 2
                here = [cost for cost in before if cost[0][place] == way[-1]]
                self._alike[way] = here if here or place == 0 else before
        return self._alike[way]

    def _of_rule(self, rule: str) -> Iterator[_Cost]:
        for record in self._records(rule):
            hours = hours_of(record["cost"])
            if hours is not None:
                yield _marks(record["wildcards"]), hours


def _marks(wildcards: Mapping[str, str]) -> tuple[str, ...]:
    """What jobs are compared by; one fold is like another, all folds together are not."""
    marks = {**wildcards, "fold": str(wildcards.get("fold") == "ensemble")}
    return tuple(marks.get(name, "") for name in _ALIKE)
