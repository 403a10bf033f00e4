"""profiles/kubernetes: what it asks the cluster for, and that its jobs do the work."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from workflow.project import ROOT, Project

pytestmark = pytest.mark.workflow

PROFILE = ("--profile", "profiles/kubernetes")
SHARD = "results/kidney_nuclei/prep-tiny/shard-0.zarr.zip"


def load():
    """The module beside the profile."""
    spec = importlib.util.spec_from_file_location("jobs", ROOT / "profiles/kubernetes/jobs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


jobs = load()


def script(**properties):
    """A job script of Snakemake's."""
    about = {"type": "single", "rule": "train", "output": ["results/a/model.keras"], **properties}
    return f"#!/bin/sh\n# properties = {json.dumps(about)}\npython -m snakemake ...\n"


def answer(code, out="", err=""):
    return subprocess.CompletedProcess([], code, out, err)


def conditions(*types):
    each = [{"type": name, "status": "True"} for name in types]
    return answer(0, json.dumps({"status": {"conditions": each}}))


def test_a_training_asks_for_its_gpus_memory_cpus_and_time():
    text = script(
        threads=4,
        resources={"gpu": 2, "mem_mb": 9000, "disk_mb": 500, "runtime": 90, "cpus_per_task": 8},
    )
    job = jobs.manifest(text, Path("/segbench/project"))
    pod = job["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["resources"] == {
        "requests": {
            "cpu": "8",
            "memory": "9000M",
            "ephemeral-storage": "500M",
            "nvidia.com/gpu": "2",
        },
        "limits": {"memory": "9000M", "ephemeral-storage": "500M", "nvidia.com/gpu": "2"},
    }
    assert job["spec"]["activeDeadlineSeconds"] == 5400
    assert job["spec"]["backoffLimit"] == 0
    assert container["command"] == ["/bin/sh", "-c", text]
    assert container["workingDir"] == "/segbench/project"
    assert container["image"] == "segbench:latest"
    assert container["volumeMounts"] == [{"name": "shared", "mountPath": "/segbench"}]
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "segbench"}
    assert pod["tolerations"][0]["key"] == "nvidia.com/gpu"
    assert pod["restartPolicy"] == "Never"


def test_other_jobs_ask_for_no_gpu_and_tolerate_no_gpu_node():
    text = script(rule="score", threads=1, resources={"gpu": 0, "mem_mb": 1000})
    job = jobs.manifest(text, Path("/x"))
    pod = job["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["requests"] == {"cpu": "1", "memory": "1000M"}
    assert "tolerations" not in pod
    assert "activeDeadlineSeconds" not in job["spec"]


def test_another_kind_of_gpu_is_named_in_one_place(tmp_path):
    text = (ROOT / "profiles/kubernetes/job.yaml").read_text()
    assert text.count("resource: nvidia.com/gpu") == 1
    site = tmp_path / "job.yaml"
    site.write_text(text.replace("resource: nvidia.com/gpu", "resource: amd.com/gpu"))
    job = jobs.manifest(script(resources={"gpu": 1}), Path("/x"), site)
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"]["amd.com/gpu"] == "1"


@pytest.mark.parametrize(
    "properties",
    [{}, {"rule": "draw_curves"}, {"rule": None, "type": "group", "groupid": "A_b" * 40}],
)
def test_names_are_those_of_the_files_and_fit_kubernetes(properties):
    text = script(**properties)
    names = {jobs.manifest(text, Path(folder))["metadata"]["name"] for folder in ("/x", "/y", "/x")}
    assert len(names) == 2
    other = jobs.manifest(script(output=["b"]), Path("/x"))["metadata"]["name"]
    assert other not in names
    for name in names:
        assert re.fullmatch("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name)


def test_what_is_not_a_job_script_is_refused():
    with pytest.raises(SystemExit, match="properties"):
        jobs.manifest("#!/bin/sh\ntrue\n", Path("/x"))


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (conditions(), "running"),
        (answer(0, "{}"), "running"),
        (conditions("Suspended"), "running"),
        (conditions("SuccessCriteriaMet", "Complete"), "success"),
        (conditions("FailureTarget", "Failed"), "failed"),
        (answer(1, err='Error from server (NotFound): jobs.batch "x" not found'), "failed"),
        (answer(1, err="Unable to connect to the server: i/o timeout"), "running"),
        (answer(1, err="Error from server (TooManyRequests)"), "running"),
    ],
)
def test_a_job_is_given_up_only_when_the_cluster_says_so(said, state):
    assert jobs.state_of(said) == state


