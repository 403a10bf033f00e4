"""Who runs in a folder, and why a second run there is refused.

Two runs in one folder would write the same files, and Snakemake's own lock is no guard: it
compares the names of files, after minutes of planning, and says neither who holds it nor
since when. So a run that finds another alive ends at once.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import psutil

from segbench.errors import SegbenchError

#: Options of Snakemake with which it only looks: these pass beside a run, as `-n` does.
LOOKING = frozenset(
    [
        "--lint",
        "-l",
        "--list-rules",
        "--list",
        "--list-target-rules",
        "--lt",
        "--print-compilation",
        "--dag",
        "--rulegraph",
        "--filegraph",
        "--d3dag",
        "--summary",
        "-S",
        "--detailed-summary",
        "-D",
        "--list-changes",
        "--lc",
        "--list-input-changes",
        "--li",
        "--list-params-changes",
        "--lp",
        "--list-untracked",
        "--lu",
        "--list-conda-envs",
        "--report",
        "--archive",
    ]
)


def process_space() -> str:
    """The set of processes that can be seen from here: a container has its own."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def this_run() -> dict[str, Any]:
    """What identifies this process for good: its number alone is used again."""
    process = psutil.Process()
    return {
        "host": socket.gethostname(),
        "pid": process.pid,
        "started": process.create_time(),
        "space": process_space(),
        "user": process.username(),
    }


def is_elsewhere(run: dict[str, Any]) -> bool:
    """Whether a run is on another machine or in another container: it cannot be seen."""
    here = (socket.gethostname(), process_space())
    return (run["host"], run.get("space", here[1])) != here


def only_looks(dryrun: bool, arguments: Sequence[str]) -> bool:
    """Whether a command line of Snakemake leaves the folder as it is.

    Parameters
    ----------
    dryrun : bool
        Whether Snakemake makes a dry run.
    arguments : sequence of str
        Of its command line.

    Examples
    --------
    >>> only_looks(False, ["--summary"]), only_looks(False, ["--report=r.html"])
    (True, True)
    >>> only_looks(False, ["--unlock"])
    False
    """
    return dryrun or any(word.partition("=")[0] in LOOKING for word in arguments)


def _describe(run: dict[str, Any]) -> str:
    since = datetime.fromtimestamp(run["started"]).astimezone()
    user = f" of {run['user']}" if run.get("user") else ""
    moment = since.isoformat(sep=" ", timespec="seconds")
    return f"process {run['pid']}{user} on {run['host']}, since {moment}"


def refuse(folder: Path, runs: Collection[dict[str, Any]]) -> NoReturn:
    """Say that a folder is in use.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder.
    runs : collection of dict
        The runs that are, or may be, alive there.

    Raises
    ------
    SegbenchError
        Always.
    """
    stop = [f"kill {run['pid']}" for run in runs if not is_elsewhere(run)]
    hosts = sorted({run["host"] for run in runs if is_elsewhere(run)})
    ways = ["wait until it has ended"]
    if stop:
        ways[0] += f" or stop it ({'; '.join(stop)})"
    if hosts:
        ways.append(
            f"whether it still runs on {', '.join(hosts)} cannot be told from here: look there, "
            "and if it is surely over say `snakemake --unlock` here, then run again"
        )
    ways.append("`snakemake -n` may be used beside it")
    ways.append(
        "to run at the same time take another folder (--config folder=ELSEWHERE, or a second "
        "checkout): finished work is shared through the store"
    )
    raise SegbenchError(
        f"{folder.absolute().parent}: a run is going on in this folder: "
        + "; ".join(_describe(run) for run in runs),
        "one run at a time in a folder, for two would write the same files",
        ";\n    ".join(ways),
    )
