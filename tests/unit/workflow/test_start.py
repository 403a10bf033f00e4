"""Before a plan: manifests follow the raw files, and names fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from segbench.artefacts.inventory import read_inventory
from segbench.datasets import generator, reader_of
from segbench.datasets.inventory import write_shards
from segbench.workflow import start
from segbench.workflow.start import file_names, refresh_inventories

MANIFESTS = [Path(f"inventory/kidney_nuclei/shard-{shard}.tsv") for shard in range(2)]


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


@pytest.fixture
def raw(config, tmp_path, monkeypatch):
    """The generated kidney nuclei, and the manifests of both shards."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "data/raw/kidney_nuclei"
    generator("kidney_nuclei")(root, 6, 2, 0)
    dataset = config.datasets["kidney_nuclei"]
    outputs = dict(enumerate(MANIFESTS))
    write_shards(reader_of(dataset), root, outputs, 2, Path(".segbench/inventory/kidney_nuclei"))
    return root


def test_an_unchanged_tree_rewrites_nothing(config, raw):
    assert refresh_inventories(config, FakeCode()) == []


def test_a_changed_file_rewrites_the_manifest_of_its_shard_alone(config, raw):
    before = {path: path.read_text() for path in MANIFESTS}
    image = raw / read_inventory(MANIFESTS[1])[0].path
    image.write_bytes(image.read_bytes() + b" ")
    assert refresh_inventories(config, FakeCode()) == [MANIFESTS[1]]
    assert MANIFESTS[0].read_text() == before[MANIFESTS[0]]
    assert MANIFESTS[1].read_text() != before[MANIFESTS[1]]
    assert refresh_inventories(config, FakeCode()) == []
