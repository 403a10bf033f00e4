"""Every way of damage is found: nothing of it is served, and nobody is bothered with it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.provenance.store import Store
from segbench.provenance.store_entry import entry_text, parse_entry
from segbench.provenance.store_files import DamagedError
from unit.provenance.stores import everything, keep, key, object_of, open_up, places

MODEL, HISTORY, OTHER = b"weights" * 100, b"epoch 1", b"Weights" * 100


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store", tmp_path / "spare")
    keep(made, tmp_path / "a", model=MODEL, history=HISTORY)
    keep(made, tmp_path / "b", "other", model=OTHER)
    return made


def truncate(path):
    open_up(path).write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def empty(path):
    open_up(path).write_bytes(b"")


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    open_up(path).write_bytes(data)


def append(path):
    with open(open_up(path), "ab") as handle:
        handle.write(b"\0")


def zero(path):
    """What a filesystem leaves of a file whose blocks were never written."""
    open_up(path).write_bytes(bytes(path.stat().st_size))


def swap(path):
    other = path.parents[1].parent / "objects"
    digest = hashlib.sha256(OTHER).hexdigest()
    path.unlink()
    shutil.copy(other / digest[:2] / digest, path)


def link_to_the_same_bytes(path):
    twin = path.parents[3] / "outside"
    path.rename(twin)
    path.symlink_to(twin)


def dangling(path):
    path.unlink()
    path.symlink_to("/nowhere")


def link_to_itself(path):
    path.unlink()
    path.symlink_to(path)


def folder(path):
    path.unlink()
    path.mkdir()


def full_folder(path):
    folder(path)
    (path / "file").write_text("x")


def pipe(path):
    path.unlink()
    os.mkfifo(path)


DAMAGE = [
    truncate, empty, flip, append, zero, swap, Path.unlink, link_to_the_same_bytes, dangling,
    link_to_itself, folder, full_folder, pipe,
]  # fmt: skip


def assert_not_served_and_healed(store, tmp_path):
    outputs = places(tmp_path / "c", "model", "history")
    assert store.restore(key("work"), outputs) is None
    assert not any(path.exists() for path in outputs.values()), "all or nothing"
    assert everything(tmp_path / "c") == [] if (tmp_path / "c").exists() else True
    assert store.find(key("work")) is None, "dropped"
    keep(store, tmp_path / "a", model=MODEL, history=HISTORY)
    assert store.restore(key("work"), outputs) is not None, "work done again heals the store"
    assert outputs["model"].read_bytes() == MODEL
    assert outputs["history"].read_bytes() == HISTORY


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda function: function.__name__)
@pytest.mark.parametrize("content", [MODEL, HISTORY], ids=["model", "history"])
def test_a_damaged_object_is_never_served(store, tmp_path, damage, content):
    damage(object_of(store, content))
    assert_not_served_and_healed(store, tmp_path)
    assert store.restore(key("other"), places(tmp_path / "d", "model")), "others are untouched"


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda function: function.__name__)
def test_a_damaged_entry_is_never_served(store, tmp_path, damage):
    damage(store.entry_path(key("work")))
    assert not store.holds(key("work"))
    assert_not_served_and_healed(store, tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "3", '"x"', '{"outputs": 3}', "[" * 100_000, "\ud800", "{}" * 2, "NaN"],
)
def test_what_is_no_entry_is_a_miss(store, tmp_path, text):
    path = open_up(store.entry_path(key("work")))
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert_not_served_and_healed(store, tmp_path)


def test_an_entry_under_another_name_is_a_miss(store, tmp_path):
    path = store.entry_path(key("work"))
    path.unlink()
    shutil.copy(store.entry_path(key("other")), path)
    assert store.restore(key("work"), places(tmp_path / "c", "model")) is None
    assert not (tmp_path / "c" / "model").exists()


def edited(store, change):
    """Change an entry as somebody would who also mends its digest."""
    entry = store.read(key("work"))
    change(entry)
    path = open_up(store.entry_path(key("work")))
    path.write_text(entry_text(entry["key"], entry["outputs"], entry["record"]))


@pytest.mark.parametrize(
    "digest",
    [
        "../../../../etc/passwd", "../" * 20 + "etc/passwd", "/etc/passwd", "", "0" * 63, "0" * 65,
        "G" * 64, "A" * 64, "0" * 64 + "\n", "0" * 63 + "/", "\0" * 64, None, 3, ["0" * 64],
        "٣" * 64,
    ],
)  # fmt: skip
def test_a_digest_that_is_a_path_is_never_followed(store, tmp_path, digest):
    edited(store, lambda entry: entry["outputs"]["model"].update(sha256=digest))
    assert_not_served_and_healed(store, tmp_path)


@pytest.mark.parametrize("size", [-1, 1.5, "700", None, True, [700]])
def test_a_size_that_is_none_is_a_miss(store, tmp_path, size):
    edited(store, lambda entry: entry["outputs"]["model"].update(bytes=size))
    assert_not_served_and_healed(store, tmp_path)


@pytest.mark.parametrize("record", [None, [], "x", {"cost": 3}, {"cost": []}])
def test_a_record_that_is_none_is_a_miss(store, tmp_path, record):
    edited(store, lambda entry: entry.update(record=record))
    assert_not_served_and_healed(store, tmp_path)


def test_names_of_outputs_are_never_paths(store, tmp_path):
    edited(store, lambda entry: entry["outputs"].update({"../../x": entry["outputs"]["model"]}))
    assert store.restore(key("work"), places(tmp_path / "c", "model", "history")) is None
    assert everything(tmp_path)[0].startswith("a/")
    assert not (tmp_path / "x").exists()


def test_half_written_files_are_no_entries(store, tmp_path):
    path = store.entry_path(key("work"))
    beside = path.with_name(f".0123456789ab.partial.{path.name}")
    path.rename(beside)
    assert store.keys() == [key("other")]
    assert store.find(key("work")) is None
    target = object_of(store, MODEL)
    target.rename(target.with_name(f".0123456789ab.partial.{target.name}"))
    assert_not_served_and_healed(store, tmp_path)


def test_entries_of_before_they_carried_their_digest_are_read(store, tmp_path):
    path = open_up(store.entry_path(key("work")))
    entry = json.loads(path.read_text())
    del entry["digest"]
    path.write_text(json.dumps(entry))
    assert store.restore(key("work"), places(tmp_path / "c", "model", "history")) is not None


def test_a_copy_that_goes_wrong_is_not_the_stores_fault(store, tmp_path, monkeypatch):
    """Some filesystems say of a kernel copy that it is done when it is not."""
    monkeypatch.setattr(os, "copy_file_range", lambda *_: 0)
    outputs = places(tmp_path / "c", "model", "history")
    assert store.restore(key("work"), outputs) is not None
    assert outputs["model"].read_bytes() == MODEL
    assert store.holds(key("work"))


def test_what_cannot_be_read_just_now_is_not_dropped(store, tmp_path, monkeypatch, caplog):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("segbench.provenance.store_files.open_regular", refuse)
        outputs = places(tmp_path / "c", "model", "history")
        assert store.restore(key("work"), outputs) is None
    assert "Cannot read from the store" in caplog.text
    assert store.restore(key("work"), outputs) is not None


def test_what_was_dropped_is_told(store, tmp_path, caplog):
    flip(object_of(store, MODEL))
    assert store.restore(key("work"), places(tmp_path / "c", "model", "history")) is None
    assert "Dropped damaged store entry; recomputing" in caplog.text
    assert hashlib.sha256(MODEL).hexdigest() in caplog.text


def test_a_miss_is_not_worth_a_line(store, tmp_path, caplog):
    assert store.restore(key("unknown"), places(tmp_path / "c", "model")) is None
    assert caplog.text == ""


ENTRY = entry_text(
    key("work"),
    {"model": {"sha256": hashlib.sha256(MODEL).hexdigest(), "bytes": len(MODEL)}},
    {"rule": "train", "cost": {"wall_s": 1.25, "wildcards": {"fold": "0"}}},
).encode()


@given(st.integers(0, len(ENTRY) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_a_changed_byte_of_an_entry_changes_nothing_that_is_served(place, change):
    data = bytearray(ENTRY)
    data[place] ^= change
    try:
        read = parse_entry(key("work"), bytes(data))
    except DamagedError:
        return
    # The name of the digest's own key may be lost, or white space differ; no more.
    read.pop("Digest", None)
    assert {name: read[name] for name in ("key", "outputs", "record")} == parse_entry(
        key("work"), ENTRY
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_an_entry_or_refused(data):
    with pytest.raises(DamagedError):
        parse_entry(key("work"), data)


@given(st.integers(0, len(MODEL) - 1), st.integers(0, 255))
@settings(max_examples=40)
def test_a_changed_byte_of_an_object_is_found(place, value):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / "store", folder / "spare")
        keep(store, folder / "a", model=MODEL)
        data = bytearray(MODEL)
        data[place] = value
        open_up(object_of(store, MODEL)).write_bytes(data)
        found = store.restore(key("work"), places(folder / "b", "model"))
        assert (found is not None) == (bytes(data) == MODEL)
        assert (folder / "b/model").exists() == (found is not None)
