"""The store gives back what it was given, or nothing."""

from __future__ import annotations

import errno
import json
import os
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.provenance.store import Store, key_of
from segbench.provenance.store_files import copy_file


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def keep(store, folder, key="k" * 64, **contents):
    folder.mkdir(exist_ok=True)
    outputs = {}
    for name, content in contents.items():
        outputs[name] = folder / name
        outputs[name].write_bytes(content)
    store.publish(key, outputs, {"rule": "train"})
    return outputs


def elsewhere(tmp_path, *names):
    return {name: tmp_path / "other" / name for name in names}


def test_what_was_published_is_restored_with_its_record(store, tmp_path):
    keep(store, tmp_path / "a", model=b"weights", history=b"epoch")
    outputs = elsewhere(tmp_path, "model", "history")
    entry = store.restore("k" * 64, outputs)
    assert entry["record"] == {"rule": "train"}
    assert outputs["model"].read_bytes() == b"weights"
    assert outputs["history"].read_bytes() == b"epoch"


def test_an_unknown_key_restores_nothing(store, tmp_path):
    outputs = elsewhere(tmp_path, "model")
    assert store.restore("0" * 64, outputs) is None
    assert not outputs["model"].exists()


def test_other_output_names_are_a_miss(store, tmp_path):
    keep(store, tmp_path / "a", model=b"weights")
    assert store.restore("k" * 64, elsewhere(tmp_path, "model", "history")) is None


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_a_damaged_object_is_a_miss_and_is_dropped(store, tmp_path, damage):
    keep(store, tmp_path / "a", history=b"epoch", model=b"weights" * 100)
    target = max(store.root.glob("objects/*/*"), key=lambda p: p.stat().st_size)
    target.chmod(0o644)
    if damage == "remove":
        target.unlink()
    else:
        data = {"flip": b"Weights" + b"weights" * 99, "truncate": b"wei", "empty": b""}[damage]
        target.write_bytes(data)
    outputs = elsewhere(tmp_path, "model", "history")
    assert store.restore("k" * 64, outputs) is None
    assert not any(path.exists() for path in outputs.values()), "all or nothing"
    assert list((tmp_path / "other").iterdir()) == [], "nothing half-written stays"
    assert store.find("k" * 64) is None
    keep(store, tmp_path / "a", history=b"epoch", model=b"weights" * 100)
    assert store.restore("k" * 64, outputs) is not None, "recomputed work heals the store"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"outputs": 3}', "null"])
def test_a_damaged_entry_is_a_miss(store, tmp_path, text):
    keep(store, tmp_path / "a", model=b"weights")
    next(store.root.glob("entries/*/*.json")).write_text(text)
    assert store.restore("k" * 64, elsewhere(tmp_path, "model")) is None


def test_a_restored_file_is_no_link_into_the_store(store, tmp_path):
    keep(store, tmp_path / "a", model=b"weights")
    outputs = elsewhere(tmp_path, "model")
    store.restore("k" * 64, outputs)
    inside = next(store.root.glob("objects/*/*"))
    before = inside.stat().st_mtime_ns
    os.utime(outputs["model"], (1, 1))
    assert inside.stat().st_mtime_ns == before
    outputs["model"].write_bytes(b"scribble")
    assert inside.read_bytes() == b"weights"


def test_objects_are_read_only_and_shared(store, tmp_path):
    keep(store, tmp_path / "a", model=b"same", twin=b"same")
    objects = list(store.root.glob("objects/*/*"))
    assert len(objects) == 1
    assert objects[0].stat().st_mode & 0o222 == 0


def test_state_of_unfinished_work_goes_when_it_is_published(store, tmp_path):
    state = store.state("k" * 64)
    (state / "epoch.npz").write_bytes(b"1")
    assert store.state("k" * 64) == state, "the same key finds its state again"
    keep(store, tmp_path / "a", model=b"weights")
    assert not state.exists()


def test_a_second_job_with_the_key_waits(store):
    order = []

    def second():
        with store.locks.key("k"):
            order.append("second")

    with store.locks.key("k"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]
    assert list((store.root / "locks").iterdir()) == []


def test_many_jobs_hold_a_key_one_at_a_time(store):
    inside, most = [], []

    def work():
        for _ in range(20):
            with store.locks.key("k"):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) == 120


@pytest.mark.parametrize("number", [errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP])
def test_copying_falls_back_where_the_kernel_cannot(tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "copy_file_range", refuse)
    (tmp_path / "a").write_bytes(b"bytes" * 1000)
    copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"bytes" * 1000


def test_a_full_disk_is_no_reason_to_copy_otherwise(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "copy_file_range", refuse)
    (tmp_path / "a").write_bytes(b"bytes")
    with pytest.raises(OSError, match="No space"):
        copy_file(tmp_path / "a", tmp_path / "b")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=4), json_values, max_size=5), st.randoms())
def test_a_key_does_not_depend_on_the_order_of_keys(parts, random):
    items = list(parts.items())
    random.shuffle(items)
    assert key_of(dict(items)) == key_of(parts)


@given(json_values, json_values)
def test_different_parts_have_different_keys(left, right):
    same = json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    assert (key_of({"x": left}) == key_of({"x": right})) == same
