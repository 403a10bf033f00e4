"""A lock is void when, and only when, no run that could hold it is alive."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import psutil
import pytest

from segbench.provenance import lock
from segbench.provenance.lock import alive, void_stale_locks


@pytest.fixture
def folder(tmp_path):
    """A working folder's .snakemake with two locks."""
    (tmp_path / "locks").mkdir()
    for name in ("0.input.lock", "0.output.lock"):
        (tmp_path / "locks" / name).write_text("results\n")
    return tmp_path


def record(folder, **changes):
    run = {**lock._me(), **changes}
    (folder / "segbench-runs.json").write_text(json.dumps([run]))


def locks(folder):
    return sorted(path.name for path in (folder / "locks").iterdir())


def dead_pid():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_locks_of_a_dead_run_are_removed(folder):
    record(folder, pid=dead_pid())
    assert len(void_stale_locks(folder)) == 2
    assert locks(folder) == []


def test_locks_of_a_living_run_stay(folder):
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        record(folder, pid=other.pid, started=psutil.Process(other.pid).create_time())
        assert void_stale_locks(folder) == []
        assert len(locks(folder)) == 2
    finally:
        other.communicate(b"\n")


def test_another_process_with_the_same_number_is_another_run(folder):
    record(folder, started=lock._me()["started"] - 1000)
    assert len(void_stale_locks(folder)) == 2


def test_a_run_on_another_host_counts_as_alive(folder):
    record(folder, host="elsewhere", pid=dead_pid())
    assert void_stale_locks(folder) == []
    assert len(locks(folder)) == 2


def test_this_run_is_recorded_beside_those_alive(folder):
    record(folder, host="elsewhere")
    void_stale_locks(folder)
    hosts = [run["host"] for run in json.loads((folder / "segbench-runs.json").read_text())]
    assert hosts == ["elsewhere", lock._me()["host"]]
    assert alive(lock._me())


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"pid": 1}]'])
def test_a_damaged_record_holds_nobody_back(folder, text):
    (folder / "segbench-runs.json").write_text(text)
    assert len(void_stale_locks(folder)) == 2


def test_a_fresh_folder_has_nothing_to_remove(tmp_path):
    assert void_stale_locks(tmp_path / ".snakemake") == []


def test_runs_that_start_together_are_all_recorded(tmp_path):
    threads = [threading.Thread(target=void_stale_locks, args=(tmp_path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(json.loads((tmp_path / "segbench-runs.json").read_text())) == 8
