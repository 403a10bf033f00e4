"""Several GPUs on one machine: so many trainings at a time, each on its own."""

from __future__ import annotations

import fcntl
import json
import re
from itertools import pairwise

import pytest

from workflow.project import Project

pytestmark = pytest.mark.workflow

ARM = "results/kidney_nuclei/prep-tiny/aug-none/tiny/seed-{}/published/fold-0"
PROFILE = ("--profile", "profiles/local-gpu", "--cores", "16")

#: Stands in for the training: it says when it had which GPUs.
TRAINING = """
import json, os, time
from segbench.provenance.job import Job, run

def work(job: Job) -> None:
    began = time.monotonic()
    time.sleep(1)
    job.outputs["model"].write_text("a model")
    spent = [os.environ["CUDA_VISIBLE_DEVICES"], job.devices, began, time.monotonic()]
    job.outputs["history"].write_text(json.dumps(spent))

if __name__ == "__main__":
    run(snakemake, work)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpus")
    project = Project(folder / "checkout", folder / "store").tiny()
    project.edit("config/studies/tiny.yaml", "primary: iou", "primary: iou\nseeds: [0, 1, 2, 3, 4]")
    return project


@pytest.fixture
def two_gpus(project, monkeypatch):
    """The environment of a machine with two GPUs, as far as anybody can tell."""
    for name in ("SLURM_JOB_ID", "CUDA_DEVICE_ORDER"):
        monkeypatch.delenv(name, raising=False)
    locks = project.folder.parent / "locks"
    return {"CUDA_VISIBLE_DEVICES": "0,1", "SEGBENCH_DEVICE_LOCKS": str(locks)}


def test_dry_run_shows_who_gets_a_gpu(project):
    run = project.snakemake("-n", *PROFILE, "all")
    jobs = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", run.output, re.MULTILINE)
    gpus = {name: re.findall(r"\bgpu=(\d+)", text) for name, text in jobs}
    assert gpus["train"] == gpus["predict"] == ["1"]
    assert not [name for name, found in gpus.items() if found and name not in ("train", "predict")]
    assert re.search(r"rule train:\n(?:    .*\n)*?    threads: 4\n", run.output)


def test_one_training_on_both_gpus(project, two_gpus):
    """As a user would: by one figure of the profile. TensorFlow sees no GPU here."""
    profile = "profiles/local-gpu/config.yaml"
    project.edit(profile, "train: {gpu: 1}", "train: {gpu: 2}")
    model = f"{ARM.format(0)}/model.keras"
    run = project.snakemake(*PROFILE, model, **two_gpus)
    (log,) = run.jobs["train"]
    assert "claimed GPU 0, 1" in log
    assert "asked for 2 GPUs, TensorFlow sees none: training on the CPU" in log
    cost = json.loads(project.path(f"{ARM.format(0)}/train.cost.json").read_text())
    assert cost["status"] == "computed"

    # What the store has waits for no GPU: here are all of them, in other hands.
    project.path(model).unlink()
    locks = project.folder.parent / "locks"
    with (locks / "0.lock").open() as first, (locks / "1.lock").open() as second:
        for held in (first, second):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        run = project.snakemake(*PROFILE, model, **two_gpus)
    assert "train" in run.restored and "train" not in run.computed

    # A batch of 2 on 3 GPUs: an error that says so, not another batch.
    project.edit(profile, "gpu: 2  ", "gpu: 3  ")
    project.edit(profile, "train: {gpu: 2}", "train: {gpu: 3}")
    two_gpus["CUDA_VISIBLE_DEVICES"] = "0,1,2"
    run = project.snakemake(
        *PROFILE, "--retries", "0", f"{ARM.format(1)}/model.keras", expect=1, **two_gpus
    )
    assert "training.batch is 2, which 3 devices (gpu: 3) cannot share" in run.output
    project.edit(profile, "gpu: 3  ", "gpu: 2  ")
    project.edit(profile, "train: {gpu: 3}", "train: {gpu: 1}")


def test_four_trainings_on_two_gpus(project, two_gpus):
    project.write("scripts/train.py", TRAINING)
    seeds = (1, 2, 3, 4)
    run = project.snakemake(*PROFILE, *(f"{ARM.format(s)}/model.keras" for s in seeds), **two_gpus)
    assert len(run.jobs["train"]) == 4
    assert all(re.search(r"claimed GPU [01]\n", log) for log in run.jobs["train"])
    spans = [json.loads(project.path(f"{ARM.format(s)}/history.csv").read_text()) for s in seeds]
    assert {device for device, *_ in spans} == {"0", "1"}
    assert {count for _, count, *_ in spans} == {1}
    for device in "01":
        own = sorted((began, ended) for name, _, began, ended in spans if name == device)
        assert all(ended <= began for (_, ended), (began, _) in pairwise(own))
    # Never more than two at a time, and two at some time.
    at_once = [sum(b <= began < e for _, _, b, e in spans) for _, _, began, _ in spans]
    assert max(at_once) == 2
