"""What jobs will cost, judged from what is recorded: their own last run, or their like."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from segbench.explaining.plan import Planned

#: What a job shares with its like, the first weighs most.
_ALIKE = ("dataset", "model", "preprocessing", "augmentation", "protocol", "fold", "seed")

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
        self._by_rule: dict[str, list[tuple[dict[str, str], Hours]]] = {}

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
        """The median of the jobs that share most with it: the dataset, or they are not like."""
        best: tuple[bool, ...] = ()
        alike: list[Hours] = []
        for wildcards, hours in self._recorded(job.rule):
            if wildcards.get("dataset") != job.wildcards.get("dataset"):
                continue
            shared = tuple(wildcards.get(name) == job.wildcards.get(name) for name in _ALIKE)
            if shared > best:
                best, alike = shared, []
            if shared == best:
                alike.append(hours)
        if not alike:
            return None
        return Hours(*(median(values) for values in zip(*alike, strict=True)))

    def _recorded(self, rule: str) -> list[tuple[dict[str, str], Hours]]:
        if rule not in self._by_rule:
            self._by_rule[rule] = [
                (record["wildcards"], hours)
                for record in self._records(rule)
                if (hours := hours_of(record["cost"])) is not None
            ]
        return self._by_rule[rule]
