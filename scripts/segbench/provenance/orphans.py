"""Cancel the jobs that a killed run left in Slurm's queue.

Snakemake cancels its jobs when it is interrupted. It cannot if it is killed with SIGKILL or
the head node fails: the jobs continue, and the next run, which does not know them, would
submit a second copy of each that writes the same outputs. So before a run begins, it cancels
the jobs of earlier runs in the same folder and waits for them to end. Nothing is lost: a
training resumes after its last finished epoch, and finished work is in the store.

The jobs are recognised by the path of their Slurm log, inside the folder of outputs. Only one
run at a time is alive there (`segbench.provenance.lock`), so no live run owns them.
"""

from __future__ import annotations

import getpass
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from segbench.errors import SegbenchError

#: Folder below ``.snakemake`` in which the Slurm executor writes the logs of its jobs.
LOGS = "slurm_logs"

#: Slurm kills the processes of a cancelled job after about 30 s; then the node must respond.
TIMEOUT_S = 180.0


def _ask(command: Sequence[str]) -> str:
    """The output of a Slurm command; a `SegbenchError` if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", None) or error).strip()
        raise SegbenchError(
            f"{command[0]}: {said}",
            "a response from Slurm: jobs of an earlier run in this folder may still be alive",
            "run the same command again once `squeue` works",
        ) from error
    return done.stdout


def orphans(folder: Path) -> list[str]:
    """Ids of this user's queued or running jobs whose logs lie below a folder.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder.

    Raises
    ------
    SegbenchError
        Slurm does not respond.
    """
    logs = f"{(folder / LOGS).resolve()}/"
    listed = _ask(["squeue", "-h", "-u", getpass.getuser(), "-O", "jobid:24,stdout:4096"])
    rows = [line.split(maxsplit=1) for line in listed.splitlines()]
    return [row[0] for row in rows if len(row) == 2 and row[1].startswith(logs)]


def cancel_orphans(
    folder: Path, say: Callable[[str], None], timeout_s: float = TIMEOUT_S
) -> list[str]:
    """Cancel the jobs of earlier runs in a folder, and wait for them to end.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of a working folder in which no run is alive.
    say : callable
        Takes a line for the user.
    timeout_s : float
        Seconds to wait for them to end.

    Returns
    -------
    list of str
        Ids of the cancelled jobs; empty if there is no Slurm, or if no job was ever
        submitted from this folder.

    Raises
    ------
    SegbenchError
        Slurm does not respond, or the jobs do not end: a second copy of a job must not run
        beside the first.
    """
    if not (folder / LOGS).is_dir() or shutil.which("squeue") is None:
        return []
    found = left = orphans(folder)
    if not found:
        return []
    say(f"Cancelling {len(found)} Slurm jobs of a killed run: {', '.join(found)}.")
    _ask(["scancel", *found])
    deadline = time.monotonic() + timeout_s
    while left and time.monotonic() < deadline:
        time.sleep(0.5)
        left = orphans(folder)
    if left:
        raise SegbenchError(
            f"Slurm jobs {', '.join(left)} of a killed run have not ended {timeout_s:.0f} s after "
            "being cancelled",
            "no job of an earlier run when the same work starts again",
            "wait, or ask the cluster's administrators; then run the same command again",
        )
    return found
