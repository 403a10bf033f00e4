"""Causes, jobs and costs, by study and in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segbench.explain.causes import Cause
from segbench.explain.costs import Hours
from segbench.explain.forecast import FATES, Fate
from segbench.explain.plan import Planned
from segbench.stages import STAGES


@dataclass
class Stage:
    """The jobs of one rule that must run.

    Attributes
    ----------
    jobs : int
        How many; ``caused`` of them for a cause of their own, the others only follow.
    fates : dict of str to int
        How many will be ``computed`` for sure, how many ``restored``, how many are ``open``.
    surely, at_most : Hours
        What those cost that are computed for sure; what it costs if all are computed that
        are not restored.
    unknown : int
        Jobs that may be computed and of which no cost is known; they are in no sum.
    """

    jobs: int = 0
    caused: int = 0
    fates: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FATES, 0))
    surely: Hours = field(default_factory=Hours)
    at_most: Hours = field(default_factory=Hours)
    unknown: int = 0

    def add(self, caused: bool, fate: Fate, hours: Hours | None) -> None:
        """Count one job."""
        self.jobs += 1
        self.caused += caused
        self.fates[fate] += 1
        if fate == "restored":
            return
        if hours is None:
            self.unknown += 1
            return
        self.at_most = self.at_most.plus(hours)
        if fate == "computed":
            self.surely = self.surely.plus(hours)

    def plus(self, other: Stage) -> Stage:
        """The sum."""
        fates = {fate: count + other.fates[fate] for fate, count in self.fates.items()}
        return Stage(
            self.jobs + other.jobs,
            self.caused + other.caused,
            fates,
            self.surely.plus(other.surely),
            self.at_most.plus(other.at_most),
            self.unknown + other.unknown,
        )

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able data, in hours."""
        return {
            "jobs": self.jobs,
            "caused": self.caused,
            "follow": self.jobs - self.caused,
            **self.fates,
            "surely_h": self.surely._asdict(),
            "at_most_h": self.at_most._asdict(),
            "unknown": self.unknown,
        }


@dataclass
class Section:
    """One study, what serves no single study, or everything.

    Attributes
    ----------
    causes : dict of Cause to (dict of str to int)
        Cause -> rule -> how many of its jobs have it.
    stages : dict of str to Stage
        By rule, in the order in which they run.
    """

    causes: dict[Cause, dict[str, int]] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)

    def add(self, job: Planned, causes: Iterable[Cause], fate: Fate, hours: Hours | None) -> None:
        """Count one job."""
        caused = False
        for cause in causes:
            caused = True
            rules = self.causes.setdefault(cause, {})
            rules[job.rule] = rules.get(job.rule, 0) + 1
        self.stages.setdefault(job.rule, Stage()).add(caused, fate, hours)

    @property
    def total(self) -> Stage:
        """All stages together."""
        total = Stage()
        for stage in self.stages.values():
            total = total.plus(stage)
        return total

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "causes": [
                {**cause._asdict(), "sentence": cause.sentence(), "jobs": rules}
                for cause, rules in self.causes.items()
            ],
            "stages": {rule: stage.as_dict() for rule, stage in self.stages.items()},
            "total": self.total.as_dict(),
        }


@dataclass
class Explanation:
    """Why jobs must run, and at what cost.

    Attributes
    ----------
    studies : dict of str to Section
        By name; a job that serves two studies is in both.
    others : Section
        Jobs that serve no single study, e.g. the report.
    total : Section
        Every job once.
    jobs : list of dict
        Every job with its causes and its fate.
    """

    studies: dict[str, Section] = field(default_factory=dict)
    others: Section = field(default_factory=Section)
    total: Section = field(default_factory=Section)
    jobs: list[dict[str, Any]] = field(default_factory=list)

    def add(self, job: Planned, causes: list[Cause], fate: Fate, hours: Hours | None) -> None:
        """Count one job wherever it belongs."""
        sections = [self.studies.setdefault(name, Section()) for name in job.studies]
        for section in [*(sections or [self.others]), self.total]:
            section.add(job, causes, fate, hours)
        self.jobs.append(
            {
                "rule": job.rule,
                "wildcards": job.wildcards,
                "outputs": sorted(job.outputs.values()),
                "studies": list(job.studies),
                "causes": [cause.sentence() for cause in causes],
                "made_anew": sorted(job.makers),
                "fate": fate,
                "hours": hours._asdict() if hours else None,
            }
        )

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "studies": {name: part.as_dict() for name, part in sorted(self.studies.items())},
            "others": self.others.as_dict(),
            "total": self.total.as_dict(),
            "jobs": self.jobs,
        }


def summarise(
    jobs: Sequence[Planned],
    causes: Mapping[int, list[Cause]],
    fates: Mapping[int, Fate],
    hours: Mapping[int, Hours | None],
) -> Explanation:
    """Put together what was found of each job.

    Parameters
    ----------
    jobs : sequence of Planned
        In the order in which they run.
    causes, fates, hours : mapping
        By the jobs' numbers.
    """
    explanation = Explanation()
    order = {name: number for number, name in enumerate(STAGES)}
    for job in sorted(jobs, key=lambda job: order.get(job.rule, len(order))):
        explanation.add(job, causes[job.number], fates[job.number], hours[job.number])
    return explanation
