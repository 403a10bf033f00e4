"""Watches which files a job of the workflow reads; put on PYTHONPATH by test_declared_files.py.

Python imports this before anything else. In a process that runs a rule's script every file
that is opened for reading is noted, and at the end what the job declares. Files that a library
opens in C (a picture by OpenCV, Parquet by Arrow) are not seen by Python.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import sys

FOLDER = os.environ.get("SEGBENCH_AUDIT")
SCRIPT = re.search(r"\.snakemake/scripts/tmp\w+\.(\w+)\.py", " ".join(sys.orig_argv))


def watch(folder: str, job: str) -> None:
    """Note what is read from now on; processes that this one starts note it, too."""
    os.environ["SEGBENCH_AUDIT_JOB"] = job
    read: set[str] = set()

    def hook(event: str, arguments: tuple) -> None:
        if event != "open" or not isinstance(arguments[0], str | bytes):
            return
        path, mode, flags = arguments
        reads = "r" in mode if isinstance(mode, str) else flags & os.O_ACCMODE == os.O_RDONLY
        if reads:
            read.add(os.path.abspath(os.fsdecode(path)))

    def write() -> None:
        snakemake = getattr(sys.modules["__main__"], "snakemake", None)
        declared = {
            name: [str(path) for path in getattr(snakemake, name)]
            for name in ("input", "output", "log")
            if snakemake is not None
        }
        seen = sorted(read)
        with open(os.path.join(folder, f"{job}.{os.getpid()}.json"), "w") as file:
            json.dump({"read": seen, "declared": declared, "cwd": os.getcwd()}, file)

    sys.addaudithook(hook)
    atexit.register(write)


if FOLDER and (SCRIPT or "SEGBENCH_AUDIT_JOB" in os.environ):
    watch(FOLDER, os.environ.get("SEGBENCH_AUDIT_JOB") or f"{SCRIPT[1]}-{os.getpid()}")
