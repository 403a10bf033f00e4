"""What a job requested and what it was granted."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

#: Names of resources in Snakemake -> in a cost.
_ASKED = {
    "mem_mb": "mem_mb",
    "runtime": "runtime_min",
    "gpu": "gpu",
    "gpu_mem_mb": "gpu_mem_mb",
    "expected_s": "expected_s",
}

#: Files with the memory limit of a control group, version 2 and 1.
_LIMITS = (
    "/sys/fs/cgroup{path}/memory.max",
    "/sys/fs/cgroup/memory{path}/memory.limit_in_bytes",
)

#: Larger values mean no limit.
_NO_LIMIT = 2**60


def asked_of(resources: Any, threads: int) -> dict[str, int]:
    """The resources that a job requested.

    Parameters
    ----------
    resources : object
        ``snakemake.resources``, or any object or mapping with such names.
    threads : int
        Threads granted.

    Returns
    -------
    dict
        ``threads`` and, where given, ``mem_mb``, ``runtime_min``, ``gpu``, ``gpu_mem_mb`` and
        ``expected_s``, the predicted wall time.

    Examples
    --------
    >>> asked_of({"mem_mb": 2000, "runtime": 30, "tmpdir": "/tmp"}, 4)
    {'threads': 4, 'mem_mb': 2000, 'runtime_min': 30}
    """
    asked = {"threads": threads}
    for theirs, ours in _ASKED.items():
        if isinstance(resources, Mapping):
            value = resources.get(theirs)
        else:
            value = getattr(resources, theirs, None)
        if isinstance(value, int) and not isinstance(value, bool):
            asked[ours] = value
    return asked


def granted(
    environment: Mapping[str, str] | None = None, root: str | Path = "/"
) -> dict[str, Any] | None:
    """What a cluster's scheduler granted this process; None without a scheduler.

    Parameters
    ----------
    environment : mapping, optional
        Of the process; its own by default.
    root : path, optional
        Of the file system, for tests.

    Returns
    -------
    dict or None
        ``slurm_job``: its number, from the environment or, as executors may clean that, from the
        name of the control group. ``mem_mb``: memory limit of the control group in MiB, or
        None.
    """
    environment = os.environ if environment is None else environment
    groups = _groups(Path(root))
    named = next((found for path in groups if (found := re.search(r"/job_(\d+)", path))), None)
    number = environment.get("SLURM_JOB_ID") or (named.group(1) if named else None)
    if number is None:
        return None
    return {"slurm_job": number, "mem_mb": _limit_mb(groups, Path(root))}


def _groups(root: Path) -> list[str]:
    """Paths of the control groups of this process."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    return [line.split(":", 2)[2] for line in lines if line.count(":") >= 2]


def _limit_mb(groups: list[str], root: Path) -> int | None:
    """The lowest memory limit of a group and its parents."""
    found: list[int] = []
    for path in groups:
        for place in (path, *map(str, Path(path).parents)):
            for pattern in _LIMITS:
                file = root / pattern.format(path=place.rstrip("/")).lstrip("/")
                found += _number(file.read_text) if file.is_file() else []
    limits = [limit for limit in found if limit < _NO_LIMIT]
    return min(limits) // 2**20 if limits else None


def _number(read: Callable[[], str]) -> list[int]:
    try:
        return [int(read())]
    except (OSError, ValueError):  # "max" is none
        return []
