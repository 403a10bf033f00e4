"""Jobs that a killed run left in Slurm's queue.

Snakemake cancels its jobs when it is interrupted. Killed with SIGKILL, or with the head
node under it, it cannot: the jobs go on, and the next run, which knows nothing of them,
would submit a second copy of each onto the same outputs. So before a run begins, the jobs
of earlier runs in the same folder are cancelled, and waited for. Nothing is lost by that: a
training goes on after its last finished epoch, and finished work is in the store.

They are known by the place of their Slurm log, which lies inside the folder of outputs;
only one run at a time is alive there (`segbench.provenance.lock`), so they are nobody's.
"""

from __future__ import annotations

import getpass
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from segbench.errors import SegbenchError

#: Where the Slurm executor writes the logs of its jobs, below Snakemake's folder.
LOGS = "slurm_logs"

#: Slurm kills a cancelled job's processes after some 30 s; then the node must answer.
PATIENCE_S = 180.0


def _ask(command: Sequence[str]) -> str:
    """Run a command of Slurm; an error of the user's kind where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", None) or error).strip()
        raise SegbenchError(
            f"{command[0]}: {said}",
            "an answer of Slurm: jobs of an earlier run here may still be alive",
            "run the same command again when `squeue` works",
        ) from error
    return done.stdout


def orphans(folder: Path) -> list[str]:
    """Ids of this user's jobs in the queue whose logs lie below a folder.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder.

    Raises
    ------
    SegbenchError
        If Slurm does not answer.
    """
    logs = f"{(folder / LOGS).resolve()}/"
    listed = _ask(["squeue", "-h", "-u", getpass.getuser(), "-O", "jobid:24,stdout:4096"])
    rows = [line.split(maxsplit=1) for line in listed.splitlines()]
    return [row[0] for row in rows if len(row) == 2 and row[1].startswith(logs)]


def cancel_orphans(
    folder: Path, say: Callable[[str], None], patience_s: float = PATIENCE_S
) -> list[str]:
    """Cancel the jobs of earlier runs in a folder, and wait until they are gone.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder, in which no run is alive.
    say : callable
        Takes a line for the user.
    patience_s : float
        Seconds to wait for them to end.

    Returns
    -------
    list of str
        Ids of the jobs that were cancelled; empty where there is no Slurm, or where no job
        was ever submitted from this folder.

    Raises
    ------
    SegbenchError
        If Slurm does not answer, or if they do not end: a second copy of a job must not
        run beside the first.
    """
    if not (folder / LOGS).is_dir() or shutil.which("squeue") is None:
        return []
    found = left = orphans(folder)
    if not found:
        return []
    say(f"A killed run left {len(found)} Slurm jobs here: cancelling {', '.join(found)}.")
    _ask(["scancel", *found])
    deadline = time.monotonic() + patience_s
    while left and time.monotonic() < deadline:
        time.sleep(0.5)
        left = orphans(folder)
    if left:
        raise SegbenchError(
            f"Slurm jobs {', '.join(left)} of a killed run do not end",
            "no job of an earlier run before the same work is begun again",
            "wait, or ask who runs the cluster; then run the same command again",
        )
    return found
