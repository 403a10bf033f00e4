"""What ran where and how long: the ``cost.json`` of every job, and sums of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segbench.arms import RUN_LABELS
from segbench.errors import SegbenchError
from segbench.reporting.summaries import read_json

#: Order of the wildcards in the name of a job; others follow, sorted by name.
ORDER = ("study", *RUN_LABELS, "shard")
#: Wildcards whose values are numbers: they are printed with their names.
NAMED = frozenset({"seed", "fold", "shard"})


@dataclass(frozen=True)
class Job:
    """The cost of one job; None where it was not measured."""

    stage: str
    target: str
    wall_s: float | None
    cpu_s: float | None
    peak_rss_mb: float | None
    threads: int | None
    gpu: str
    gpu_memory_mb: float | None
    gpu_utilisation: float | None
    energy_j: float | None
    images_per_s: float | None
    restored: bool
    host: str
    started: str
    dataset: str = ""
    model: str = ""
    asked_mem_mb: float | None = None
    asked_runtime_min: float | None = None
    asked_gpu_mem_mb: float | None = None


@dataclass(frozen=True)
class Total:
    """Sums and peaks over the computed jobs of a set, and how many were restored."""

    name: str
    computed: int
    restored: int
    wall_s: float | None
    cpu_s: float | None
    peak_rss_mb: float | None
    gpu: str
    gpu_memory_mb: float | None
    energy_j: float | None


def _target(wildcards: dict[str, Any]) -> str:
    names = [name for name in ORDER if name in wildcards]
    names += sorted(set(wildcards) - set(names))
    parts = [
        str(wildcards[n]) if n not in NAMED and n in ORDER else f"{n} {wildcards[n]}" for n in names
    ]
    return " · ".join(parts)


def _figure(path: Path, data: dict[str, Any], key: str) -> float | None:
    value = data.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SegbenchError(
            f"{path}: {key} is {value!r}", "a number or null", "delete it and run the job again"
        )
    return float(value) if math.isfinite(value) else None


def read_job(path: str | Path) -> Job:
    """Read one ``cost.json``.

    Parameters
    ----------
    path : str or Path
        JSON object; missing keys, null and NaN are "not measured".

    Raises
    ------
    SegbenchError
        The file is unreadable or a figure is no number.
    """
    path = Path(path)
    data = read_json(path)
    gpu = data.get("gpu") or {}
    wildcards = data.get("wildcards") or {}
    asked = data.get("asked") or {}
    if not all(isinstance(part, dict) for part in (gpu, wildcards, asked)):
        raise SegbenchError(
            f"{path}: asked, gpu or wildcards is no object", "JSON objects", "run the job again"
        )
    threads = _figure(path, data, "threads")
    return Job(
        stage=str(data.get("stage", "unknown")),
        target=_target(wildcards),
        wall_s=_figure(path, data, "wall_s"),
        cpu_s=_figure(path, data, "cpu_s"),
        peak_rss_mb=_figure(path, data, "peak_rss_mb"),
        threads=None if threads is None else int(threads),
        gpu=str(gpu.get("name", "")),
        gpu_memory_mb=_figure(path, gpu, "peak_memory_mb"),
        gpu_utilisation=_figure(path, gpu, "utilisation"),
        energy_j=_figure(path, gpu, "energy_j"),
        images_per_s=_figure(path, data, "images_per_s"),
        restored=data.get("status") == "restored",
        host=str(data.get("host", "")),
        started=str(data.get("started", "")),
        dataset=str(wildcards.get("dataset", "")),
        model=str(wildcards.get("model", "")),
        asked_mem_mb=_figure(path, asked, "mem_mb"),
        asked_runtime_min=_figure(path, asked, "runtime_min"),
        asked_gpu_mem_mb=_figure(path, asked, "gpu_mem_mb"),
    )


def read_jobs(paths: Iterable[str | Path]) -> list[Job]:
    """Read many ``cost.json``, in the order in which the jobs started."""
    jobs = [read_job(path) for path in paths]
    return sorted(jobs, key=lambda job: (job.started, job.stage, job.target, job.host))


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else None


def _peak(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def total_of(name: str, jobs: Sequence[Job]) -> Total:
    """Sum some jobs.

    Parameters
    ----------
    name : str
        Of the sum.
    jobs : sequence of Job
        Restored jobs are counted, but restoring is not the work: times, peaks and energy
        are those of the computed jobs.
    """
    computed = [job for job in jobs if not job.restored]
    return Total(
        name=name,
        computed=len(computed),
        restored=len(jobs) - len(computed),
        wall_s=_sum(job.wall_s for job in computed),
        cpu_s=_sum(job.cpu_s for job in computed),
        peak_rss_mb=_peak(job.peak_rss_mb for job in computed),
        gpu=", ".join(sorted({job.gpu for job in computed if job.gpu})),
        gpu_memory_mb=_peak(job.gpu_memory_mb for job in computed),
        energy_j=_sum(job.energy_j for job in computed),
    )


def totals_by(jobs: Sequence[Job], key: Callable[[Job], str]) -> list[Total]:
    """Sum jobs by a key, in the order in which its values first occur."""
    names = dict.fromkeys(key(job) for job in jobs)
    return [total_of(name, [job for job in jobs if key(job) == name]) for name in names]
