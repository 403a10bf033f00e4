"""A copy of the project in a folder of its own, run with the real Snakemake."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What a checkout holds that running needs.
PARTS = ("Snakefile", "rules", "scripts", "config", "envs", "profiles")

TINY_MAIN = """
datasets:
  kidney_nuclei:
    source: generated
    generated: {samples: 6, test_samples: 2, seed: 0}
    protocols: {published: {validation: {count: 2}}}
studies:
  tiny: {}
"""

TINY_STUDY = """
title: A tiny study
question: Does the workflow work?
dataset: kidney_nuclei
protocol: published
preprocessing: [tiny]
augmentation: [none]
models: [tiny]
metrics: [iou, dice]
primary: iou
"""

TINY_PREPROCESSING = "resize: {height: 32, width: 32}\nclahe: {tiles: 4}\ngamma: 1.2\n"

TINY_MODEL = """
network: {depth: 1, width: 4}
training: {batch: 2, epochs: 2, steps_per_epoch: 3, precision: float32}
"""


@dataclass
class Run:
    """What one run of Snakemake did.

    Attributes
    ----------
    computed, restored : set of str
        Rules with a job that was computed, or found in the store.
    jobs : dict of str to list of str
        Rule -> logs of its jobs in this run.
    """

    returncode: int
    output: str
    seconds: float
    computed: set[str] = field(default_factory=set)
    restored: set[str] = field(default_factory=set)
    jobs: dict[str, list[str]] = field(default_factory=dict)


class Project:
    """A checkout to play with.

    Parameters
    ----------
    folder : Path
        Where to put it.
    store : Path
        The store it uses.
    """

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder = folder
        self.store = store
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                skip = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / part, ignore=skip)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / part)

    def tiny(self) -> Project:
        """Replace the default configuration by one that runs in seconds."""
        self.write("config/config.yaml", TINY_MAIN)
        self.write("config/studies/tiny.yaml", TINY_STUDY)
        self.write("config/preprocessing/tiny.yaml", TINY_PREPROCESSING)
        self.write("config/models/tiny.yaml", TINY_MODEL)
        return self

    def path(self, name: str) -> Path:
        """A file of the project."""
        return self.folder / name

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that must be there."""
        text = self.path(name).read_text()
        assert old in text, f"{name} no longer contains {old!r}: update the test"
        self.write(name, text.replace(old, new, 1))

    def environment(self) -> dict[str, str]:
        """The environment of a run: this Python's tools, the project's store."""
        tools = str(Path(sys.executable).parent)
        return {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "SEGBENCH_STORE": str(self.store),
        }

    def command(self, *arguments: str) -> list[str]:
        """The command line of a run."""
        return [str(Path(sys.executable).parent / "snakemake"), *arguments]

    def snakemake(self, *arguments: str, expect: int = 0, **environment: str) -> Run:
        """Run Snakemake and look at what its jobs did.

        Parameters
        ----------
        *arguments : str
            Of the command line.
        expect : int
            The exit status that must come.
        **environment : str
            Added to the environment.
        """
        start = time.time()
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        run = Run(done.returncode, done.stdout, time.time() - start)
        assert done.returncode == expect, done.stdout[-6000:]
        for log in sorted(self.folder.glob("logs/**/*.log")):
            if log.stat().st_mtime >= start - 0.01:
                self._read_log(log, run)
        return run

    def _read_log(self, log: Path, run: Run) -> None:
        relative = log.relative_to(self.folder / "logs")
        rule = log.stem if len(relative.parts) > 3 or len(relative.parts) == 1 else ""
        rule = rule if rule in RULES else relative.parts[0]
        text = log.read_text()
        run.jobs.setdefault(rule, []).append(text)
        (run.restored if "found in the store" in text else run.computed).add(rule)


#: Scripts that people run, not rules.
COMMANDS = frozenset({"explain", "store"})

#: Rules of the workflow that do work, by the name of their script.
RULES = frozenset(path.stem for path in (ROOT / "scripts").glob("*.py")) - COMMANDS


def epochs_in(text: str) -> list[int]:
    """The epochs in the log of a training."""
    return [int(number) for number in re.findall(r"epoch (\d+)/", text)]
