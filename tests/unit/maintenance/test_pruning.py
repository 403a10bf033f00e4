"""Pruning removes the oldest first, and nothing that anybody needs."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.maintenance.contents import Contents, StoreEntry, StoreFile
from segbench.maintenance.pruning import Policy, choose, prune
from segbench.maintenance.verifying import verify
from segbench.provenance.store import Store
from unit.provenance.stores import everything, keep, key, object_of, places

NOW = time.time()
DAY = 86400.0


@pytest.fixture
def store(tmp_path):
    """Three entries, last used 100, 50 and 10 days ago; two of them share an output."""
    made = Store(tmp_path / "store")
    for name, days in (("oldest", 100), ("older", 50), ("young", 10)):
        shared = b"shared" * 10 if name != "young" else b"own" * 10
        keep(made, tmp_path / name, name, model=name.encode() * 100, history=shared)
        os.utime(made.entry_path(key(name)), (NOW - days * DAY,) * 2)
    return made


def gone(store, policy, **more):
    done = prune(store, policy, dry=False, now=NOW, **more)
    return [next(n for n in ("oldest", "older", "young") if key(n) == k.key) for k in done.entries]


def test_without_a_policy_no_entry_goes(store):
    assert gone(store, Policy()) == []
    assert len(store.keys()) == 3


def test_by_age_what_was_not_used_for_long_goes(store):
    assert gone(store, Policy(older_s=60 * DAY)) == ["oldest"]
    assert gone(store, Policy(older_s=9 * DAY)) == ["older", "young"]
    assert everything(store.root) == []


def test_a_restore_makes_an_entry_young_again(store, tmp_path):
    store.restore(key("oldest"), places(tmp_path / "x", "model", "history"))
    assert gone(store, Policy(older_s=40 * DAY)) == ["older"]


def test_by_size_the_least_recently_used_go_first(store):
    total = 600 + 500 + 500 + 60 + 30
    assert gone(store, Policy(max_bytes=total)) == []
    assert gone(store, Policy(max_bytes=total - 1)) == ["oldest"]
    assert gone(store, Policy(max_bytes=600)) == ["older"]
    assert sorted(store.keys()) == [key("young")]
    assert gone(store, Policy(max_bytes=0)) == ["young"]


def test_what_a_remaining_entry_needs_stays(store, tmp_path):
    assert gone(store, Policy(older_s=60 * DAY)) == ["oldest"]
    assert object_of(store, b"shared" * 10).exists()
    assert not object_of(store, b"oldest" * 100).exists()
    assert store.restore(key("older"), places(tmp_path / "x", "model", "history"))
    assert verify(store).damaged == []


def test_an_entry_whose_end_would_free_nothing_stays(store, tmp_path):
    keep(store, tmp_path / "y", "twin", model=b"young" * 100, history=b"own" * 10)
    os.utime(store.entry_path(key("twin")), (1, 1))
    done = prune(store, Policy(max_bytes=1200), dry=False, now=NOW)
    assert [kept.key for kept in done.entries] == [key("oldest")]
    assert store.holds(key("twin"))


def test_a_dry_run_says_the_same_and_changes_nothing(store):
    store.state(key("given up")).joinpath("state").write_bytes(b"12345")
    later = NOW + 20 * DAY
    before = everything(store.root)
    said = prune(store, Policy(max_bytes=700), dry=True, now=later)
    assert everything(store.root) == before
    done = prune(store, Policy(max_bytes=700), dry=False, now=later)
    assert said.entries == done.entries
    assert said.objects == done.objects
    assert said.states == done.states
    assert said.size == done.size == 600 + 500 + 60 + 5


def test_the_size_that_is_said_is_what_goes(store):
    before = sum(path.stat().st_size for path in store.root.glob("objects/*/*"))
    done = prune(store, Policy(older_s=40 * DAY), dry=False, now=NOW)
    after = sum(path.stat().st_size for path in store.root.glob("objects/*/*"))
    assert done.size == before - after == 600 + 500 + 60


def test_what_a_job_holds_is_spared(store, tmp_path):
    with store.locks.key(key("oldest")):
        done = prune(store, Policy(older_s=0), dry=False, now=NOW)
        assert done.busy == 1
        assert store.keys() == [key("oldest")]
        assert store.restore(key("oldest"), places(tmp_path / "x", "model", "history"))
    assert not store.locks.path(key("oldest")).exists(), "the job's lock went with the job"


def test_objects_without_an_entry_go_but_not_those_of_a_moment_ago(store):
    store.entry_path(key("young")).unlink()
    assert prune(store, Policy(), dry=False, now=NOW).objects == []
    done = prune(store, Policy(), dry=False, now=NOW + 2 * 3600)
    assert sorted(done.objects) == sorted(
        [object_of(store, b"young" * 100), object_of(store, b"own" * 10)]
    )
    assert list(store.root.glob("used/*/*")) == []


def test_states_that_nobody_goes_on_with_go(store):
    now = time.time()  # not NOW: the states are as old as they are
    for name in ("running", "given up", "young"):
        store.state(key(name)).joinpath("state").write_bytes(b"epoch")
    done = prune(store, Policy(), dry=False, now=now + 60)
    assert done.states == [store.root / "partial" / key("young")], "its work is finished"
    with store.locks.key(key("running")):
        done = prune(store, Policy(), dry=False, now=now + 15 * DAY)
    assert done.states == [store.root / "partial" / key("given up")]
    assert done.busy == 1
    assert prune(store, Policy(state_s=0), dry=False, now=now + 60).size == 5


def test_leftovers_of_killed_processes_go(store):
    left = [
        store.entry_path(key("x")).with_name(f".0123456789ab.partial.{key('x')}.json"),
        object_of(store, b"x").with_name(".0123456789ab.partial.x"),
        store.root / "partial/.0123456789ab.partial.key",
        store.root / "objects/.0123456789ab.partial.ab",
        store.root / "locks/.0123456789ab.partial.key.lock",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    dead = store.locks.path(key("killed"))
    dead.write_text("")
    assert prune(store, Policy(), dry=False, now=NOW).leftovers == [], "somebody may be writing"
    assert not dead.exists(), "a lock that can be taken is nobody's"
    done = prune(store, Policy(), dry=False, now=NOW + 2 * DAY)
    assert sorted(done.leftovers) == sorted(left)
    assert not any(path.exists() for path in left)


def test_files_of_other_people_in_the_store_are_left_alone(store):
    (store.root / "README").write_text("ours")
    (store.root / "objects/notes.txt").write_text("ours")
    prune(store, Policy(max_bytes=0), dry=False, now=NOW + 99 * DAY)
    assert everything(store.root) == ["README", "objects/notes.txt"]


def test_entries_that_may_not_be_read_stop_it(store, monkeypatch):
    def refuse(self, asked):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Store, "read", refuse)
    with pytest.raises(SegbenchError, match="not readable, nor are 2 other entries"):
        prune(store, Policy(older_s=0), dry=False, now=NOW)
    assert len(store.keys()) == 3


digests = st.sampled_from([f"{n:064x}" for n in range(6)])
entries = st.lists(
    st.tuples(st.lists(digests, min_size=1, max_size=3, unique=True), st.integers(0, 9)),
    max_size=7,
)


@given(entries, st.lists(st.integers(0, 50), min_size=6, max_size=6), st.integers(0, 150))
def test_after_pruning_by_size_it_fits_and_no_more_has_gone_than_must(made, sizes, limit):
    objects = {f"{n:064x}": StoreFile(None, size, 0.0) for n, size in enumerate(sizes)}
    kept = [
        StoreEntry(f"{n:064x}", {d: objects[d].size for d in names}, 0, "train", {}, 0, 0, used)
        for n, (names, used) in enumerate(made)
    ]
    going = choose(Contents(entries=kept, objects=objects), Policy(max_bytes=limit), 10.0)

    def size(remaining):
        return sum(objects[d].size for d in {d for k in remaining for d in k.objects})

    rest = [k for k in kept if k not in going]
    assert size(rest) <= limit
    assert [k.used for k in going] == sorted(k.used for k in going)
    if going:
        assert size([*rest, going[-1]]) > limit or not any(
            objects[d].size for d in going[-1].objects
        )
