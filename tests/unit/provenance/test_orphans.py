"""Jobs of a killed run are found by the place of their log, cancelled and waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.provenance.orphans import cancel_orphans, orphans

#: Stands for Slurm: lists what is in a file, and takes out what is cancelled.
SQUEUE = """#!/bin/sh
if test -e "{queue}.down"; then
  echo "squeue: error: Unable to contact slurm controller" >&2
  exit 1
fi
cat "{queue}"
"""
SCANCEL = """#!/bin/sh
echo "$@" >> "{queue}.cancelled"
test -e "{queue}.stuck" && exit 0
for id in "$@"; do sed -i "/^$id /d" "{queue}"; done
"""


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A queue as `squeue -O jobid,stdout` shows it."""
    path = tmp_path / "queue"
    path.write_text("")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("squeue", SQUEUE), ("scancel", SCANCEL)):
        (tools / name).write_text(text.format(queue=path))
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return path


@pytest.fixture
def folder(tmp_path):
    """Snakemake's folder of a run that submitted jobs."""
    made = tmp_path / "a checkout" / ".snakemake"
    (made / "slurm_logs").mkdir(parents=True)
    return made


def fill(queue: Path, *rows: tuple[int, str]) -> None:
    queue.write_text("".join(f"{job:<24}{log:<200}\n" for job, log in rows))


def test_only_jobs_that_log_here_are_cancelled(queue, folder):
    here = folder / "slurm_logs"
    fill(
        queue,
        (11, f"{here}/rule_train/x/%j.log"),
        (12, f"{here}2/rule_train/x/%j.log"),
        (13, "/elsewhere/.snakemake/slurm_logs/rule_train/x/%j.log"),
        (14, ""),
        (15, f"{here}/group_scoring/%j.log"),
    )
    said = []
    assert cancel_orphans(folder, said.append) == ["11", "15"]
    assert Path(f"{queue}.cancelled").read_text() == "11 15\n"
    assert said == ["Cancelling 2 Slurm jobs of a killed run: 11, 15."]
    assert [line.split()[0] for line in queue.read_text().splitlines()] == ["12", "13", "14"]


def test_without_jobs_of_a_killed_run_nothing_is_cancelled(queue, folder):
    fill(queue, (12, "/elsewhere/slurm_logs/x.log"))
    said = []
    assert cancel_orphans(folder, said.append) == []
    assert said == []
    assert not Path(f"{queue}.cancelled").exists()


def test_slurm_is_not_asked_where_no_job_was_ever_submitted(queue, tmp_path):
    Path(f"{queue}.down").touch()
    assert cancel_orphans(tmp_path / ".snakemake", print) == []


def test_without_slurm_there_are_no_orphans(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cancel_orphans(folder, print) == []


def test_jobs_that_do_not_end_stop_the_run(queue, folder):
    fill(queue, (11, f"{folder}/slurm_logs/rule_train/%j.log"))
    Path(f"{queue}.stuck").touch()
    with pytest.raises(SegbenchError, match="Slurm jobs 11 of a killed run have not ended"):
        cancel_orphans(folder, print, timeout_s=0.6)


def test_a_controller_that_does_not_respond_is_an_error(queue, folder):
    Path(f"{queue}.down").touch()
    with pytest.raises(SegbenchError, match="Unable to contact slurm controller") as caught:
        orphans(folder)
    assert "squeue" in caught.value.action
