"""The store is one folder for all who ask: run, jobs and commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from segbench.store_location import export_store, store_location


@pytest.mark.parametrize(
    ("configured", "environment", "expected"),
    [
        (None, {}, "root/.segbench/store"),
        (None, {"SEGBENCH_STORE": ""}, "root/.segbench/store"),
        ("kept", {}, "root/kept"),
        ("/shared", {}, "/shared"),
        ("/shared", {"SEGBENCH_STORE": "mine"}, "root/mine"),
        ("/shared", {"SEGBENCH_STORE": "/mine"}, "/mine"),
    ],
)
def test_the_environment_wins_over_the_configuration(configured, environment, expected):
    assert store_location(configured, Path("root"), environment) == Path(expected)


def test_a_home_folder_is_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/home/user")
    assert store_location("~/store", Path("root"), {}) == Path("/home/user/store")


def test_jobs_in_other_folders_find_the_exported_store(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGBENCH_STORE", "")
    monkeypatch.chdir(tmp_path)
    export_store(Path("store"))
    assert store_location(root=Path("/elsewhere")) == tmp_path / "store"
