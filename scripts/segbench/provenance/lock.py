"""Tell a lock that a killed run left behind from the lock of a run that is alive.

Snakemake locks its working folder and removes the lock when it ends. Killed with SIGKILL,
it cannot; the next run would refuse to start until somebody says `--unlock`. Every run
writes here who it is; when none of them is alive any more, their locks are void. While one
is, no second run starts in the folder (see `segbench.provenance.running`).
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
from segbench.provenance.running import is_elsewhere, only_looks, refuse, this_run

#: A process whose start is off by more is another one with the same number. Not less: the
#: start is reckoned from the clock, and a corrected clock moves it.
SECONDS_APART = 60


def alive(run: dict[str, Any]) -> bool:
    """Whether a recorded run may still be running; of one elsewhere nobody can tell.

    Parameters
    ----------
    run : dict
        ``host``, ``pid``, and the time at which the process started.
    """
    if is_elsewhere(run):
        return True
    try:
        process = psutil.Process(run["pid"])
        started: float = process.create_time()
        same = abs(started - float(run["started"])) < SECONDS_APART
        return same and str(process.status()) != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return _is_hidden(run["pid"])


def _is_hidden(pid: int) -> bool:
    """Whether there is a process of another user that this one may not look at."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        pass
    return False


@contextmanager
def _record(folder: Path) -> Iterator[list[dict[str, Any]]]:
    """The recorded runs that may be alive; what the block makes of the list is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "segbench-runs.json", "a+", encoding="utf-8") as handle:
        with suppress(OSError):  # where no file can be locked, only a tie is not noticed
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        try:
            runs = [run for run in json.load(handle) if alive(run)]
        except (ValueError, KeyError, TypeError):
            # Written by a run that was killed just then: nobody can be excluded.
            runs = []
        yield runs
        handle.seek(0)
        handle.truncate()
        json.dump(runs, handle)


def _others(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [run for run in runs if run["pid"] != os.getpid() or is_elsewhere(run)]


def void_stale_locks(folder: Path, *, unlock: bool = False) -> list[Path]:
    """Record this run, and remove locks that no living run can hold.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder.
    unlock : bool
        Whether the user says that runs which cannot be seen from here are over.

    Returns
    -------
    list of Path
        The locks that were removed.

    Raises
    ------
    SegbenchError
        If another run is, or may be, alive here. It is not disturbed.
    """
    with _record(folder) as runs:
        others = [run for run in _others(runs) if not (unlock and is_elsewhere(run))]
        if others:
            refuse(folder, others)
        removed = sorted((folder / "locks").glob("*.lock"))
        for lock in removed:
            lock.unlink(missing_ok=True)
        runs[:] = [this_run()]
    return removed


def sign_off(folder: Path) -> None:
    """Take this run out of the record, as it ends."""
    try:
        with _record(folder) as runs:
            runs[:] = _others(runs)
    except OSError:
        pass  # the folder is gone, or can no longer be written to


def may_write(
    folder: Path, dryrun: bool, arguments: Sequence[str], say: Callable[[str], None]
) -> bool:
    """Begin a run in a folder, or only look at it.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder.
    dryrun : bool
        Whether Snakemake makes a dry run.
    arguments : sequence of str
        Of Snakemake's command line.
    say : callable
        Takes a line for the user.

    Returns
    -------
    bool
        Whether files of the folder may be brought up to date: always in a run; where one
        only looks, if nobody else runs.

    Raises
    ------
    SegbenchError
        If this is a run and another is, or may be, alive in the folder.
    """
    if only_looks(dryrun, arguments):
        path = folder / "segbench-runs.json"
        try:
            return not any(alive(run) for run in json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return True
        except (ValueError, KeyError, TypeError):
            return False  # it is being written just now
    if void_stale_locks(folder, unlock="--unlock" in arguments):
        say("The last run here was killed; its lock is void, going on.")
    if "--unlock" not in arguments:
        cancel_orphans(folder, say)
    atexit.register(sign_off, folder.absolute())
    return True
