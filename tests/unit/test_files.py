"""Files that are whole or absent."""

from __future__ import annotations

import hashlib
import os
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.files import (
    ZIP_TIME,
    atomic_path,
    remove,
    sha256_of_bytes,
    sha256_of_file,
    sync,
    write_text,
    zip_entry,
)


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "deep" / "a.tsv"
    with atomic_path(path) as beside:
        beside.write_text("x")
        assert not path.exists()
        assert beside.parent == path.parent
        assert beside.suffix == ".tsv"
    assert path.read_text() == "x"
    assert [p.name for p in path.parent.iterdir()] == ["a.tsv"]


def test_a_failing_block_keeps_the_old_file_and_leaves_nothing(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as beside:
        beside.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_block_that_writes_nothing_fails(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_interruption_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / "a") as beside:
        beside.write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_folder_takes_the_place_of_an_older_one(tmp_path):
    for text in ("old", "new"):
        with atomic_path(tmp_path / "a.zarr") as beside:
            (beside / text).mkdir(parents=True)
            (beside / text / "zarr.json").write_text(text)
    assert [p.name for p in (tmp_path / "a.zarr").iterdir()] == ["new"]
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "a.zarr") as beside:
        (beside / "half").mkdir(parents=True)
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]
    assert [p.name for p in (tmp_path / "a.zarr").iterdir()] == ["new"]


def test_a_link_is_removed_and_not_what_it_points_to(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data", target_is_directory=True)
    remove(tmp_path / "link")
    assert (tmp_path / "data").is_dir()
    remove(tmp_path / "data")
    remove(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


def test_two_writers_do_not_meet(tmp_path):
    path = tmp_path / "a"
    with atomic_path(path) as first, atomic_path(path) as second:
        assert first != second
        first.write_text("1")
        second.write_text("2")
    assert path.read_text() == "1"  # the outer block ends last


def test_compound_endings_are_kept(tmp_path):
    with atomic_path(tmp_path / "a.zarr.zip") as beside:
        assert beside.name.endswith(".zarr.zip")
        beside.touch()


def test_path_may_be_text(tmp_path):
    with atomic_path(str(tmp_path / "a")) as beside:
        beside.touch()
    assert (tmp_path / "a").exists()


def test_synced_before_renamed(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(os, "fsync", lambda _: calls.append("fsync"))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *a: (calls.append("replace"), replace(*a)))
    with atomic_path(tmp_path / "a") as beside:
        beside.touch()
    assert calls == ["fsync", "replace"]


def test_text_is_utf8_with_unix_line_ends(tmp_path):
    write_text(tmp_path / "a", "ä\nb\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa4\nb\n"


def test_sync_of_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "a")


def test_digest_of_a_known_text():
    # FIPS 180-4, example of one block.
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of_bytes(b"abc") == expected


@given(st.binary(max_size=300))
def test_digest_of_a_file_is_that_of_its_bytes(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("d") / "a"
    path.write_bytes(data)
    assert sha256_of_file(path) == sha256_of_bytes(data) == hashlib.sha256(data).hexdigest()


def test_zip_entries_carry_no_clock(tmp_path, monkeypatch):
    def write(name: str) -> bytes:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(zip_entry("a/b"), b"data")
        return (tmp_path / name).read_bytes()

    first = write("one")
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert write("two") == first
    with zipfile.ZipFile(tmp_path / "one") as archive:
        (entry,) = archive.infolist()
    assert entry.date_time == ZIP_TIME
    assert entry.compress_type == zipfile.ZIP_STORED
    assert entry.external_attr >> 16 == 0o644
