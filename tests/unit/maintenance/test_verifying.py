"""Verifying finds what restoring would find, and what nobody would find."""

from __future__ import annotations

import os

import pytest

from segbench.maintenance.verifying import verify
from segbench.provenance.store import Store
from unit.provenance.stores import everything, keep, key, object_of, open_up, places


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    keep(made, tmp_path / "a", "one", model=b"weights", history=b"shared")
    keep(made, tmp_path / "b", "two", model=b"other weights", history=b"shared")
    return made


def lines(found):
    return "\n".join(found.damaged)


def test_a_sound_store_is_sound(store):
    found = verify(store)
    assert (found.entries, found.objects, found.size) == (2, 3, 7 + 13 + 6)
    assert found.damaged == []
    assert (found.orphans, found.leftovers) == (0, 0)


def test_a_store_that_was_never_used_is_sound(tmp_path):
    found = verify(Store(tmp_path))
    assert (found.entries, found.objects, found.damaged) == (0, 0, [])


def test_a_flipped_byte_is_found_and_both_entry_and_object_are_dropped(store):
    target = open_up(object_of(store, b"weights"))
    target.write_bytes(b"weighty")
    assert lines(verify(store)) == (
        f"entry {key('one')} (train): object {target.name}: content does not match its digest"
    )
    assert store.keys() == [key("two")]
    assert not target.exists(), "or it would be taken for sound when the work is done again"
    assert verify(store).damaged == []


def test_keeping_reports_the_same_and_changes_nothing(store):
    open_up(object_of(store, b"weights")).write_bytes(b"weighty")
    before = everything(store.root)
    first = verify(store, keep=True)
    assert len(first.damaged) == 1
    assert everything(store.root) == before
    assert verify(store, keep=True).damaged == first.damaged


def test_an_object_of_two_entries_takes_both_with_it(store):
    open_up(object_of(store, b"shared")).write_bytes(b"SHARED")
    assert len(verify(store).damaged) == 2
    assert store.keys() == []


@pytest.mark.parametrize("what", ["missing", "link", "folder", "longer"])
def test_other_damage_of_objects_is_found(store, tmp_path, what):
    target = open_up(object_of(store, b"weights"))
    said = {
        "missing": ": missing",
        "link": ": not a plain file",
        "folder": ": not a plain file",
        "longer": "content does not match its digest",
    }[what]
    if what == "longer":
        target.write_bytes(b"weights!")
    else:
        target.rename(tmp_path / "moved")
    if what == "link":
        target.symlink_to(tmp_path / "moved")
    if what == "folder":
        (target / "inside").mkdir(parents=True)
    assert said in lines(verify(store))
    assert store.keys() == [key("two")]
    assert not os.path.lexists(target)


def test_damaged_entries_are_found(store):
    open_up(store.entry_path(key("one"))).write_text("{")
    store.entry_path(key("two")).rename(store.root / "entries/notes")
    found = verify(store)
    assert lines(found) == f"entry {key('one')}: is not JSON"
    assert store.keys() == []


def test_an_entry_of_another_size_is_found(store):
    entry = store.read(key("one"))
    entry["outputs"]["model"]["bytes"] = 8
    from segbench.provenance.store_entry import entry_text

    path = open_up(store.entry_path(key("one")))
    path.write_text(entry_text(entry["key"], entry["outputs"], entry["record"]))
    assert ": 7 bytes instead of 8" in lines(verify(store))


def test_what_a_crash_between_object_and_entry_leaves_is_no_damage(store):
    store.entry_path(key("one")).unlink()
    found = verify(store)
    assert found.damaged == []
    assert (found.orphans, found.orphaned) == (1, 7)
    assert object_of(store, b"weights").exists(), "pruning removes it"


def test_a_damaged_object_of_no_entry_is_found(store):
    store.entry_path(key("one")).unlink()
    target = open_up(object_of(store, b"weights"))
    target.write_bytes(b"weighty")
    assert f"orphaned object {target.name}: content does not match" in lines(verify(store))
    assert not target.exists()


def test_half_written_files_are_counted(store):
    (store.root / "objects/aa").mkdir()
    (store.root / "objects/aa" / f".0123456789ab.partial.{'a' * 64}").write_bytes(b"half")
    assert verify(store).leftovers == 1


def test_what_a_job_is_using_is_not_dropped_under_its_hands(store):
    open_up(object_of(store, b"weights")).write_bytes(b"weighty")
    with store.locks.key(key("one")):
        assert "not dropped, in use by a job" in lines(verify(store))
        assert store.find(key("one")) is not None
    assert store.restore(key("one"), places(store.root / "x", "model", "history")) is None


def test_it_tells_how_far_it_is(store):
    told = []
    verify(store, report=lambda done, total: told.append((done, total)))
    assert told[-1] == (26, 26)
    assert sorted(told) == told
