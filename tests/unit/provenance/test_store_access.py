"""What is created in a store has the mode and group of its root, whatever the umask."""

from __future__ import annotations

import os
import stat

import pytest

from segbench.provenance.store_access import Access


@pytest.fixture(params=[0o022, 0o077, 0o000], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def access(tmp_path):
    root = tmp_path / "store"
    root.mkdir()
    root.chmod(0o2770)
    return Access(root)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_as_open_as_the_root(access, umask):
    made = access.folder(access.root / "a/b/c")
    assert made.is_dir()
    assert {mode(path) for path in (made, made.parent, made.parent.parent)} == {0o2770}
    assert access.folder(made) == made, "an existing one is left alone"


def test_finished_files_are_read_only_and_appear_whole(access, umask):
    path = access.root / "objects/x"
    with access.new_file(path) as beside:
        beside.write_bytes(b"1234")
        assert not path.exists()
    assert path.read_bytes() == b"1234"
    assert mode(path) == 0o440
    assert os.listdir(path.parent) == ["x"], "nothing is left beside it"


def test_a_file_that_fails_leaves_nothing(access):
    path = access.root / "objects/x"
    with pytest.raises(ValueError, match="no"), access.new_file(path) as beside:
        beside.write_bytes(b"12")
        raise ValueError("no")
    assert os.listdir(path.parent) == []


def test_a_folder_in_the_place_of_a_file_is_replaced(access):
    path = access.root / "objects/x"
    (path / "in").mkdir(parents=True)
    with access.new_file(path) as beside:
        beside.write_bytes(b"1")
    assert path.read_bytes() == b"1"


def test_changing_files_can_be_written_by_the_group(access, umask):
    path = access.root / "locks/k.lock"
    handle = access.open_changing(path)
    os.close(handle)
    assert mode(path) == 0o660
    inode = path.stat().st_ino
    os.close(access.open_changing(path))
    assert path.stat().st_ino == inode, "an existing one is opened"


def test_a_link_in_the_place_of_a_lock_is_not_followed(access, tmp_path):
    (access.root / "locks").mkdir()
    (access.root / "locks/k.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        access.open_changing(access.root / "locks/k.lock")
    assert not (tmp_path / "elsewhere").exists()


def test_without_links_a_lock_is_renamed_into_place(access, monkeypatch):
    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    path = access.root / "locks/k.lock"
    os.close(access.open_changing(path))
    assert os.listdir(path.parent) == ["k.lock"]


def test_a_missing_root_is_created_with_the_umask(tmp_path, umask):
    access = Access(tmp_path / "new")
    assert access.group == (tmp_path / "new").stat().st_gid
    assert mode(tmp_path / "new") == 0o777 & ~umask
    assert access.finished == 0o444 & ~umask
    assert access.changing == 0o666 & ~umask
