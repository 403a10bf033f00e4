"""What the real Snakemake asks for, before and after the data are there."""

from __future__ import annotations

import json
import re

import pytest

from workflow.project import TINY_STUDY, Project

MAIN = """
datasets:
  kidney_nuclei:
    generated: {samples: 6, test_samples: 2, seed: 0}
    protocols: {published: {validation: {count: 2}}}
  brats:
    shards: 2
    generated: {samples: 4, test_samples: 0, seed: 0}
    protocols: {published: {test: {count: 1}, validation: {count: 1}}}
studies:
  flat: {}
  deep: {}
"""

MODEL = """
network: {{depth: 3, width: 16}}
training: {{batch: 8, epochs: 40, steps_per_epoch: 50, patch: {patch}}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A study of images and one of volumes, with networks of one size."""
    folder = tmp_path_factory.mktemp("resources")
    made = Project(folder / "checkout", folder / "store")
    made.write("config/config.yaml", MAIN)
    flat = TINY_STUDY.replace("[tiny]", "[flat]", 1).replace("models: [tiny]", "models: [flat]")
    deep = flat.replace("kidney_nuclei", "brats").replace("[flat]", "[deep]")
    made.write("config/studies/flat.yaml", flat)
    made.write("config/studies/deep.yaml", deep)
    made.write("config/preprocessing/flat.yaml", "resize: {height: 32, width: 32}\n")
    made.write("config/preprocessing/deep.yaml", "{channels: all, crop: nonzero}\n")
    made.write("config/models/flat.yaml", MODEL.format(patch="[32, 32]"))
    made.write("config/models/deep.yaml", MODEL.format(patch="[32, 32, 32]"))
    return made


def asked(project, *arguments):
    """What a dry run prints: (rule, dataset) -> resources of one of its jobs."""
    output = project.snakemake("-n", *arguments).output
    found = {}
    for block in re.split(r"\n(?=rule \w+:)", output):
        rule = re.match(r"\n*rule (\w+):", block)
        dataset = re.search(r"wildcards: .*?dataset=(\w+)", block)
        numbers = re.search(r"\n +resources: (.*)", block)
        if rule and dataset and numbers:
            pairs = re.findall(r"(\w+)=(\d+)(?=,|$)", numbers.group(1))
            found[rule.group(1), dataset.group(1)] = {key: int(n) for key, n in pairs}
    return found


@pytest.fixture(scope="module")
def planned(project):
    return asked(project)


def test_volumes_ask_for_more_than_images_before_anything_is_there(planned):
    flat, deep = planned["train", "kidney_nuclei"], planned["train", "brats"]
    assert deep["mem_mb"] > flat["mem_mb"] >= 1000
    assert deep["runtime"] > flat["runtime"] >= 10
    assert (
        planned["preprocess", "brats"]["mem_mb"] > planned["preprocess", "kidney_nuclei"]["mem_mb"]
    )


def test_no_gpu_no_memory_of_one(planned):
    assert planned["train", "brats"]["gpu_mem_mb"] == 0


def test_a_profile_that_gives_a_gpu_changes_what_is_asked_for(project, planned):
    found = asked(project, "--set-resources", "train:gpu=1")
    cpu, gpu = planned["train", "brats"], found["train", "brats"]
    assert gpu["gpu"] == 1
    assert gpu["gpu_mem_mb"] > 1000
    assert gpu["runtime"] < cpu["runtime"]
    assert found["predict", "brats"]["gpu_mem_mb"] == 0


def test_retries_ask_for_more_of_both(project, planned):
    again = asked(project, "--attempt", "2")
    for key in planned.keys() & again.keys():
        if "mem_mb" in planned[key] and key[0] in ("train", "predict", "preprocess", "measure"):
            assert again[key]["mem_mb"] == 2 * planned[key]["mem_mb"], key
            assert again[key]["runtime"] > planned[key]["runtime"], key


def test_a_job_requests_less_once_its_data_exist_and_records_the_request(project, planned):
    archive = "results/brats/prep-deep/shard-0.zarr.zip"
    project.snakemake(archive, "results/brats/samples.tsv")
    cost = json.loads(project.path(archive.replace("zarr.zip", "cost.json")).read_text())
    known = asked(project)
    # The generated heads are smaller than the published ones, which the config describes.
    assert known["train", "brats"]["mem_mb"] < planned["train", "brats"]["mem_mb"]
    assert cost["asked"]["threads"] == 1
    assert cost["asked"]["mem_mb"] >= cost["peak_rss_mb"]
    assert cost["asked"]["runtime_min"] * 60 >= cost["wall_s"]


def test_what_is_asked_for_reruns_nothing(project):
    archive = "results/brats/prep-deep/shard-0.zarr.zip"
    project.edit("rules/preprocess.smk", 'mem_mb=JOBS.memory("preprocess")', "mem_mb=1234")
    project.edit(
        "scripts/segbench/resources/constants.py", "MEMORY_MARGIN = 1.15", "MEMORY_MARGIN = 1.5"
    )
    output = project.snakemake("-n", archive).output
    assert "Nothing to be done" in output, output[-3000:]
