"""Files go into the store and out of it whole, verified, and never as a link out of it."""

from __future__ import annotations

import errno
import hashlib
import os

import pytest

from segbench.provenance import store_files
from segbench.provenance.store_files import (
    DamagedError,
    OutputError,
    copy_file,
    fetch,
    fetch_all,
    is_sound,
    open_regular,
    remove,
    take_file,
)

CONTENT = b"weights" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(params=["all", "no reflink", "no kernel copy"])
def filesystem(request, monkeypatch):
    """Filesystems that can do less and less."""

    def refuse(*_):
        raise OSError(errno.EOPNOTSUPP, "not supported")

    if request.param != "all":
        monkeypatch.setattr(store_files.fcntl, "ioctl", refuse)
    if request.param == "no kernel copy":
        monkeypatch.setattr(os, "copy_file_range", refuse)
    return request.param


def test_a_copy_is_equal_and_no_link(source, tmp_path, filesystem):
    way = copy_file(source, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT
    assert (tmp_path / "copy").stat().st_ino != source.stat().st_ino
    if filesystem == "no kernel copy":
        assert way == "copy"
    elif filesystem == "no reflink":
        assert way == "kernel copy"


def test_an_output_is_taken_read_only(source, tmp_path, filesystem):
    way = take_file(source, tmp_path / "object", 0o440, os.getgid())
    assert way in ("reflink", "hard link")
    assert (tmp_path / "object").read_bytes() == CONTENT
    assert (tmp_path / "object").stat().st_mode & 0o777 == 0o440


def test_a_failing_disk_is_no_unsupported_operation(source, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(store_files.fcntl, "ioctl", fail)
    with pytest.raises(OSError, match="Input/output"):
        copy_file(source, tmp_path / "copy")


def test_only_plain_files_are_opened(source, tmp_path):
    with open_regular(source) as handle:
        assert handle.read() == CONTENT
    (tmp_path / "link").symlink_to(source)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing", "source/below"):
        with pytest.raises(DamagedError) as damage:
            open_regular(tmp_path / name)
        assert damage.value.path == tmp_path / name
    with pytest.raises(DamagedError, match="is not a plain file"):
        open_regular(tmp_path)


def test_sound_means_this_content(source, tmp_path):
    assert is_sound(source, DIGEST)
    assert not is_sound(source, "0" * 64)
    assert not is_sound(tmp_path / "missing", DIGEST)


def test_a_fetched_file_is_verified(source, tmp_path):
    fetch(source, DIGEST, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == CONTENT
    with pytest.raises(DamagedError, match="content does not match its digest"):
        fetch(source, "0" * 64, tmp_path / "other")
    with pytest.raises(OutputError):
        fetch(source, DIGEST, tmp_path / "no/folder/out")


def test_a_kernel_copy_that_lies_is_copied_again(source, tmp_path, monkeypatch):
    def lie(reader, target):
        target.write_bytes(b"\0" * len(CONTENT))
        return "kernel copy"

    monkeypatch.setattr(store_files, "copy_open", lie)
    assert fetch(source, DIGEST, tmp_path / "out") == "copy"
    assert (tmp_path / "out").read_bytes() == CONTENT


def test_all_files_are_fetched_or_none(source, tmp_path):
    out = tmp_path / "results"
    fetch_all([(source, DIGEST, out / "a"), (source, DIGEST, out / "b")])
    assert sorted(os.listdir(out)) == ["a", "b"]
    (out / "a").write_bytes(b"old")
    with pytest.raises(DamagedError):
        fetch_all([(source, DIGEST, out / "a"), (source, "1" * 64, out / "c")])
    assert sorted(os.listdir(out)) == ["a", "b"]
    assert (out / "a").read_bytes() == b"old"


def test_a_target_that_cannot_be_written_is_named(source, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as failure:
        fetch_all([(source, DIGEST, tmp_path / "file/below")])
    assert failure.value.path == tmp_path / "file/below"


def test_remove(source, tmp_path):
    (tmp_path / "folder/in").mkdir(parents=True)
    for path in (source, tmp_path / "folder", tmp_path / "missing"):
        remove(path)
        assert not path.exists()