def test_commands_can_be_run_and_all_keys_of_the_profile_are_known():
    folder = ROOT / "profiles/kubernetes"
    for name in ("submit", "status", "cancel"):
        assert (folder / name).stat().st_mode & 0o111, f"{name} is not executable"
    slurm = yaml.safe_load((ROOT / "profiles/slurm-gpu/config.yaml").read_text())
    ours = yaml.safe_load((folder / "config.yaml").read_text())
    assert ours["groups"] == slurm["groups"]
    assert ours["set-threads"] == slurm["set-threads"]


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A folder for a cluster, and a kubectl that keeps its Jobs there."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "cluster").mkdir()
    kubectl = tmp_path / "bin/kubectl"
    source = Path(__file__).with_name("kubectl.py")
    kubectl.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{source}" "$@"\n')
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{sys.exec_prefix}/bin:/usr/bin:/bin")
    monkeypatch.setenv("FAKE_CLUSTER", str(tmp_path / "cluster"))
    return tmp_path / "cluster"


def test_a_dry_run_shows_what_would_be_asked_for(cluster, tmp_path):
    project = Project(tmp_path / "checkout", tmp_path / "store").tiny()
    output = project.snakemake("tables/tiny.csv", "-n", *PROFILE).output
    train = output.partition("rule train:")[2].partition("rule ")[0]
    for words in ("gpu=1", "cpus_per_task=8", "mem_mb=", "runtime="):
        assert words in train, words
    assert not list(cluster.iterdir()), "nothing is submitted"


def test_jobs_run_in_the_cluster_a_failed_one_is_told_and_comes_again(cluster, tmp_path):
    project = Project(tmp_path / "checkout", tmp_path / "store").tiny()
    fast = ("--retries", "1", "--latency-wait", "5", "--seconds-between-status-checks", "1")
    run = project.snakemake(SHARD, *PROFILE, *fast)
    assert "preprocess" in run.computed
    assert project.path(SHARD).exists()
    submitted = [json.loads(path.read_text()) for path in cluster.glob("submitted/*.json")]
    names = " ".join(job["metadata"]["name"] for job in submitted)
    assert "segbench-preprocess-" in names
    assert "segbench-acquire-" not in names, "light rules run on the head"
    for job in submitted:
        container = job["spec"]["template"]["spec"]["containers"][0]
        assert container["workingDir"] == str(project.folder)
        assert "nvidia.com/gpu" not in container["resources"]["requests"]
    image = sorted(project.path("data/raw").glob("**/3_Test/*.png"))[0]
    image.write_bytes(image.read_bytes()[:60])
    run = project.snakemake("results/kidney_nuclei/samples.tsv", *PROFILE, *fast, expect=1)
    assert image.name in run.output
    assert "what to do" in run.output


def test_jobs_whose_work_is_stored_ask_for_no_gpu(cluster, tmp_path):
    project = Project(tmp_path / "checkout", tmp_path / "store").tiny()
    run = "results/kidney_nuclei/prep-tiny/aug-none/tiny/seed-0/published/fold-0"
    fast = ("--latency-wait", "5", "--seconds-between-status-checks", "1")
    project.snakemake(f"{run}/probability.zarr.zip")
    for name in ("model.keras", "probability.zarr.zip"):
        project.path(f"{run}/{name}").unlink()
    restored = project.snakemake(f"{run}/probability.zarr.zip", *PROFILE, *fast).restored
    assert {"train", "predict"} <= restored
    submitted = [json.loads(path.read_text()) for path in cluster.glob("submitted/*.json")]
    asked = {}
    for job in submitted:
        container = job["spec"]["template"]["spec"]["containers"][0]
        rule = job["metadata"]["name"].split("-")[1]
        asked[rule] = container["resources"]["requests"].get("nvidia.com/gpu")
    assert (asked["train"], asked["predict"]) == (None, None)
