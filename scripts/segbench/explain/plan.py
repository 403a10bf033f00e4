"""The jobs that Snakemake is about to run, as plain data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segbench.arms import Arm, is_part_of


@dataclass(frozen=True)
class Planned:
    """A job that must run.

    Attributes
    ----------
    number : int
        Unique in a plan.
    rule : str
        Its rule.
    wildcards : dict of str to str
        Its wildcards.
    params : dict
        The parameters that it would run with, as JSON returns them.
    inputs : dict of str to list of str
        Paths by their names in the rule.
    outputs : dict of str to str
        Paths by their names in the rule.
    makers : dict of str to int
        Input -> the job that must run first and makes it anew.
    missing : tuple of str
        Missing outputs.
    reason : str
        Snakemake's reason.
    studies : tuple of str
        The studies that it serves, sorted.
    expected_s : float or None
        Seconds that its rule predicts; None if it predicts none.
    threads, gpus : int
        Resources that it will hold.
    """

    number: int
    rule: str
    wildcards: dict[str, str]
    params: dict[str, Any]
    inputs: dict[str, list[str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    makers: dict[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    reason: str = ""
    studies: tuple[str, ...] = ()
    expected_s: float | None = None
    threads: int = 1
    gpus: int = 0

    @property
    def name(self) -> str:
        """Rule and wildcards as text."""
        return " ".join([self.rule, *self.wildcards.values()])


@dataclass(frozen=True)
class Arms:
    """The arms of one study, and the folds that it scores."""

    arms: tuple[Arm, ...]
    ensemble: bool = False

    def contain(self, wildcards: Mapping[str, str]) -> bool:
        """Whether a job with these wildcards can belong to the study."""
        if (wildcards.get("fold") == "ensemble") != self.ensemble and "fold" in wildcards:
            return False
        return any(is_part_of(wildcards, arm) for arm in self.arms)


def studies_of(
    wildcards: Mapping[int, Mapping[str, str]],
    followers: Mapping[int, Collection[int]],
    studies: Mapping[str, Arms],
) -> dict[int, tuple[str, ...]]:
    """The studies that each job serves.

    A job with the wildcard ``study`` serves that study, others those that the jobs after them
    serve.
    A job that no study's job needs, e.g. the objects of a run, serves the studies of its arm.

    Parameters
    ----------
    wildcards : mapping
        Job -> its wildcards, for all jobs, not only those that must run.
    followers : mapping
        Job -> the jobs that use its outputs.
    studies : mapping
        Name -> arms.
    """
    found: dict[int, tuple[str, ...]] = {}

    def serve(number: int) -> tuple[str, ...]:
        if number not in found:
            own = wildcards[number]
            served: Iterable[str] = {s for f in followers.get(number, ()) for s in serve(f)}
            if "study" in own:
                served = [own["study"]]
            elif not served:
                served = [name for name, arms in studies.items() if arms.contain(own)]
            found[number] = tuple(sorted(served))
        return found[number]

    for number in wildcards:
        serve(number)
    return found


def in_order(jobs: Sequence[Planned]) -> list[Planned]:
    """Sort jobs by the number of jobs that must run before them, one after another.

    Parameters
    ----------
    jobs : sequence of Planned
        In any order; the result does not depend on it.
    """
    by_number = {job.number: job for job in jobs}
    levels: dict[int, int] = {}

    def level(number: int) -> int:
        if number not in levels:
            makers = set(by_number[number].makers.values())
            levels[number] = 1 + max((level(maker) for maker in makers), default=0)
        return levels[number]

    return sorted(
        jobs, key=lambda job: (level(job.number), job.rule, sorted(job.wildcards.items()))
    )
