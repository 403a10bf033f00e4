"""Tell a lock that a killed run left behind from the lock of a run that is alive.

Snakemake locks its working folder and removes the lock when it ends. Killed with SIGKILL,
it cannot; the next run would refuse to start until somebody says `--unlock`. Every run
writes here who it is; when none of them is alive any more, their locks are void.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path
from typing import Any

import psutil


def _me() -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
    }


def alive(run: dict[str, Any]) -> bool:
    """Whether a recorded run may still be running; on another host nobody can tell.

    Parameters
    ----------
    run : dict
        ``host``, ``pid``, and the time at which the process started.
    """
    if run["host"] != socket.gethostname():
        return True
    try:
        started: float = psutil.Process(run["pid"]).create_time()
        return abs(started - float(run["started"])) < 1
    except psutil.NoSuchProcess:
        return False


def void_stale_locks(folder: Path) -> list[Path]:
    """Record this run, and remove locks that no living run can hold.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder.

    Returns
    -------
    list of Path
        The locks that were removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "segbench-runs.json", "a+", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        try:
            runs = [run for run in json.load(handle) if alive(run)]
        except (ValueError, KeyError, TypeError):
            # Written by a run that was killed just then: nobody can be excluded.
            runs = []
        removed = [] if runs else sorted((folder / "locks").glob("*.lock"))
        for lock in removed:
            lock.unlink(missing_ok=True)
        handle.seek(0)
        handle.truncate()
        json.dump([*runs, _me()], handle)
    return removed
