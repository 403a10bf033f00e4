"""The run in a folder is identified, and a second one is told what to do."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.provenance import running
from segbench.provenance.running import INSPECTING, is_elsewhere, only_inspects, refuse, this_run

FOLDER = Path("/data/project/.snakemake")


@pytest.mark.parametrize(
    ("dryrun", "words", "inspects"),
    [
        (True, ["--unlock"], True),
        (False, ["-S"], True),
        (False, ["--report=out.html"], True),
        (False, ["all", "--cores", "2"], False),
        (False, ["--touch"], False),
        (False, ["--delete-all-output"], False),
        (False, [], False),
    ],
)
def test_commands_that_leave_the_folder_unchanged(dryrun, words, inspects):
    assert only_inspects(dryrun, words) is inspects


def test_this_run_is_here():
    run = this_run()
    assert (run["pid"], run["host"]) == (os.getpid(), socket.gethostname())
    assert not is_elsewhere(run)


@pytest.mark.parametrize("changes", [{"host": "node-7"}, {"space": "pid:[1]"}])
def test_a_run_on_another_machine_or_in_another_container_is_elsewhere(changes):
    assert is_elsewhere({**this_run(), **changes})


def test_without_pid_namespaces_the_host_alone_counts(monkeypatch):
    def readlink(path):
        raise OSError(path)

    monkeypatch.setattr(running.os, "readlink", readlink)
    assert this_run()["space"] == ""
    assert not is_elsewhere(this_run())


def test_a_run_here_can_be_stopped():
    run = {**this_run(), "pid": 4711, "user": "ada", "started": 0.0}
    with pytest.raises(SegbenchError) as caught:
        refuse(FOLDER, [run])
    assert caught.value.what.startswith(
        "/data/project: another run is active in this folder: process 4711 of ada on "
    )
    assert "wait for it to finish, or stop it (kill 4711)" in caught.value.action
    assert "--unlock" not in caught.value.action


def test_a_run_elsewhere_cannot_be_stopped_from_here():
    run = {**this_run(), "host": "node-7"}
    with pytest.raises(SegbenchError) as caught:
        refuse(FOLDER, [run])
    assert "still alive on node-7" in caught.value.action
    assert "snakemake --unlock" in caught.value.action
    assert "kill" not in caught.value.action


@given(st.sampled_from(sorted(INSPECTING)), st.text(max_size=8), st.lists(st.text(max_size=8)))
def test_an_inspecting_option_counts_with_and_without_a_value_wherever_it_stands(
    option, value, words
):
    assert only_inspects(False, [*words, option])
    assert only_inspects(False, [f"{option}={value}", *words])


@given(st.lists(st.text(max_size=8)))
def test_a_dry_run_changes_nothing_whatever_else_is_asked(words):
    assert only_inspects(True, words)


def test_several_runs_are_all_named():
    here = {**this_run(), "pid": 11, "user": "ada"}
    elsewhere = {**this_run(), "pid": 12, "host": "node-7", "user": ""}
    with pytest.raises(SegbenchError) as caught:
        refuse(FOLDER, [here, elsewhere])
    for words in ("process 11 of ada on", "process 12 on node-7"):
        assert words in caught.value.what
    assert "kill 11" in caught.value.action
    assert "kill 12" not in caught.value.action
    assert "--config folder=ELSEWHERE" in caught.value.action
