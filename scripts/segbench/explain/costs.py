"""Forecasts of the cost of jobs: the prediction, corrected by measurements of earlier jobs.

Each rule predicts the seconds of its jobs (`segbench.resources`), and a finished job records the
prediction with its cost. The ratio of measured to predicted seconds says how fast this machine is:
a forecast takes it from the most similar jobs, and its range from how much these differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import Any, NamedTuple

from segbench.explain.plan import Planned
from segbench.stages import STAGES

#: Wildcards that may differ between jobs of one arm.
_OF_ONE_ARM = ("seed", "fold", "shard")

#: What a job has in common with earlier ones, the nearest first -> factor by which the range of a
#: forecast is wider than the spread of their ratios, either way.
_MARGINS = {"job": 1.25, "arm": 1.5, "network": 1.75, "stage": 2.0}

#: The same without any measurement.
_UNMEASURED = 3.0


class Hours(NamedTuple):
    """Time in hours.

    Attributes
    ----------
    wall, cpu, gpu : float
        Wall time, CPU time of all cores, wall time times the GPUs held.
    """

    wall: float = 0.0
    cpu: float = 0.0
    gpu: float = 0.0

    def plus(self, other: Hours) -> Hours:
        """The sum."""
        return Hours(*(a + b for a, b in zip(self, other, strict=True)))


class Estimate(NamedTuple):
    """The forecast for one job or a sum of jobs.

    Attributes
    ----------
    expected : Hours
        Expected cost.
    low, high : float
        Range of the wall time in hours.
    """

    expected: Hours = Hours()
    low: float = 0.0
    high: float = 0.0

    def plus(self, other: Estimate) -> Estimate:
        """The sum; ranges add up, as errors may all have the same sign."""
        return Estimate(
            self.expected.plus(other.expected), self.low + other.low, self.high + other.high
        )

    def as_dict(self) -> dict[str, float]:
        """As JSON-able data, in hours."""
        return {**self.expected._asdict(), "low": self.low, "high": self.high}


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
        # A visible device was sampled, whether or not the stage computes on it.
        stage = STAGES.get(str(cost.get("stage")))
        return int(gpu.get("devices") or 1) if stage and stage.network else 0
    return int(asked)


#: Key of `_MARGINS`, what jobs have in common by it, whether unpredicted, whether on a GPU.
_Likeness = tuple[str, Any, bool, bool]


class _Measured(NamedTuple):
    """An earlier job: ratio of measured to predicted seconds, and cores that it kept busy."""

    ratio: float
    cores: float


class Costs:
    """Forecasts the costs of jobs.

    Parameters
    ----------
    records : callable
        Gives the records of all earlier jobs of a rule.
    """

    def __init__(self, records: Callable[[str], Iterable[Mapping[str, Any]]]) -> None:
        self._records = records
        #: Rule -> likeness -> earlier jobs that have it.
        self._rules: dict[str, dict[_Likeness, list[_Measured]]] = {}

    def estimate(self, job: Planned) -> Estimate | None:
        """The cost of a job if it is computed; None if it is neither predicted nor measured."""
        predicted = predicted_s(job.rule, job.expected_s)
        known = self._of_rule(job.rule)
        keys = _likenesses(job.wildcards, job.params, predicted, job.gpus)
        key = next((key for key in keys if key in known), None)
        if key is None and predicted is None:
            return None
        alike = known[key] if key else [_Measured(1.0, float(job.threads))]
        margin = _MARGINS[key[0]] if key else _UNMEASURED
        hours = (predicted or 1.0) / 3600
        ratios = [one.ratio for one in alike]
        wall = hours * median(ratios)
        cpu = wall * median(one.cores for one in alike)
        return Estimate(
            Hours(wall, cpu, wall * job.gpus),
            hours * min(ratios) / margin,
            hours * max(ratios) * margin,
        )

    def _of_rule(self, rule: str) -> dict[_Likeness, list[_Measured]]:
        if rule not in self._rules:
            found = self._rules[rule] = {}
            for record in self._records(rule):
                for key, measured in _measured(rule, record):
                    found.setdefault(key, []).append(measured)
        return self._rules[rule]


def predicted_s(rule: str, expected_s: float | None) -> float | None:
    """The predicted seconds of a job, or None.

    Parameters
    ----------
    rule : str
        The rule.
    expected_s : float or None
        What the rule predicts of this job; None for the constant of its stage.
    """
    stage = STAGES.get(rule)
    return expected_s or (stage.seconds if stage else None)


def _measured(rule: str, record: Mapping[str, Any]) -> list[tuple[_Likeness, _Measured]]:
    """An earlier job under each of its likenesses; empty if its cost is not known."""
    try:
        cost = record["cost"]
        wall, cpu = float(cost["wall_s"]), float(cost["cpu_s"])
        predicted = predicted_s(rule, (cost.get("asked") or {}).get("expected_s"))
        keys = _likenesses(record["wildcards"], record["params"], predicted, gpus_of(cost))
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
    measured = _Measured(wall / (predicted or 1.0), cpu / wall) if wall > 0 else None
    return [(key, measured) for key in keys if measured]


def _likenesses(
    wildcards: Mapping[str, str], params: Mapping[str, Any], predicted: float | None, gpus: int
) -> list[_Likeness]:
    """What a job may have in common with others, the nearest first.

    Compared are only jobs on the same kind of device, with a prediction or without; without one,
    only jobs of one arm.
    """
    of_one = tuple(sorted(wildcards.items()))
    common: dict[str, Any] = {
        "job": of_one,
        "arm": tuple(pair for pair in of_one if pair[0] not in _OF_ONE_ARM),
    }
    if predicted is not None:
        recipe = params.get("recipe")
        network = recipe.get("network") if isinstance(recipe, Mapping) else None
        if isinstance(network, Mapping):
            common["network"] = network.get("kind"), (network.get("backbone") or {}).get("name")
        common["stage"] = None
    return [(name, value, predicted is None, gpus > 0) for name, value in common.items()]
