"""Causes, jobs and costs by study and in total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segbench.explain.causes import Cause
from segbench.explain.costs import Estimate
from segbench.explain.fates import FATES, Fate
from segbench.explain.plan import Planned
from segbench.stages import STAGES


@dataclass
class StageTotal:
    """The jobs of one rule that must run.

    Attributes
    ----------
    jobs : int
        Their number; ``caused`` of them have a cause of their own, the others only follow.
    fates : dict of str to int
        How many will be ``computed``, how many ``restored``, how many are ``open``.
    will_run, worst_case : Estimate
        Cost of the jobs that will be computed; of these and all open ones.
    unknown : int
        Jobs that may be computed and whose cost cannot be estimated; they are in no sum.
    """

    jobs: int = 0
    caused: int = 0
    fates: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FATES, 0))
    will_run: Estimate = field(default_factory=Estimate)
    worst_case: Estimate = field(default_factory=Estimate)
    unknown: int = 0

    def add(self, caused: bool, fate: Fate, estimate: Estimate | None) -> None:
        """Count one job."""
        self.jobs += 1
        self.caused += caused
        self.fates[fate] += 1
        if fate == "restored":
            return
        if estimate is None:
            self.unknown += 1
            return
        self.worst_case = self.worst_case.plus(estimate)
        if fate == "computed":
            self.will_run = self.will_run.plus(estimate)

    def plus(self, other: StageTotal) -> StageTotal:
        """The sum."""
        fates = {fate: count + other.fates[fate] for fate, count in self.fates.items()}
        return StageTotal(
            self.jobs + other.jobs,
            self.caused + other.caused,
            fates,
            self.will_run.plus(other.will_run),
            self.worst_case.plus(other.worst_case),
            self.unknown + other.unknown,
        )

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able data, in hours."""
        return {
            "jobs": self.jobs,
            "caused": self.caused,
            "follow": self.jobs - self.caused,
            **self.fates,
            "will_run_h": self.will_run.as_dict(),
            "worst_case_h": self.worst_case.as_dict(),
            "unknown": self.unknown,
        }


@dataclass
class Section:
    """One study, the jobs of no single study, or everything.

    Attributes
    ----------
    causes : dict of Cause to (dict of str to int)
        Cause -> rule -> number of its jobs.
    stages : dict of str to StageTotal
        Rule -> its jobs, in the order in which stages run.
    """

    causes: dict[Cause, dict[str, int]] = field(default_factory=dict)
    stages: dict[str, StageTotal] = field(default_factory=dict)

    def add(
        self, job: Planned, causes: Iterable[Cause], fate: Fate, estimate: Estimate | None
    ) -> None:
        """Count one job."""
        caused = False
        for cause in causes:
            caused = True
            rules = self.causes.setdefault(cause, {})
            rules[job.rule] = rules.get(job.rule, 0) + 1
        self.stages.setdefault(job.rule, StageTotal()).add(caused, fate, estimate)

    @property
    def total(self) -> StageTotal:
        """All stages together."""
        total = StageTotal()
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
    """Why jobs must run and what they cost.

    Attributes
    ----------
    studies : dict of str to Section
        By name; a job of two studies is in both.
    others : Section
        Jobs of no single study, e.g. the report.
    total : Section
        Every job once.
    jobs : list of dict
        Every job with its causes and fate.
    """

    studies: dict[str, Section] = field(default_factory=dict)
    others: Section = field(default_factory=Section)
    total: Section = field(default_factory=Section)
    jobs: list[dict[str, Any]] = field(default_factory=list)

    def add(self, job: Planned, causes: list[Cause], fate: Fate, estimate: Estimate | None) -> None:
        """Count one job wherever it belongs."""
        sections = [self.studies.setdefault(name, Section()) for name in job.studies]
        for section in [*(sections or [self.others]), self.total]:
            section.add(job, causes, fate, estimate)
        self.jobs.append(
            {
                "rule": job.rule,
                "wildcards": job.wildcards,
                "outputs": sorted(job.outputs.values()),
                "studies": list(job.studies),
                "causes": [cause.sentence() for cause in causes],
                "made_anew": sorted(job.makers),
                "fate": fate,
                "hours": estimate.as_dict() if estimate else None,
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
    estimates: Mapping[int, Estimate | None],
) -> Explanation:
    """Summarise what was found about each job.

    Parameters
    ----------
    jobs : sequence of Planned
        In the order in which they run.
    causes, fates, estimates : mapping
        By number of the job.
    """
    explanation = Explanation()
    order = {name: number for number, name in enumerate(STAGES)}
    for job in sorted(jobs, key=lambda job: order.get(job.rule, len(order))):
        explanation.add(job, causes[job.number], fates[job.number], estimates[job.number])
    return explanation
