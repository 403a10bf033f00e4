"""docs/how-to/add-a-stage.md is followed in a copy of the project, and the stage works."""

from __future__ import annotations

import json

import pytest

from unit.pages import follow, page
from workflow.test_explain import Explained

pytestmark = pytest.mark.workflow

TARGETS = [f"results/kidney_nuclei/prep-tiny/brightness/shard-{n}.json" for n in range(2)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage")
    made = Explained(folder / "checkout", folder / "store").tiny()
    assert follow(page("add-a-stage.md"), made.folder) == [
        "scripts/segbench/imaging/brightness.py", "scripts/brightness.py",
        "scripts/segbench/stages.py", "rules/brightness.smk", "Snakefile",
    ]  # fmt: skip
    return made


def test_the_new_stage_runs_and_is_restored_and_explained(project):
    planned = project.explained(*TARGETS)["total"]["stages"]
    assert planned["brightness"]["jobs"] == 2
    assert list(planned)[-2:] == ["preprocess", "brightness"], "where the record stands"
    assert planned["brightness"]["worst_case_h"]["wall"] > 0, "predicted by the record"

    run = project.snakemake(*TARGETS)
    assert run.output.count("rule brightness:") == 2
    means = {
        k: v for path in TARGETS for k, v in json.loads(project.path(path).read_text()).items()
    }
    assert len(means) == 8, "six samples and two of the test set"
    assert all(0 < value < 255 for value in means.values())
    cost = json.loads(project.path(TARGETS[0].replace(".json", ".cost.json")).read_text())
    assert (cost["stage"], cost["status"]) == ("brightness", "computed")
    assert cost["asked"]["expected_s"] >= 1
    assert cost["asked"]["mem_mb"] >= cost["peak_rss_mb"]

    before = project.path(TARGETS[0]).read_bytes()
    project.path(TARGETS[0]).unlink()
    project.snakemake(*TARGETS)
    assert project.path(TARGETS[0]).read_bytes() == before
    log = project.path("logs/brightness/kidney_nuclei-tiny-0.log").read_text()
    assert "found in the store" in log

    project.edit("scripts/segbench/imaging/brightness.py", ".mean()", ".max()")
    found = project.explained(*TARGETS)["total"]
    (cause,) = found["causes"]
    assert cause["sentence"] == "code segbench.imaging.brightness:write_brightness changed"
    assert cause["jobs"] == {"brightness": 2}


def test_the_report_sums_up_the_new_stage(project):
    planned = project.snakemake("-n", "report").output
    assert all(path.replace(".json", ".cost.json") in planned for path in TARGETS)
