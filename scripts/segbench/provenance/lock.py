"""Tell the stale lock of a killed run from the lock of a run that is alive.

Snakemake locks its working folder and removes the lock when it ends. Killed with SIGKILL,
it cannot, and the next run would refuse to start until `--unlock` is passed. So every
run registers here; when no registered run is alive, the locks are stale and are removed.
While one is alive, no second run starts in the folder (see `segbench.provenance.running`).
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from segbench.provenance.orphans import cancel_orphans
from segbench.provenance.running import is_elsewhere, only_inspects, refuse, this_run

#: A process whose start time differs by more is another one with the same pid. A smaller
#: tolerance would not survive a corrected clock, from which the start time is computed.
START_TOLERANCE_S = 60


def alive(run: dict[str, Any]) -> bool:
    """Whether a registered run may be alive; one on another machine always may.

    Parameters
    ----------
    run : dict
        ``host``, ``pid``, and ``started``, the start time of the process.
    """
    if is_elsewhere(run):
        return True
    try:
        process = psutil.Process(run["pid"])
        started: float = process.create_time()
        same = abs(started - float(run["started"])) < START_TOLERANCE_S
        return same and str(process.status()) != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return _is_hidden(run["pid"])


def _is_hidden(pid: int) -> bool:
    """Whether the process belongs to another user and cannot be inspected."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        pass
    return False


@contextmanager
def _registry(folder: Path) -> Iterator[list[dict[str, Any]]]:
    """The registered runs that may be alive; changes that the block makes are written back."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "segbench-runs.json", "a+", encoding="utf-8") as handle:
        with suppress(OSError):  # without file locks, only simultaneous starts go unnoticed
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        try:
            runs = [run for run in json.load(handle) if alive(run)]
        except (ValueError, KeyError, TypeError):
            # Truncated by a run that was killed while writing.
            runs = []
        yield runs
        handle.seek(0)
        handle.truncate()
        json.dump(runs, handle)


def _others(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [run for run in runs if run["pid"] != os.getpid() or is_elsewhere(run)]


def remove_stale_locks(folder: Path, *, unlock: bool = False) -> list[Path]:
    """Register this run, and remove the locks that no live run holds.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder.
    unlock : bool
        Whether the user says that runs on other machines have ended.

    Returns
    -------
    list of Path
        The locks that were removed.

    Raises
    ------
    SegbenchError
        Another run is, or may be, alive in the folder; it is not disturbed.
    """
    with _registry(folder) as runs:
        others = [run for run in _others(runs) if not (unlock and is_elsewhere(run))]
        if others:
            refuse(folder, others)
        removed = sorted((folder / "locks").glob("*.lock"))
        for lock in removed:
            lock.unlink(missing_ok=True)
        runs[:] = [this_run()]
    return removed


def end_run(folder: Path) -> None:
    """Take this run out of the registry, as it ends."""
    try:
        with _registry(folder) as runs:
            runs[:] = _others(runs)
    except OSError:
        pass  # the folder is gone, or no longer writable


def begin_run(
    folder: Path, dryrun: bool, arguments: Sequence[str], say: Callable[[str], None]
) -> bool:
    """Begin a run in a folder, or only inspect it.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder.
    dryrun : bool
        Whether this is a dry run.
    arguments : sequence of str
        Snakemake's command line.
    say : callable
        Takes a line for the user.

    Returns
    -------
    bool
        Whether files of the folder may be updated: always in a run; if it is only inspected,
        when no run is alive there.

    Raises
    ------
    SegbenchError
        This is a run, and another is, or may be, alive in the folder.
    """
    if only_inspects(dryrun, arguments):
        path = folder / "segbench-runs.json"
        try:
            return not any(alive(run) for run in json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return True
        except (ValueError, KeyError, TypeError):
            return False  # being written right now
    if remove_stale_locks(folder, unlock="--unlock" in arguments):
        say("Removed stale lock; resuming.")
    if "--unlock" not in arguments:
        cancel_orphans(folder, say)
    atexit.register(end_run, folder.absolute())
    return True
