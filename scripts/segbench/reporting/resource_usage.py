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

#: Requests above this multiple of the usage are wasteful, if enough lies idle as well.
WASTEFUL = 4.0
#: What is proposed instead: this multiple of the highest usage.
PROPOSED = 1.3


@dataclass(frozen=True)
class _Resource:
    """A resource whose requests are compared with its use.

    Attributes
    ----------
    word, option : str
        Its name in a sentence, and in ``set-resources``.
    asked, used : callable
        What a job asked for and what it used.
    idle : float
        Less than this may lie idle.
    step : int
        Proposals are multiples of it.
    """

    word: str
    option: str
    asked: Callable[[Job], float | None]
    used: Callable[[Job], float | None]
    idle: float
    step: int


def _minutes(job: Job) -> float | None:
    return None if job.wall_s is None else job.wall_s / 60


MEMORY = _Resource(
    "memory", "mem_mb", lambda job: job.asked_mem_mb, lambda job: job.peak_rss_mb, 2000, 100
)
TIME = _Resource("time", "runtime", lambda job: job.asked_runtime_min, _minutes, 120, 10)


@dataclass(frozen=True)
class AskedRow:
    """Jobs of one stage, dataset and model; None where nothing was measured.

    Attributes
    ----------
    stage, dataset, model : str
        Empty where the stage has none.
    jobs : int
        Number of those with known requests.
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
        Restored jobs count with what their work once asked for and used. Jobs with unknown
        requests are left out.

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
        advice = [_advice(resource, group, stage) for resource in (MEMORY, TIME)]
        rows.append(
            AskedRow(
                *key,
                len(group),
                *_compared(MEMORY, group),
                *_compared(TIME, group),
                _most(group, lambda job: job.asked_gpu_mem_mb or None),
                _most(group, lambda job: job.gpu_memory_mb),
                "; ".join(filter(None, advice)) or "ok",
            )
        )
    return rows


def write_asked(path: str | Path, jobs: Sequence[Job]) -> None:
    """Write the rows as CSV. They are measurements, which differ from run to run."""
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


def _most(jobs: Sequence[Job], value_of: Callable[[Job], float | None]) -> float | None:
    return max((value for job in jobs if (value := value_of(job)) is not None), default=None)


def _compared(
    resource: _Resource, jobs: Sequence[Job]
) -> tuple[float | None, float | None, float | None]:
    """The largest request of the jobs, their largest use, and the ratio."""
    asked, used = _most(jobs, resource.asked), _most(jobs, resource.used)
    return asked, used, asked / used if asked is not None and used else None


def _advice(resource: _Resource, group: Sequence[Job], stage: Sequence[Job]) -> str:
    """Advise on requests that were too small or too large; `stage` are all jobs of the rule."""
    asked_used = [(resource.asked(job), resource.used(job)) for job in group]
    pairs = [(asked, used) for asked, used in asked_used if asked is not None and used]
    most = _most(stage, resource.used) or 0
    enough = math.ceil(most * PROPOSED / resource.step) * resource.step
    remedy = f"set-resources {group[0].stage}:{resource.option}={enough} fits all jobs of this rule"
    if any(used > asked for asked, used in pairs):
        return f"too little {resource.word}: {remedy}"
    if pairs and all(
        asked > WASTEFUL * used and asked - used > resource.idle for asked, used in pairs
    ):
        is_less = enough < min(asked for asked, _ in pairs)
        return f"too much {resource.word}" + (f": {remedy}" if is_less else "")
    return ""
