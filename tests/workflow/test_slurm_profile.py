"""What the profile for a cluster would submit, asked without one."""

from __future__ import annotations

import re

import pytest
import yaml

from workflow.project import ROOT, Project

pytestmark = pytest.mark.workflow

PROFILE = ROOT / "profiles/slurm-gpu/config.yaml"


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """Rule -> what the dry run says of its jobs; the whole text under ''."""
    folder = tmp_path_factory.mktemp("cluster")
    project = Project(folder / "checkout", folder / "store").tiny()
    project.edit("config/studies/tiny.yaml", "primary: iou", "primary: iou\nseeds: [0, 1, 2]")
    home = folder / "home/snakemake"
    home.mkdir(parents=True)
    # As `make profiles` does.
    (home / "slurm-gpu").symlink_to(project.path("profiles/slurm-gpu"))
    run = project.snakemake(
        "--profile", "slurm-gpu", "-n", "all", XDG_CONFIG_HOME=str(folder / "home")
    )
    jobs = {"": [run.output]}
    for name, text in re.findall(r"^ *(?:local)?rule (\w+):\n((?: +\w+: .*\n)+)", run.output, re.M):
        jobs.setdefault(name, []).append(text)
    return jobs


def asked(text, resource):
    found = re.search(rf"\b{resource}=(\d+)", text)
    return int(found.group(1)) if found else None


def test_training_and_prediction_ask_for_a_gpu_and_nothing_else_does(planned):
    gpus = {name: {asked(text, "gpu") for text in texts} for name, texts in planned.items() if name}
    assert gpus.pop("train") == {1}
    assert gpus.pop("predict") == {1}
    assert set().union(*gpus.values()) == {None}


def test_memory_time_and_cpus_are_asked_for(planned):
    for text in planned["train"]:
        assert asked(text, "cpus_per_task") == 8
        assert asked(text, "gpu_mem_mb") > 500
    for name in set(planned) - {"", "all"}:
        for text in planned[name]:
            assert asked(text, "mem_mb") >= 500, f"{name}: Snakemake itself takes 300"
            assert asked(text, "runtime") >= 1, name


def test_the_runs_to_score_go_in_one_group(planned):
    groups = re.findall(r"Group job (\w+)", planned[""][0])
    assert groups.count("scoring") == 1
    assert groups.count("drawing") == 1
    assert [len(planned[name]) for name in ("segment", "score", "measure", "describe")] == [3] * 4


def test_what_takes_seconds_is_not_submitted():
    local = set()
    for path in (ROOT / "rules").glob("*.smk"):
        local |= set(
            re.findall(r"^rule (\w+):\n(?: .*\n|\n)*?    localrule: True\n", path.read_text(), re.M)
        )
    assert local == {"acquire", "samples", "split", "tabulate", "report", "inspect_folder"}


def test_the_profile_keeps_clear_of_what_loses_work():
    profile = yaml.safe_load(PROFILE.read_text())
    assert profile["slurm-status-command"] == "squeue", "sacct never sees a cancelled job end"
    assert "slurm-array-jobs" not in profile, "a failing task deletes its sibling's output"
    assert profile["retries"] >= 1
    for path in (ROOT / "rules").glob("*.smk"):
        assert "retries:" not in path.read_text(), "they are spent inside one allocation"


def test_what_a_cluster_sets_the_default_profile_does_not():
    """The default is merged over any profile, key by key."""
    default = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text())
    allowed = {"keep-going"}
    for path in (ROOT / "profiles").glob("*/config.yaml"):
        if path.parent.name != "default":
            assert not (set(yaml.safe_load(path.read_text())) & set(default)) - allowed, path


def test_the_partitions_are_in_the_very_file():
    profile = yaml.safe_load(PROFILE.read_text())
    assert profile["slurm-partition-config"] == PROFILE.name
    assert any(limits.get("max_gpu", 0) for limits in profile["partitions"].values())
    assert any(not limits.get("max_gpu", 0) for limits in profile["partitions"].values())
