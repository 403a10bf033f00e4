"""A lock is stale when, and only when, no run that could hold it is alive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import segbench
from segbench.errors import SegbenchError
from segbench.provenance.lock import alive, begin_run, end_run, remove_stale_locks
from segbench.provenance.running import this_run

#: Processes of their own import the library too.
WITH_LIBRARY = {**os.environ, "PYTHONPATH": str(Path(segbench.__file__).parents[1])}


@pytest.fixture
def folder(tmp_path):
    """A working folder's .snakemake with two locks."""
    (tmp_path / "locks").mkdir()
    for name in ("0.input.lock", "0.output.lock"):
        (tmp_path / "locks" / name).write_text("results\n")
    return tmp_path


def record(folder, **changes):
    run = {**this_run(), **changes}
    (folder / "segbench-runs.json").write_text(json.dumps([run]))


def locks(folder):
    return sorted(path.name for path in (folder / "locks").iterdir())


def dead_pid():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_locks_of_a_dead_run_are_removed(folder):
    record(folder, pid=dead_pid())
    assert len(remove_stale_locks(folder)) == 2
    assert locks(folder) == []


@pytest.fixture
def other():
    """A living process that is not this one."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def test_beside_a_living_run_nothing_is_changed_and_it_is_named(folder, other):
    record(folder, pid=other.pid, started=psutil.Process(other.pid).create_time())
    before = (folder / "segbench-runs.json").read_text()
    with pytest.raises(SegbenchError) as caught:
        remove_stale_locks(folder, unlock=True)
    for words in (str(folder.parent), f"process {other.pid}", f"kill {other.pid}", "since 20"):
        assert words in str(caught.value), words
    assert "cannot be told" not in str(caught.value)
    assert len(locks(folder)) == 2
    assert (folder / "segbench-runs.json").read_text() == before
    assert other.poll() is None


def test_a_killed_run_that_nobody_waited_for_is_dead(folder, other):
    record(folder, pid=other.pid, started=psutil.Process(other.pid).create_time())
    other.kill()
    while psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert len(remove_stale_locks(folder)) == 2


def test_a_reused_pid_is_another_run(folder):
    record(folder, started=this_run()["started"] - 1000)
    assert len(remove_stale_locks(folder)) == 2


@pytest.mark.parametrize("where", [{"host": "elsewhere"}, {"space": "pid:[1]"}])
def test_a_run_elsewhere_counts_as_alive_until_the_user_unlocks(folder, where):
    record(folder, pid=dead_pid(), **where)
    with pytest.raises(SegbenchError, match="this machine cannot see") as caught:
        remove_stale_locks(folder)
    assert "snakemake --unlock" in caught.value.action
    assert "kill" not in caught.value.action
    assert len(locks(folder)) == 2
    assert len(remove_stale_locks(folder, unlock=True)) == 2
    assert recorded(folder) == [this_run()["pid"]]


def recorded(folder):
    return [run["pid"] for run in json.loads((folder / "segbench-runs.json").read_text())]


def test_this_run_is_recorded_once_and_signs_off(folder):
    remove_stale_locks(folder)
    remove_stale_locks(folder)
    assert recorded(folder) == [this_run()["pid"]]
    assert alive(this_run())
    end_run(folder)
    assert recorded(folder) == []


def test_a_dry_run_registers_nothing_and_learns_whether_it_is_alone(folder, other):
    say = pytest.fail
    assert begin_run(folder, True, ["-n"], say)
    assert not (folder / "segbench-runs.json").exists()
    assert len(locks(folder)) == 2
    record(folder, pid=other.pid, started=psutil.Process(other.pid).create_time())
    assert not begin_run(folder, True, ["-n"], say)
    assert not begin_run(folder, False, ["--summary"], say)
    with pytest.raises(SegbenchError, match="another run is active"):
        begin_run(folder, False, ["--unlock"], say)
    record(folder, pid=dead_pid())
    assert begin_run(folder, True, [], say)
    (folder / "segbench-runs.json").write_text("")
    assert not begin_run(folder, True, [], say)


def test_a_process_that_ends_unregisters(tmp_path):
    code = (
        "from pathlib import Path; from segbench.provenance.lock import begin_run;"
        "begin_run(Path('.snakemake'), False, [], print);"
        "print(Path('.snakemake/segbench-runs.json').read_text())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=WITH_LIBRARY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)[0]["host"] == this_run()["host"]
    assert recorded(tmp_path / ".snakemake") == []


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"pid": 1}]'])
def test_a_damaged_registry_blocks_nobody(folder, text):
    (folder / "segbench-runs.json").write_text(text)
    assert len(remove_stale_locks(folder)) == 2


def test_a_fresh_folder_has_nothing_to_remove(tmp_path):
    assert remove_stale_locks(tmp_path / ".snakemake") == []


def test_of_runs_that_start_together_one_goes_on(tmp_path):
    code = (
        "from pathlib import Path; from segbench.provenance.lock import begin_run;"
        "begin_run(Path('.snakemake'), False, [], print); print('runs', flush=True); input()"
    )
    command = [sys.executable, "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    starts = [
        subprocess.Popen(command, cwd=tmp_path, env=WITH_LIBRARY, text=True, **pipes)
        for _ in range(4)
    ]
    said = [process.stdout.readline() for process in starts]
    errors = [process.communicate("\n")[1] for process in starts]
    assert sorted(said) == ["", "", "", "runs\n"]
    assert sum("another run is active in this folder" in text for text in errors) == 3
