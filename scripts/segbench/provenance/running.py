"""Identify the run in a folder, and refuse a second one.

Two runs in one folder would write the same files. Snakemake's own lock does not prevent it: it
compares file names, after minutes of planning, and reports neither its owner nor its age. So
a run ends at once when another one is alive in the folder.
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

#: Options with which Snakemake only inspects the folder; like `-n`, safe beside a run.
INSPECTING = frozenset(
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


def pid_namespace() -> str:
    """The namespace of process ids: a container has its own."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def this_run() -> dict[str, Any]:
    """The identity of this process: the pid alone is not enough, because pids are reused."""
    process = psutil.Process()
    return {
        "host": socket.gethostname(),
        "pid": process.pid,
        "started": process.create_time(),
        "space": pid_namespace(),
        "user": process.username(),
    }


def is_elsewhere(run: dict[str, Any]) -> bool:
    """Whether a run is on another machine or in another container, where it is not visible."""
    here = (socket.gethostname(), pid_namespace())
    return (run["host"], run.get("space", here[1])) != here


def only_inspects(dryrun: bool, arguments: Sequence[str]) -> bool:
    """Whether a Snakemake command leaves the folder unchanged.

    Parameters
    ----------
    dryrun : bool
        Whether it is a dry run.
    arguments : sequence of str
        Its command line.

    Examples
    --------
    >>> only_inspects(False, ["--summary"]), only_inspects(False, ["--report=r.html"])
    (True, True)
    >>> only_inspects(False, ["--unlock"])
    False
    """
    return dryrun or any(word.partition("=")[0] in INSPECTING for word in arguments)


def _describe(run: dict[str, Any]) -> str:
    since = datetime.fromtimestamp(run["started"]).astimezone()
    user = f" of {run['user']}" if run.get("user") else ""
    moment = since.isoformat(sep=" ", timespec="seconds")
    return f"process {run['pid']}{user} on {run['host']}, since {moment}"


def refuse(folder: Path, runs: Collection[dict[str, Any]]) -> NoReturn:
    """Report that a folder is in use.

    Parameters
    ----------
    folder : Path
        Snakemake's ``.snakemake`` of the working folder.
    runs : collection of dict
        The runs that are, or may be, alive in it.

    Raises
    ------
    SegbenchError
        Always.
    """
    stop = [f"kill {run['pid']}" for run in runs if not is_elsewhere(run)]
    hosts = sorted({run["host"] for run in runs if is_elsewhere(run)})
    ways = ["wait for it to finish"]
    if stop:
        ways[0] += f", or stop it ({'; '.join(stop)})"
    if hosts:
        ways.append(
            f"this machine cannot see whether it is still alive on {', '.join(hosts)}: check "
            "there, and if it has ended, run `snakemake --unlock` here, then run again"
        )
    ways.append("`snakemake -n` is safe beside it")
    ways.append(
        "to run at the same time, use another folder (--config folder=ELSEWHERE, or a second "
        "checkout): finished work is shared through the store"
    )
    raise SegbenchError(
        f"{folder.absolute().parent}: another run is active in this folder: "
        + "; ".join(_describe(run) for run in runs),
        "one run at a time in a folder: two would write the same files",
        ";\n    ".join(ways),
    )
