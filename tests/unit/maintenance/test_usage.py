"""What fills a store is counted by stage, by study and by dataset."""

from __future__ import annotations

import pytest

from segbench.arms import Arm
from segbench.config.loader import load
from segbench.datasets.formats import FORMATS
from segbench.maintenance.contents import scan
from segbench.maintenance.usage import studies_of, summary, summary_text
from segbench.provenance.store import Store
from unit.provenance.stores import ROOT, key


def publish(store, folder, rule, size, cost=None, **wildcards):
    """Entries of a rule; the bytes of equal size are equal."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{rule}-{len(store.keys())}"
    path.write_bytes(b"x" * size)
    record = {"rule": rule, "cost": {"wall_s": 10.0, "wildcards": wildcards, **(cost or {})}}
    store.publish(key(path.name), {"out": path}, record)


ONE = Arm("em", "a", "none", "unet", 0, "cv")
ARMS = {"size": [ONE], "depth": [ONE._replace(preprocessing="b")]}


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    files = tmp_path / "files"
    publish(made, files, "index", 100, dataset="em", shard="0")
    publish(made, files, "preprocess", 2000, dataset="em", preprocessing="a", shard="0")
    publish(made, files, "preprocess", 2000, dataset="em", preprocessing="b", shard="0")
    publish(made, files, "train", 5000, {"wall_s": 3600.0, "gpu": {"name": "A100"}},
            dataset="em", preprocessing="a", model="unet", seed="0", fold="0")  # fmt: skip
    publish(made, files, "train", 6000, {"wall_s": 60.0, "gpu": None}, dataset="ct", model="unet")
    publish(made, files, "tabulate", 50, study="depth")
    return made


def named(uses):
    return {use["name"]: use for use in uses}


def test_stages(store):
    data = summary(scan(store), ARMS)
    stages = named(data["stages"])
    assert [use["name"] for use in data["stages"]] == ["train", "preprocess", "index", "tabulate"]
    assert stages["train"] == {
        "name": "train", "entries": 2, "size": 11000, "unique": 11000, "wall_s": 3660.0,
        "gpu_s": 3600.0,
    }  # fmt: skip
    assert (stages["preprocess"]["size"], stages["preprocess"]["unique"]) == (4000, 2000)


def test_studies_count_what_they_use_also_together(store):
    studies = named(summary(scan(store), ARMS)["studies"])
    assert {name: use["entries"] for name, use in studies.items()} == {
        "size": 3,  # index, preprocess a, train
        "depth": 3,  # index, preprocess b, its table
        "other": 1,
    }
    assert studies["size"]["unique"] == 100 + 2000 + 5000
    assert studies["other"]["unique"] == 6000


def test_the_total_counts_each_byte_once(store):
    data = summary(scan(store), ARMS)
    assert data["total"]["entries"] == 6
    assert data["total"]["unique"] == 100 + 2000 + 5000 + 6000 + 50
    assert {use["name"]: use["entries"] for use in data["datasets"]} == {
        "em": 4, "ct": 1, "other": 1,
    }  # fmt: skip


def test_without_a_configuration_every_study_is_another(store):
    assert [use["name"] for use in summary(scan(store), {})["studies"]] == ["other"]


def test_orphans_states_and_damage_are_told(store):
    store.entry_path(store.keys()[0]).unlink()
    store.state(key("s")).joinpath("state").write_bytes(b"12345")
    path = store.entry_path(store.keys()[0])
    path.chmod(0o644)
    path.write_text("{")
    data = summary(scan(store), ARMS)
    assert data["states"] == {"count": 1, "bytes": 5}
    assert data["orphans"]["count"] >= 1
    assert data["damaged"] == 1
    text = summary_text(data)
    assert "1 states of unfinished work: 5 B" in text
    assert "1 damaged entries: run `verify`" in text


def test_the_table_is_aligned(store):
    text = summary_text(summary(scan(store), ARMS))
    lines = [line for line in text.splitlines() if line]
    assert len({len(line) for line in lines if line.endswith("on GPUs")}) == 1
    train = next(line for line in lines if line.startswith("train"))
    assert train.split("  ")[0] == "train"
    assert train.endswith("1 hour")


def test_records_of_strangers_are_counted_without_trust(tmp_path):
    store = Store(tmp_path / "store")
    (tmp_path / "x").write_text("x")
    for number, record in enumerate(
        [{}, {"rule": 3}, {"cost": {"wall_s": "long"}}, {"cost": {"wall_s": float("nan")}},
         {"cost": {"wildcards": ["em"]}}, {"cost": {"wildcards": {"dataset": 3}}}]
    ):  # fmt: skip
        store.publish(key(str(number)), {"out": tmp_path / "x"}, record)
    data = summary(scan(store), ARMS)
    assert data["total"]["entries"] == 6
    assert data["total"]["wall_s"] == 0
    assert summary_text(data)


def test_the_arms_of_the_real_configuration_know_their_jobs():
    config = load(ROOT / "config/config.yaml", root=ROOT, formats=FORMATS)
    arms = {study: config.arms(study) for study in config.studies}
    for study, named_arms in arms.items():
        for arm in named_arms:
            names = {name: str(value) for name, value in arm._asdict().items()}
            assert study in studies_of({**names, "fold": "0"}, arms)
            assert study in studies_of({"dataset": arm.dataset, "shard": "0"}, arms)
        assert studies_of({"study": study}, arms) == [study]
    assert studies_of({"dataset": "unknown"}, arms) == ["other"]
