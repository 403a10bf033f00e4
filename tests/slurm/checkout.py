"""A checkout whose runs go to Slurm, and the trainings that run there."""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from slurm.cluster import Cluster
from workflow.project import Project, epochs_in

EPOCHS = 30
MODEL = f"""
network: {{depth: 2, width: 4, dropout: 0.2}}
training:
  batch: 2
  epochs: {EPOCHS}
  steps_per_epoch: 8
  precision: float32
  deterministic: true
  schedule: {{name: cosine}}
"""
ARM = "kidney_nuclei/prep-tiny/aug-none/tiny/seed-{seed}/published"
RUN = f"results/{ARM}/fold-0"
LOG = f"logs/{ARM}/fold-0/train.log"
TABLES = ("tables/tiny.csv", "tables/tiny.md", "tables/tiny.tex", "tables/tiny.html")
#: All that were started; whoever still runs at the end would submit to the next cluster.
RUNS: list[subprocess.Popen[bytes]] = []
#: A training each, in the study of all tests.
SEEDS = range(9)
#: The last bits of a network depend on how many threads add it up.
THREADS = ("--set-threads", "train=1", "predict=1")
#: What is as in the profile, but for the pauses and for one training that others may displace.
PROFILE = ("--profile", "slurm-gpu", "--latency-wait", "20")
PROFILE += ("--slurm-init-seconds-before-status-checks", "1")


class Checkout(Project):
    """A checkout that submits to a cluster."""

    def seeds(self, seeds: range) -> Checkout:
        """The tiny study with one training a seed, long enough to be caught at it."""
        self.tiny()
        self.write("config/models/tiny.yaml", MODEL)
        self.edit(
            "config/studies/tiny.yaml", "models: [tiny]", f"models: [tiny]\nseeds: {[*seeds]}"
        )
        return self

    def environment(self) -> dict[str, str]:
        """As documented: the profiles are linked where Snakemake looks for them by name."""
        home = self.folder.parent / f"{self.folder.name}-home"
        link = home / "snakemake" / "slurm-gpu"
        if not link.exists():
            link.parent.mkdir(parents=True)
            link.symlink_to(self.folder / "profiles" / "slurm-gpu")
        return {**super().environment(), "XDG_CONFIG_HOME": str(home)}

    def command(self, *arguments: str) -> list[str]:
        """The command line of a run that need not wait for the next minute."""
        return [sys.executable, str(Path(__file__).with_name("impatient.py")), *arguments]

    def submit(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a run; what it says goes to `run.log`."""
        with open(self.path("run.log"), "ab") as log:
            run = subprocess.Popen(
                self.command(*arguments, *PROFILE),
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        RUNS.append(run)
        return run

    def said(self) -> str:
        """What the runs said so far."""
        return self.path("run.log").read_text()

    def without(self, rule: str, folder: Path) -> Checkout:
        """A copy of a finished checkout in which nothing from the trainings on is done.

        Its store has everything but the work of one rule.
        """
        shutil.copytree(self.folder, folder, symlinks=True)
        store = folder.parent / f"{folder.name}-store"
        shutil.copytree(self.store, store)
        for entry in store.glob("entries/*/*.json"):
            if json.loads(entry.read_text())["record"]["rule"] == rule:
                entry.unlink()
        twin = copy.copy(self)
        twin.folder, twin.store = folder, store
        for name in ("tables", *(path.split("/seed-", maxsplit=1)[0] for path in (RUN, LOG))):
            shutil.rmtree(twin.path(name), ignore_errors=True)
        return twin

    def log(self, seed: int) -> str:
        """What a training has logged in its last attempt."""
        path = self.path(LOG.format(seed=seed))
        return path.read_text() if path.exists() else ""

    def process(self, seed: int) -> int | None:
        """The process of a training: the one that writes its log."""
        log = str(self.path(LOG.format(seed=seed)).resolve())
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(folder / "fd/1") == log:
                    return int(folder.name)
            except OSError:
                continue
        return None

    def freeze(self, seed: int) -> int | None:
        """Stop a training once it has finished two epochs; its process, or None before."""
        if not 2 <= max(epochs_in(self.log(seed)), default=0) < EPOCHS - 2:
            return None
        pid = self.process(seed)
        if pid is not None:
            os.kill(pid, signal.SIGSTOP)
        return pid

    def job(self, cluster: Cluster, seed: int) -> str | None:
        """Slurm's id of a training that runs."""
        wanted = f"rule_train_wildcards_kidney_nuclei_tiny_none_tiny_{seed}_published_0"
        found = [job for job, row in cluster.jobs("R").items() if row[1] == wanted]
        assert len(found) <= 1, f"two copies of a training run: {found}"
        return found[0] if found else None
