"""What jobs requested and what they used, by stage, dataset and model."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from segbench.files import write_text
from segbench.reporting.costs import Job

#: So many times what was used is more than a margin, where also so much lies idle.
WASTEFUL = 4.0
IDLE_MB = 2000
IDLE_MIN = 120

#: What is proposed in place of what was asked for: so many times the most that was used.
PROPOSED = 1.3

#: Steps of what is proposed, in MiB and minutes.
STEP_MB, STEP_MIN = 100, 10


@dataclass(frozen=True)
class AskedRow:
    """Jobs of one stage on one dataset with one model; None where nothing was measured.

    Attributes
    ----------
    stage, dataset, model : str
        Empty where the stage knows none.
    jobs : int
        Of which it is known what they asked for.
    asked_mem_mb, used_mem_mb : float or None
        The most of any job, in MiB.
    mem_ratio : float or None
        Asked for over used.
    asked_runtime_min, used_runtime_min : float or None
        The longest.
    runtime_ratio : float or None
        Asked for over used.
    asked_gpu_mem_mb, used_gpu_mem_mb : float or None
        Of a GPU, the most.
    advice : str
        ``ok``, or what is wrong and what to do.
    """

    stage: str
    dataset: str
    model: str
    jobs: int
    asked_mem_mb: float | None
    used_mem_mb: float | None
    mem_ratio: float | None
    asked_runtime_min: float | None
    used_runtime_min: float | None
    runtime_ratio: float | None
    asked_gpu_mem_mb: float | None
    used_gpu_mem_mb: float | None
    advice: str


def asked_rows(jobs: Sequence[Job]) -> list[AskedRow]:
    """Compare what jobs asked for with what they used.

    Parameters
    ----------
    jobs : sequence of Job
        Of a restored job what its work once asked for and used. Those of which it is not
        known what they asked for are left out.

    Returns
    -------
    list of AskedRow
        Sorted by stage, dataset and model.
    """
    known = [job for job in jobs if job.asked_mem_mb is not None]
    rows = []
    for key in sorted({(job.stage, job.dataset, job.model) for job in known}):
        group = [job for job in known if (job.stage, job.dataset, job.model) == key]
        stage = [job for job in known if job.stage == key[0]]
        asked, used = _most(group, lambda j: j.asked_mem_mb), _most(group, lambda j: j.peak_rss_mb)
        limit = _most(group, lambda j: j.asked_runtime_min)
        wall = _most(group, _minutes)
        rows.append(
            AskedRow(
                *key,
                len(group),
                asked,
                used,
                _ratio(asked, used),
                limit,
                wall,
                _ratio(limit, wall),
                _most(group, lambda j: j.asked_gpu_mem_mb or None),
                _most(group, lambda j: j.gpu_memory_mb),
                _advice(group, stage),
            )
        )
    return rows


def write_asked(path: str | Path, jobs: Sequence[Job]) -> None:
    """Write the rows as CSV: figures of one run, different in the next."""
    text = io.StringIO()
    names = [field.name for field in fields(AskedRow)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in asked_rows(jobs):
        writer.writerow([_cell(getattr(row, name)) for name in names])
    write_text(path, text.getvalue())


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value


def _minutes(job: Job) -> float | None:
    return None if job.wall_s is None else job.wall_s / 60


def _most(jobs: Sequence[Job], figure: Callable[[Job], float | None]) -> float | None:
    return max((value for job in jobs if (value := figure(job)) is not None), default=None)


def _ratio(asked: float | None, used: float | None) -> float | None:
    return asked / used if asked is not None and used else None


def _advice(group: Sequence[Job], stage: Sequence[Job]) -> str:
    """What is wrong with what some jobs asked for; `stage` are all jobs of their rule."""
    words = [
        _judge("memory", "mem_mb", group, stage, lambda j: j.asked_mem_mb,
               lambda j: j.peak_rss_mb, IDLE_MB, STEP_MB),
        _judge("time", "runtime", group, stage, lambda j: j.asked_runtime_min, _minutes,
               IDLE_MIN, STEP_MIN),
    ]  # fmt: skip
    return "; ".join(filter(None, words)) or "ok"


def _judge(
    word: str,
    resource: str,
    group: Sequence[Job],
    stage: Sequence[Job],
    asked: Callable[[Job], float | None],
    used: Callable[[Job], float | None],
    idle: float,
    step: int,
) -> str:
    pairs = [(a, u) for job in group if (a := asked(job)) is not None and (u := used(job))]
    enough = math.ceil((_most(stage, used) or 0) * PROPOSED / step) * step
    advice = f"set-resources {group[0].stage}:{resource}={enough} fits all jobs of this rule"
    if any(u > a for a, u in pairs):
        return f"too little {word}: {advice}"
    if pairs and all(a > WASTEFUL * u and a - u > idle for a, u in pairs):
        least = min(a for a, _ in pairs)
        return f"too much {word}" + (f": {advice}" if enough < least else "")
    return ""
