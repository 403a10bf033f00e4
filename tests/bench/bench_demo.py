"""The whole miniature benchmark against the useful work of its jobs."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from workflow.project import Project


def measure() -> list[dict[str, Any]]:
    """Run the miniature from nothing; compare with its heavy jobs packed on all cores.

    A job's useful work is the wall time that it measured itself: without the start of its
    Python process, and without Snakemake. What is lost is planning, starting, waiting for
    another job's output, and the last jobs, when not all cores have one.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "checkout", Path(folder) / "store")
        whole = project.snakemake("--quiet", "all").seconds
        again = project.snakemake("--quiet", "all").seconds
        costs = [json.loads(p.read_text()) for p in project.folder.glob("results/**/*cost.json")]
    cores = os.cpu_count() or 1
    useful = sum(cost["wall_s"] for cost in costs) / cores
    training = sum(cost["wall_s"] for cost in costs if cost["stage"] in ("train", "predict"))
    return [
        {
            "name": f"whole miniature, {cores} cores",
            "ours_s": whole,
            "peer": f"work of {len(costs)} heavy jobs, packed",
            "peer_s": useful,
            "ratio": useful / whole,
            "aim": 0.7,
            "note": f"{training / cores / useful:.0%} of the work is training and prediction",
        },
        {
            "name": "second run, nothing to be done",
            "ours_s": again,
            "peer": "5 s",
            "peer_s": 5.0,
            "ratio": 5.0 / again,
            "aim": 1.0,
            "note": "checks the raw files and plans the DAG",
        },
    ]
