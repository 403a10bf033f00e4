"""Whatever is wrong with the store, a job that can do its work succeeds."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from segbench.provenance.keys import Job, work_key
from unit.provenance.stores import ROOT, everything, open_up, tmpfs

#: A job of a rule as Snakemake starts it; its output is 2 MB.
SCRIPT = """
import sys
from pathlib import Path
from segbench.provenance.job import run
class Fake:
    rule, threads, log = "train", 1, ["out/log"]
    input, params, wildcards = {}, {"code": sys.argv[1]}, {"dataset": "d", "fold": "0"}
    output = {"model": "out/model", "cost": "out/cost"}
def work(job):
    (job.state / "state").write_text("1")
    job.say(f"state in {job.state}")
    job.outputs["model"].write_bytes(b"m" * 2_000_000)
run(Fake(), work)
"""


def job(folder, store, code="c"):
    """Run it; how it ended, its log."""
    (folder / "out").mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, code],
        env={**os.environ, "SEGBENCH_STORE": str(store), "PYTHONPATH": str(ROOT / "scripts")},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "out/model").read_bytes() == b"m" * 2_000_000
    status = json.loads((folder / "out/cost").read_text())["status"]
    return status, (folder / "out/log").read_text(), done.stderr


def test_a_full_store_is_a_warning_on_the_terminal_and_in_the_log(tmp_path):
    with tmpfs(tmp_path / "memory", "1m") as memory:
        status, log, terminal = job(tmp_path / "a", memory / "store")
        assert status == "computed"
        for said in (log, terminal):
            assert f"Store {memory / 'store'} is full: 2.0 MB are needed, 1.0 MB are" in said
        assert everything(memory) == []


def test_a_read_only_store_is_one_line_in_the_log(tmp_path):
    with tmpfs(tmp_path / "memory") as memory:
        assert job(tmp_path / "a", memory / "store")[0] == "computed"
        subprocess.run(["mount", "-o", "remount,ro", memory], check=True)
        status, log, _ = job(tmp_path / "b", memory / "store")
        assert status == "restored"
        assert "is not writable" not in log
        status, log, terminal = job(tmp_path / "c", memory / "store", "other code")
        assert status == "computed"
        assert log.count("is not writable (Read-only file system)") == 1
        assert "state in .segbench/partial/" in log
        assert terminal == ""
        assert list((tmp_path / "c/.segbench/partial").iterdir()) == []


@pytest.mark.parametrize("poison", [b"", b"{", b"[]", b"\xff\xfe", b'{"outputs": {"model": 3}}'])
def test_a_poisoned_entry_costs_the_work_and_no_more(tmp_path, poison):
    store = tmp_path / "store"
    job(tmp_path / "a", store)
    (entry,) = store.glob("entries/*/*")
    open_up(entry).write_bytes(poison)
    status, log, terminal = job(tmp_path / "b", store)
    assert status == "computed"
    assert "Traceback" not in log + terminal
    assert "Dropped damaged store entry; recomputing" in terminal
    assert job(tmp_path / "c", store)[0] == "restored"


def test_a_poisoned_object_costs_the_work_and_no_more(tmp_path):
    store = tmp_path / "store"
    job(tmp_path / "a", store)
    (target,) = store.glob("objects/*/*")
    open_up(target).write_bytes(b"M" * 2_000_000)
    (tmp_path / "a/out/model").unlink()  # the other name of the same file
    assert job(tmp_path / "b", store)[0] == "computed"
    assert job(tmp_path / "a", store)[0] == "restored"


def keys(**wildcards):
    named = Job({}, {}, {"code": "c"}, {"dataset": "d", "model": "unet", **wildcards}, 1)
    return work_key("train", named)


def test_folds_seeds_shards_datasets_and_rules_never_share_an_entry():
    found = [
        keys(fold="0"), keys(fold="1"), keys(fold="10"), keys(fold="ensemble"),
        keys(seed="0"), keys(seed="1"), keys(shard="0"), keys(shard="1"), keys(protocol="0"),
        keys(fold="0", seed="1"), keys(fold="1", seed="0"), keys(dataset="e"),
    ]  # fmt: skip
    assert len(set(found)) == len(found)
    job = Job({}, {}, {"code": "c"}, {"fold": "0"}, 1)
    assert work_key("train", job) != work_key("predict", job)
