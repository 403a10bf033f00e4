"""Before a plan: manifests follow the raw files, and names fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from segbench.workflow import start
from segbench.workflow.start import file_names, refresh_inventories


class FakeCode:
    def with_reader_of(self, rule, dataset):
        return f"{rule} {dataset}"


@pytest.fixture
def refreshed(monkeypatch, tmp_path):
    """What is asked of the inventory of each dataset."""
    monkeypatch.chdir(tmp_path)
    calls = {}

    def refresh(dataset, root, outputs, side, code):
        calls[root.name] = (outputs, side, code)
        return list(outputs.values())

    monkeypatch.setattr(start, "refresh", refresh)
    return calls


def test_only_manifests_that_are_there_are_brought_up_to_date(config, refreshed):
    manifest = Path("inventory/dsb2018/shard-1.tsv")
    manifest.parent.mkdir(parents=True)
    manifest.touch()
    assert refresh_inventories(config, FakeCode()) == [manifest]
    assert refreshed["dsb2018"] == (
        {1: manifest},
        Path(".segbench/inventory/dsb2018"),
        "inventory dsb2018",
    )
    assert refreshed["kidney_nuclei"][0] == {}
    assert sorted(refreshed) == ["dsb2018", "kidney_nuclei", "organ_tissue", "uw_madison"]


def test_names_of_files_are_those_of_recipes_and_of_logs_that_join_them(config):
    names = set(file_names(config))
    assert {"dsb2018_nuclei", "nuclei-plain-miniature"} <= names
    assert "dsb2018-nuclei-native-jitter-nuclei-cross-validation" in names
