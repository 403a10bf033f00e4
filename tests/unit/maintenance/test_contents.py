"""A scan lists entries, objects, states and leftovers, and says what it cannot read."""

from __future__ import annotations

import os
import time

import pytest

from segbench.maintenance.contents import read_entry, scan
from segbench.provenance.store import Store
from segbench.provenance.store_files import DamagedError
from unit.provenance.stores import keep, key, object_of, open_up


@pytest.fixture
def store(tmp_path):
    """Two entries that share an output."""
    made = Store(tmp_path / "store")
    keep(made, tmp_path / "a", "a", model=b"one", history=b"shared")
    keep(made, tmp_path / "b", "b", model=b"two!", history=b"shared")
    return made


def test_entries_and_their_objects(store):
    found = scan(store)
    assert [kept.key for kept in found.entries] == sorted([key("a"), key("b")])
    sizes = {kept.key: kept.size for kept in found.entries}
    assert sizes == {key("a"): 9, key("b"): 10}
    assert {kept.stage for kept in found.entries} == {"train"}
    assert {kept.wall_s for kept in found.entries} == {7.0}
    assert {kept.gpu_s for kept in found.entries} == {0.0}
    assert sorted(item.size for item in found.objects.values()) == [3, 4, 6], "shared once"
    assert all(item.plain for item in found.objects.values())
    assert found.orphans() == {}
    assert (found.broken, found.closed, found.states) == ({}, [], {})
    assert (found.leftovers, found.marks) == ([], [])


def test_an_orphan_is_an_object_that_no_entry_needs(store):
    store.entry_path(key("a")).unlink()
    orphans = scan(store).orphans()
    assert [item.path for item in orphans.values()] == [object_of(store, b"one")]


def test_a_damaged_entry_is_named_with_its_reason(store):
    open_up(store.entry_path(key("a"))).write_text("{")
    found = scan(store)
    assert found.broken == {key("a"): "is not JSON"}
    with pytest.raises(DamagedError):
        read_entry(store, key("a"))


def test_states_with_their_size_and_newest_change(store):
    state = store.state(key("c"))
    (state / "epoch").mkdir()
    (state / "epoch/weights").write_bytes(b"12345")
    newest = time.time() + 100
    os.utime(state / "epoch/weights", (newest, newest))
    (item,) = scan(store).states.values()
    assert (item.path, item.size, item.plain) == (state, 5, False)
    assert item.changed == pytest.approx(newest)


def test_partial_files_of_killed_processes(store):
    name = ".0123456789ab.partial.x"
    for folder in ("entries", "objects", "partial"):
        (store.root / folder).mkdir(exist_ok=True)
        (store.root / folder / name).write_bytes(b"12")
    found = scan(store)
    assert [item.size for item in found.leftovers] == [2, 2, 2]
    assert found.states == {}
    assert len(found.objects) == 3, "they are no objects"


def test_marks_without_an_entry(store):
    store.touch(key("a"))
    assert scan(store).marks == []
    store.entry_path(key("a")).unlink()
    assert scan(store).marks == [store.mark_path(key("a"))]


def test_times_that_are_no_numbers_count_as_nothing(store, tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    cost = {"wall_s": "long", "gpu": {}, "wildcards": ["no"]}
    store.publish(key("x"), {"x": tmp_path / "x"}, {"rule": "score", "cost": cost})
    found = read_entry(store, key("x"))
    assert (found.wall_s, found.gpu_s, found.wildcards, found.stage) == (0.0, 0.0, {}, "score")


def test_an_empty_store(tmp_path):
    found = scan(Store(tmp_path / "none"))
    assert found.entries == []
    assert found.objects == {}
