"""On every filesystem the cheapest way is taken; a full or closed one costs no results."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess

import pytest

from segbench.errors import SegbenchError
from segbench.provenance import store_files
from segbench.provenance.store import Store
from segbench.provenance.store_files import copy_file, take_file
from unit.provenance.stores import (
    everything,
    keep,
    key,
    object_of,
    places,
    tmpfs,
    with_reflinks,
)

BIG = os.urandom(3 * 2**20)


@pytest.fixture(autouse=True)
def quiet_lines(caplog):
    """What is said without alarm is heard, too."""
    caplog.set_level("INFO", "segbench")


def used(folder):
    os.sync()
    about = os.statvfs(folder)
    return (about.f_blocks - about.f_bfree) * about.f_frsize


def test_on_one_filesystem_publishing_costs_no_space(tmp_path):
    store = Store(tmp_path / "store")
    outputs = keep(store, tmp_path / "a", model=BIG)
    inside, outside = object_of(store, BIG).stat(), outputs["model"].stat()
    shared = inside.st_ino == outside.st_ino or store_files.copy_file(
        outputs["model"], tmp_path / "probe"
    ) == ("reflink")
    assert shared, "a hard link, or a reflink where there are some"
    assert inside.st_mode & 0o222 == 0


def test_on_one_filesystem_what_is_restored_is_a_file_of_its_own(tmp_path):
    store = Store(tmp_path / "store")
    keep(store, tmp_path / "a", model=BIG)
    outputs = places(tmp_path / "b", "model")
    store.restore(key("work"), outputs)
    assert outputs["model"].stat().st_ino != object_of(store, BIG).stat().st_ino
    assert outputs["model"].read_bytes() == BIG
    assert outputs["model"].stat().st_mode & 0o200, "and can be written"


def test_between_two_filesystems_it_is_copied(tmp_path):
    with tmpfs(tmp_path / "memory") as memory:
        store = Store(memory / "store")
        outputs = keep(store, tmp_path / "a", model=BIG)
        assert object_of(store, BIG).stat().st_nlink == 1
        assert outputs["model"].stat().st_mode & 0o200, "the output itself is left as it was"
        assert store.restore(key("work"), places(tmp_path / "b", "model"))
        assert (tmp_path / "b/model").read_bytes() == BIG
        assert copy_file(outputs["model"], memory / "x") == "copy"
        assert copy_file(memory / "x", memory / "y") in ("kernel copy", "copy")


@pytest.mark.parametrize("kind", ["btrfs", "xfs"])
def test_where_there_are_reflinks_no_byte_is_copied(tmp_path, kind):
    with with_reflinks(tmp_path / kind, kind) as disk:
        store = Store(disk / "store")
        store.state(key("work"))  # the store's folders are made
        (disk / "made").write_bytes(BIG * 8)
        before = used(disk)
        assert take_file(disk / "made", disk / "taken", 0o444, os.getgid()) == "reflink"
        assert copy_file(disk / "taken", disk / "restored") == "reflink"
        assert store.publish(key("work"), {"model": disk / "made"})
        assert store.restore(key("work"), {"model": disk / "a/model"})
        assert used(disk) - before < len(BIG), "four more files, no more blocks"
        assert (disk / "a/model").read_bytes() == BIG * 8
        assert (disk / "made").stat().st_mode & 0o200, "a reflink leaves the output writable"
        with open(disk / "a/model", "r+b") as handle:
            handle.write(b"scribble")
        assert (disk / "taken").read_bytes() == BIG * 8


@pytest.mark.parametrize(
    "cannot", [errno.EXDEV, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS]
)
def test_each_way_falls_back_to_the_next(tmp_path, monkeypatch, cannot):
    def refuse(*_, **__):
        raise OSError(cannot, os.strerror(cannot))

    (tmp_path / "made").write_bytes(BIG)
    monkeypatch.setattr(store_files.fcntl, "ioctl", refuse)
    assert take_file(tmp_path / "made", tmp_path / "1", 0o444, os.getgid()) == "hard link"
    assert copy_file(tmp_path / "made", tmp_path / "2") == "kernel copy"
    monkeypatch.setattr(os, "link", refuse)
    assert take_file(tmp_path / "made", tmp_path / "3", 0o444, os.getgid()) == "kernel copy"
    monkeypatch.setattr(os, "copy_file_range", refuse)
    assert take_file(tmp_path / "made", tmp_path / "4", 0o440, os.getgid()) == "copy"
    assert copy_file(tmp_path / "made", tmp_path / "5") == "copy"
    for number in "12345":
        assert (tmp_path / number).read_bytes() == BIG
    assert (tmp_path / "4").stat().st_mode & 0o777 == 0o440


def test_a_failing_disk_is_no_reason_to_try_another_way(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "made").write_bytes(BIG)
    monkeypatch.setattr(store_files.fcntl, "ioctl", fail)
    with pytest.raises(OSError, match="Input/output error"):
        copy_file(tmp_path / "made", tmp_path / "copy")


def test_an_output_that_is_a_link_is_taken_by_its_content(tmp_path):
    store = Store(tmp_path / "store")
    (tmp_path / "real").write_bytes(BIG)
    (tmp_path / "link").symlink_to("real")
    assert store.publish(key("work"), {"model": tmp_path / "link"})
    assert not object_of(store, BIG).is_symlink()
    assert store.holds(key("work"))


def test_a_full_store_loses_no_results(tmp_path, caplog):
    with tmpfs(tmp_path / "memory", "2m") as memory:
        store = Store(memory / "store", tmp_path / "spare")
        store.state(key("work")).joinpath("state").write_bytes(b"epoch")
        outputs = {"a": tmp_path / "a", "model": tmp_path / "model"}
        outputs["a"].write_bytes(b"small, and written first")
        outputs["model"].write_bytes(BIG)
        assert store.publish(key("work"), outputs) is False
        assert outputs["model"].read_bytes() == BIG
        assert everything(store.root) == [], "neither entry nor objects nor the state"
        assert f"Store {store.root} is full: 3.1 MB are needed, " in caplog.text
        assert "MB are free" in caplog.text
        assert "scripts/store.py prune" in caplog.text
        assert store.restore(key("work"), places(tmp_path / "b", *outputs)) is None
        subprocess.run(["mount", "-o", "remount,size=16m", memory], check=True)
        assert store.publish(key("work"), outputs) is True, "as soon as there is room"


def test_no_room_for_what_is_restored_is_said_and_nothing_is_left(tmp_path):
    store = Store(tmp_path / "store")
    keep(store, tmp_path / "a", history=b"epoch 1", model=BIG)
    with tmpfs(tmp_path / "memory", "2m") as memory:
        outputs = places(memory / "run", "history", "model")
        with pytest.raises(SegbenchError) as error:
            store.restore(key("work"), outputs)
        assert error.value.what.startswith(f"{outputs['model']}: not enough space to restore it")
        assert "3.1 MB are needed, 2.1 MB are free" in error.value.what
        assert "`folder:`" in error.value.action
        assert everything(memory) == []
        assert store.holds(key("work")), "the store is in order"
        subprocess.run(["mount", "-o", "remount,size=16m", memory], check=True)
        assert store.restore(key("work"), outputs) is not None


def test_a_used_up_quota_is_said(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    keep(store, tmp_path / "a", model=BIG)

    def refuse(*_):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    monkeypatch.setattr(store_files, "reflink", lambda *_: False)
    with pytest.raises(SegbenchError, match=r"3\.1 MB are needed, and the quota is exhausted"):
        store.restore(key("work"), places(tmp_path / "b", "model"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    store = Store(tmp_path / "store")
    keep(store, tmp_path / "a", model=BIG)
    (tmp_path / "file").write_text("")
    with pytest.raises(SegbenchError, match=r"file/model: cannot be written \(File exists\)"):
        store.restore(key("work"), {"model": tmp_path / "file/model"})
    with pytest.raises(SegbenchError, match=r"taken: cannot be written \(Is a directory\)"):
        (tmp_path / "taken").mkdir()
        store.restore(key("work"), {"model": tmp_path / "taken"})
    assert store.holds(key("work"))


def test_a_read_only_mount_is_used_as_far_as_it_goes(tmp_path, caplog):
    with tmpfs(tmp_path / "memory") as memory:
        keep(Store(memory / "store"), tmp_path / "a", model=BIG)
        subprocess.run(["mount", "-o", "remount,ro", memory], check=True)
        store = Store(memory / "store", tmp_path / "spare")
        with store.locks.key(key("work")):
            assert store.restore(key("work"), places(tmp_path / "b", "model"))
        assert caplog.text == "", "whoever finds all he needs is not bothered"
        assert store.state(key("more")) == tmp_path / "spare" / key("more")
        (tmp_path / "more").write_bytes(b"more")
        assert store.publish(key("more"), {"model": tmp_path / "more"}) is False
        assert store.publish(key("most"), {"model": tmp_path / "more"}) is False
        assert caplog.text.count("is not writable (Read-only file system)") == 1
        assert not (tmp_path / "spare" / key("more")).exists(), "its work is done"


def test_damage_in_a_read_only_store_is_not_served_either(tmp_path):
    with tmpfs(tmp_path / "memory") as memory:
        store = Store(memory / "store", tmp_path / "spare")
        keep(store, tmp_path / "a", model=BIG)
        target = object_of(store, BIG)
        target.chmod(0o644)
        target.write_bytes(BIG[:-1] + b"!")
        subprocess.run(["mount", "-o", "remount,ro", memory], check=True)
        assert store.restore(key("work"), places(tmp_path / "b", "model")) is None
        assert everything(tmp_path / "b") == []


def test_a_place_where_no_store_can_be_is_no_failure(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file/store", tmp_path / "spare")
    with store.locks.key(key("work")):
        assert store.restore(key("work"), places(tmp_path / "b", "model")) is None
        assert store.state(key("work")).is_dir()
        assert store.publish(key("work"), {"model": tmp_path / "file"}) is False
    assert "is not writable (Not a directory)" in caplog.text
    assert not store.holds(key("work"))
    assert store.keys() == []


def test_a_link_to_a_store_is_the_store(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    keep(Store(tmp_path / "link"), tmp_path / "a", model=BIG)
    assert Store(tmp_path / "real").holds(key("work"))


def test_space_and_letters_of_all_alphabets_in_its_name(tmp_path):
    store = Store(tmp_path / "мой store, 店")
    keep(store, tmp_path / "a b", model=BIG)
    assert store.restore(key("work"), places(tmp_path / "ç d", "model"))


def test_a_file_killed_while_it_was_restored_is_written_anew(tmp_path):
    store = Store(tmp_path / "store")
    keep(store, tmp_path / "a", model=BIG)
    (tmp_path / "b").mkdir()
    (tmp_path / "b/.restored.model").write_bytes(b"half")
    assert store.restore(key("work"), places(tmp_path / "b", "model"))
    assert everything(tmp_path / "b") == ["model"]


def test_a_store_that_is_deleted_while_a_job_runs_is_made_again(tmp_path):
    store = Store(tmp_path / "store")
    keep(store, tmp_path / "a", model=BIG)
    store.root.chmod(0o2770)
    store = Store(tmp_path / "store")
    with store.locks.key(key("more")):
        store.state(key("more"))
        shutil.rmtree(store.root)
        keep(store, tmp_path / "b", "more", model=BIG)
    assert store.keys() == [key("more")]
    assert store.root.stat().st_mode & 0o7777 == 0o2770
