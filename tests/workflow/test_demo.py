"""The log of a run as `make demo` shows it."""

from __future__ import annotations

import re

import pytest

from workflow.project import ROOT, Project

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return Project(folder / "checkout", folder / "store").tiny()


def shown(project, monkeypatch, *arguments, expect=0):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "scripts/progress"))
    run = project.snakemake(*arguments, "--logger", "progress", expect=expect)
    lines = [line for line in run.output.splitlines() if "workflow specific profile" not in line]
    return run, lines


def test_few_lines_and_the_rest_in_a_file(project, monkeypatch):
    run, lines = shown(project, monkeypatch, "results/kidney_nuclei/folds-published.tsv")
    assert run.returncode == 0
    count = int(re.fullmatch(r"(\d+) jobs to do; details in logs/snakemake.log", lines[0])[1])
    assert lines[-1] == f"{count}/{count} jobs done | running: nothing"
    assert len(lines) == 2 + int(run.seconds // 60)
    assert "localrule split:" in project.path("logs/snakemake.log").read_text()


def test_nothing_to_do_is_said(project, monkeypatch):
    run, lines = shown(project, monkeypatch, "results/kidney_nuclei/folds-published.tsv")
    assert run.returncode == 0
    assert lines[0].startswith("Nothing to be done")


def test_a_failed_job_shows_the_end_of_its_log(project, monkeypatch):
    project.write("results/kidney_nuclei/samples/shard-0.tsv", "damaged\n")
    arguments = ("results/kidney_nuclei/samples.tsv", "--rerun-triggers", "mtime")
    _, lines = shown(project, monkeypatch, *arguments, expect=1)
    assert "failed: samples" in lines
    assert any("results/kidney_nuclei/samples/shard-0.tsv: " in line for line in lines)
    assert not any("Exception" in line for line in lines)
    assert lines[-1].startswith("Stopped: 0/1 jobs done; the same command resumes.")
