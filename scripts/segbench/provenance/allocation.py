"""What a job asked for, and what it was really given."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

#: Resources by their names in Snakemake, and by ours.
_ASKED = {
    "mem_mb": "mem_mb",
    "runtime": "runtime_min",
    "gpu": "gpu",
    "gpu_mem_mb": "gpu_mem_mb",
}

#: Where the limits of a control group stand, in its second and first version.
_LIMITS = (
    "/sys/fs/cgroup{path}/memory.max",
    "/sys/fs/cgroup/memory{path}/memory.limit_in_bytes",
)

#: Larger limits mean none.
_NO_LIMIT = 2**60


def asked_of(resources: Any, threads: int) -> dict[str, int]:
    """What a job asked for, of what Snakemake gives a script.

    Parameters
    ----------
    resources : object
        ``snakemake.resources``, or any object or mapping with such names.
    threads : int
        Threads granted.

    Returns
    -------
    dict
        ``threads`` and, where they were asked for, ``mem_mb``, ``runtime_min``, ``gpu``
        and ``gpu_mem_mb``.

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
    """What a scheduler of a cluster gave this process; None where there is none.

    Parameters
    ----------
    environment : mapping, optional
        Of the process; its own by default.
    root : path, optional
        Of the file system, for tests.

    Returns
    -------
    dict or None
        ``slurm_job``: its number, of the environment or, as executors may clean that, of
        the name of the control group. ``mem_mb``: the limit of the control group in MiB, None
        where it sets none.
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
    """The narrowest limit of memory of a group and of those above it."""
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
