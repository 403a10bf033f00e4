"""Explain a rerun: what changed since the last run, which jobs follow and what they will cost.

Works on plain data: the jobs that Snakemake plans (`plan`), the records of earlier runs
(`segbench.provenance.record`), the parts behind digests of code, and the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from segbench.explain.causes import Causes
from segbench.explain.costs import Costs
from segbench.explain.fates import Fates, Inputs
from segbench.explain.plan import Planned, in_order
from segbench.explain.summary import Explanation, summarise
from segbench.provenance.code_memory import parts_of
from segbench.provenance.keys import CachePolicy
from segbench.provenance.record import read_list, read_record, record_path, records_of
from segbench.provenance.store import Store

__all__ = ["explain"]


class _Records:
    """The records of a folder; not all of tens of thousands are held at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: tuple[int, dict[str, Any] | None] = (-1, None)
        self._of_rule: dict[str, list[dict[str, Any]]] = {}
        self._values: dict[tuple[str, str], set[str | None]] = {}

    def of(self, job: Planned) -> dict[str, Any] | None:
        """The record of a job's last run."""
        if job.number != self._last[0]:
            path = record_path(self._folder, job.rule, job.outputs.values())
            self._last = (job.number, read_record(path))
        return self._last[1]

    def all_of(self, rule: str) -> list[dict[str, Any]]:
        """Wildcards, costs and recipes of all records of a rule."""
        if rule not in self._of_rule:
            self._of_rule[rule] = [
                {
                    "wildcards": record["wildcards"],
                    "cost": record["cost"],
                    "params": {"recipe": record["params"].get("recipe")},
                }
                for record in records_of(self._folder, rule)
            ]
        return self._of_rule[rule]

    def is_new(self, rule: str, wildcard: str, value: str) -> bool:
        """Whether the rule was never run with this value of a wildcard."""
        if (rule, wildcard) not in self._values:
            self._values[rule, wildcard] = {
                record["wildcards"].get(wildcard) for record in self.all_of(rule)
            }
        return value not in self._values[rule, wildcard]


def explain(
    jobs: Sequence[Planned],
    records: Path,
    code: Path,
    store: Path,
    policy: Callable[[str], CachePolicy],
    place: Callable[[str, str], str] = lambda _, file: file,
    seconds: float = 30.0,
) -> Explanation:
    """Explain why jobs must run and what they cost.

    Parameters
    ----------
    jobs : sequence of Planned
        The jobs that must run.
    records : Path
        Folder of the records, see `segbench.provenance.record`.
    code : Path
        Folder of the parts of the code, see `segbench.provenance.code_memory`.
    store : Path
        The store; it is only read.
    policy : callable
        Gives the cache policy of a rule.
    place : callable, optional
        Gives the path of a raw file from the path of its list and its path in that list.
    seconds : float
        Time limit for looking up keys in the store.
    """
    jobs = in_order(jobs)
    known = _Records(records)
    inputs = Inputs()
    causes = Causes(
        known.of,
        lambda digest: parts_of(digest, code),
        inputs,
        lambda digest: read_list(records, digest),
        known.is_new,
        place,
    )
    fates = Fates(Store(store), policy, inputs, seconds).of(jobs)
    costs = Costs(known.all_of)
    return summarise(
        jobs,
        {job.number: causes.of(job) for job in jobs},
        fates,
        {job.number: costs.estimate(job) for job in jobs},
    )
