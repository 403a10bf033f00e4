"""A job's work is done once, logged, measured, and never half kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from segbench.archives import ArchiveWriter
from segbench.provenance.job import Job, work_key

ROOT = Path(__file__).resolve().parents[3]

SCRIPT = """
import json, sys
from pathlib import Path
from segbench.errors import SegbenchError
from segbench.provenance.job import run

class Names(dict):
    pass

class Fake:
    def __init__(self, d):
        self.rule = "train"
        self.input, self.output = Names(d["input"]), Names(d["output"])
        self.params, self.wildcards = Names(d["params"]), Names(d["wildcards"])
        self.log, self.threads = d["log"], 2

def work(job):
    job.say("working")
    print("to the standard output")
    behaviour = job.params["behaviour"]
    if behaviour == "user":
        raise SegbenchError("a.png: is empty", "an image", "download it again")
    if behaviour == "bug":
        raise ZeroDivisionError("oops")
    if job.state:
        (job.state / "state").write_text("1")
    job.outputs["model"].write_text(job.input("data").read_text().upper())
    if behaviour != "forget":
        job.outputs["history"].write_text("h")
    return 10

run(Fake(json.loads(sys.argv[1])), work, stored=json.loads(sys.argv[1]).get("stored", True))
"""


@pytest.fixture
def start(tmp_path):
    """Return a function that runs a job as Snakemake would: in a process of its own."""
    (tmp_path / "job.py").write_text(textwrap.dedent(SCRIPT))
    (tmp_path / "data.txt").write_text("abc")

    def call(behaviour="good", folder="out", **changes):
        out = tmp_path / folder
        out.mkdir(exist_ok=True)
        names = {
            "input": {"data": str(tmp_path / "data.txt")},
            "output": {n: str(out / n) for n in ("model", "history", "cost")},
            "params": {"code": "c", "behaviour": behaviour},
            "wildcards": {"fold": "0", "model": "unet"},
            "log": [str(out / "log.txt")],
            **changes,
        }
        environment = {
            **os.environ,
            "SEGBENCH_STORE": str(tmp_path / "store"),
            "PYTHONPATH": str(ROOT / "scripts"),
        }
        done = subprocess.run(
            [sys.executable, tmp_path / "job.py", json.dumps(names)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        return done, out

    return call


def test_the_first_job_computes_and_the_second_restores(start):
    done, first = start()
    assert (done.returncode, done.stderr) == (0, "")
    assert (first / "model").read_text() == "ABC"
    assert json.loads((first / "cost").read_text())["status"] == "computed"
    done, second = start(folder="other")
    assert done.returncode == 0
    assert (second / "model").read_text() == "ABC"
    assert "working" not in (second / "log.txt").read_text()
    cost = json.loads((second / "cost").read_text())
    assert cost["status"] == "restored"
    assert cost["wall_s"] == json.loads((first / "cost").read_text())["wall_s"], "what it cost"


def test_a_cost_says_what_was_used(start):
    _, out = start()
    cost = json.loads((out / "cost").read_text())
    assert cost["stage"] == "train"
    assert cost["wildcards"] == {"fold": "0", "model": "unet"}
    assert cost["threads"] == 2
    assert cost["peak_rss_mb"] > 5
    assert cost["wall_s"] >= 0 <= cost["cpu_s"]
    assert 10 / cost["images_per_s"] == pytest.approx(cost["wall_s"], abs=0.001)


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"code": "d", "behaviour": "good"}},
        {"params": {"code": "c", "behaviour": "good", "lr": 1}},
        {"wildcards": {"fold": "1", "model": "unet"}},
    ],
    ids=["code", "parameter", "fold"],
)
def test_another_code_parameter_or_fold_is_other_work(start, change):
    start()
    _, out = start(folder="other", **change)
    assert json.loads((out / "cost").read_text())["status"] == "computed"


def test_another_name_for_the_same_recipe_is_the_same_work(start):
    start()
    _, out = start(folder="other", wildcards={"fold": "0", "model": "renamed"})
    assert json.loads((out / "cost").read_text())["status"] == "restored"


def test_other_content_is_other_work_and_another_time_is_not(start, tmp_path):
    start()
    os.utime(tmp_path / "data.txt", (1, 1))
    _, out = start(folder="touched")
    assert json.loads((out / "cost").read_text())["status"] == "restored"
    (tmp_path / "data.txt").write_text("xyz")
    _, out = start(folder="changed")
    assert (out / "model").read_text() == "XYZ"


def test_an_error_of_the_user_is_told_on_the_terminal_and_in_the_log(start):
    done, out = start("user")
    assert done.returncode == 1
    assert "a.png: is empty" in done.stderr
    assert "what to do: download it again" in done.stderr
    assert "Traceback" not in done.stderr
    assert "a.png: is empty" in (out / "log.txt").read_text()
    assert not (out / "cost").exists()


def test_a_bug_leaves_its_traceback(start):
    done, out = start("bug")
    assert done.returncode == 1
    assert "ZeroDivisionError: oops" in done.stderr
    assert "ZeroDivisionError" in (out / "log.txt").read_text()


def test_a_missing_output_fails_the_job_and_is_not_kept(start, tmp_path):
    done, _ = start("forget")
    assert done.returncode == 1
    assert "history: was not written" in done.stderr
    assert list(tmp_path.glob("store/entries/*/*")) == []
    assert list(tmp_path.glob("store/partial/*/state")), "the state waits for the next try"


def test_the_log_has_all_output(start):
    _, out = start()
    log = (out / "log.txt").read_text()
    assert "to the standard output" in log
    assert "working" in log


def test_what_is_not_stored_is_computed_each_time(start):
    start(stored=False)
    _, out = start(folder="other", stored=False)
    assert json.loads((out / "cost").read_text())["status"] == "computed"


@pytest.mark.parametrize("stored", [True, False])
def test_every_job_leaves_a_record(start, tmp_path, stored):
    start(stored=stored)
    start(folder="other", stored=stored)
    other, first = [
        json.loads(path.read_text())
        for path in sorted(tmp_path.glob(".segbench/records/**/*.json"))
    ]
    for record in (first, other):
        assert record["rule"] == "train"
        assert record["params"] == {"code": "c", "behaviour": "good"}
        assert list(record["inputs"]) == [str(tmp_path / "data.txt")]
        assert len(record["outputs"]) == 3, "the cost is one of them"
    assert first["cost"]["status"] == "computed"
    assert other["cost"]["status"] == ("restored" if stored else "computed")
    assert (first["key"] == other["key"] is not None) if stored else first["key"] is None
    if stored:
        assert other["cost"]["wall_s"] == first["cost"]["wall_s"], "what it cost to compute"


def test_a_failed_job_leaves_no_record(start, tmp_path):
    start("bug")
    assert not (tmp_path / ".segbench").exists()


def test_a_record_that_cannot_be_written_fails_no_job(start, tmp_path):
    (tmp_path / ".segbench").write_text("a file, where the records' folder belongs")
    done, out = start()
    assert done.returncode == 0
    assert "Could not write the record of this job" in (out / "log.txt").read_text()


def job_of(path, **wildcards):
    return Job({"archives": [path]}, {}, {"code": "c"}, wildcards, 1)


def write_archive(path, value, time):
    with ArchiveWriter(path, {"axes": "yx"}) as archive:
        archive.add("a", {"label": np.full((2, 2), value, np.uint8)})
    os.utime(path, (time, time))
    return path


def test_the_key_follows_the_content_of_an_archive(tmp_path):
    one = job_of(write_archive(tmp_path / "1.zarr.zip", 1, 5), fold="0")
    same = job_of(write_archive(tmp_path / "2.zarr.zip", 1, 9), fold="0")
    other = job_of(write_archive(tmp_path / "3.zarr.zip", 2, 5), fold="0")
    assert work_key("train", one) == work_key("train", same) != work_key("train", other)


def test_a_selection_stands_for_the_whole_file(tmp_path):
    one = job_of(write_archive(tmp_path / "1.zarr.zip", 1, 5), fold="0")
    other = job_of(write_archive(tmp_path / "3.zarr.zip", 2, 5), fold="0")

    def keys(digest):
        return [work_key("train", job, lambda _: {"archives": digest}) for job in (one, other)]

    assert len(set(keys("d"))) == 1
    assert set(keys("d")).isdisjoint(keys("e"))
