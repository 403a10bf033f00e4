"""A training that is killed repeatedly ends with the same bytes as an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest

from workflow.project import Project, epochs_in

pytestmark = pytest.mark.workflow

EPOCHS = 14
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
JITTER = """
jitter:
  flip_horizontal: 0.5
  rotate90: 0.5
  rotation_degrees: [-10, 10]
  noise_sd: 0.05
  elastic_alpha_px: 2.0
"""
RUN = "results/kidney_nuclei/prep-tiny/aug-shaken/tiny/seed-0/published/fold-0"
LOG = RUN.replace("results", "logs") + "/train.log"


def make(folder):
    project = Project(folder / "checkout", folder / "store").tiny()
    project.write("config/models/tiny.yaml", MODEL)
    project.write("config/augmentation/shaken.yaml", JITTER)
    project.edit("config/studies/tiny.yaml", "augmentation: [none]", "augmentation: [shaken]")
    return project


def wait_for_epoch(project, epoch, process):
    """Wait until the training's log has reached an epoch; return what the log says."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        log = project.path(LOG)
        text = log.read_text() if log.exists() else ""
        if epochs_in(text) and epochs_in(text)[-1] >= epoch:
            return text
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.02)
    raise AssertionError(f"epoch {epoch} was not reached")


def start(project):
    return subprocess.Popen(
        project.command("tables/tiny.csv"),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_training_only(process):
    """SIGKILL the script, as a memory limit does; Snakemake sees a failed job."""
    found = subprocess.run(
        ["pgrep", "-s", str(process.pid), "-f", r"train\.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    for pid in found.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    assert process.wait(timeout=120) != 0


def kill_everything(process):
    """SIGKILL Snakemake and its jobs, as a node's death does."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The undisturbed run."""
    project = make(tmp_path_factory.mktemp("undisturbed"))
    project.snakemake("tables/tiny.csv")
    assert epochs_in(project.path(LOG).read_text()) == list(range(1, EPOCHS + 1))
    return project


def test_killed_three_times_it_ends_with_the_same_bytes(undisturbed, tmp_path):
    project = make(tmp_path)
    moments = sorted(random.Random(os.getpid()).sample(range(2, EPOCHS - 1), 3))
    seen = 0
    for moment, kill in zip(
        moments, (kill_training_only, kill_everything, kill_training_only), strict=True
    ):
        process = start(project)
        text = wait_for_epoch(project, moment, process)
        kill(process)
        first = epochs_in(text)[0]
        assert first == 1 if seen == 0 else first > 1, f"started over after epoch {seen}"
        assert not project.path(f"{RUN}/model.keras").exists(), "nothing half-written"
        seen = epochs_in(project.path(LOG).read_text())[-1]
    project.snakemake("tables/tiny.csv")
    done = epochs_in(project.path(LOG).read_text())
    assert done == list(range(done[0], EPOCHS + 1))
    assert done[0] >= seen, f"killed after epoch {seen}, went on with {done[0]}"
    for name in (f"{RUN}/model.keras", f"{RUN}/history.csv", f"{RUN}/scores.parquet"):
        assert project.path(name).read_bytes() == undisturbed.path(name).read_bytes(), name
    assert not list(project.store.glob("partial/*")), "the state is gone when it has succeeded"


def test_a_second_checkout_with_another_store_makes_the_same_tables(undisturbed, tmp_path):
    project = make(tmp_path)
    project.snakemake("tables/tiny.csv", "--cores", "1")
    names = [
        path.relative_to(undisturbed.folder) for path in undisturbed.path(".").glob("results/**/*")
    ]
    compared = 0
    for name in names:
        path = undisturbed.path(str(name))
        if path.is_file() and not path.name.endswith("cost.json"):
            assert project.path(str(name)).read_bytes() == path.read_bytes(), name
            compared += 1
    assert compared >= 12
    assert (
        project.path("tables/tiny.csv").read_bytes()
        == undisturbed.path("tables/tiny.csv").read_bytes()
    )
