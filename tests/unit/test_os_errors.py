"""Errors of the operating system are explained with the path, the free space and what to do."""

from __future__ import annotations

import errno
import os
from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench import os_errors
from segbench.errors import SegbenchError
from segbench.files import atomic_path, write_text
from segbench.os_errors import existing, explain, readable_bytes

Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (65_500, "65.5 kB"), (3e15, "3000.0 TB")],
)
def test_sizes_are_readable(count, text):
    assert readable_bytes(count) == text


def test_the_nearest_folder_that_exists(tmp_path):
    assert existing(tmp_path / "a/b/c") == tmp_path
    assert existing(tmp_path) == tmp_path
    assert existing(tmp_path / ("n" * 300) / "x") == tmp_path


@pytest.mark.parametrize(
    ("number", "what", "action"),
    [
        (errno.ENOSPC, "the disk is full", "free some space"),
        (errno.EDQUOT, "quota", "free some space"),
        (errno.EACCES, "permission denied", "owner or the mode"),
        (errno.EPERM, "permission denied", "owner or the mode"),
        (errno.EROFS, "mounted read-only", "set `folder`"),
        (errno.ENAMETOOLONG, "too long", "shorten the names"),
        (errno.ENOLCK, "cannot lock files", "mount it with locks"),
        (errno.ENOSYS, "cannot lock files", "mount it with locks"),
        (errno.EMFILE, "too many open files", "ulimit -n"),
    ],
)
def test_each_refusal_names_the_file_and_says_what_to_do(tmp_path, number, what, action):
    path = tmp_path / "results/scores.parquet"
    told = explain(OSError(number, os.strerror(number), str(path)))
    assert told.what.startswith(f"{path}: ")
    assert what in told.what
    assert action in told.action


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a mistake of ours"),
        OSError(errno.ENOENT, "No such file", "x"),
        OSError("Unable to open file"),
        KeyError("image"),
    ],
)
def test_anything_else_keeps_its_traceback(error):
    assert explain(error) is None


def test_our_own_errors_are_left_as_they_are():
    error = SegbenchError("a", "b", "c")
    assert explain(error) is error


def test_what_a_library_makes_of_a_full_disk_is_understood_too(tmp_path):
    by_words = RuntimeError("HDF5: write failed, errno = 28, No space left on device")
    assert "the disk is full" in explain(by_words, [tmp_path]).what
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "x"))
        except OSError as cause:
            raise ValueError("could not save") from cause
    except ValueError as error:
        assert f"{tmp_path / 'x'}: the disk is full" in explain(error).what


def test_of_several_paths_the_fullest_is_named(tmp_path, monkeypatch):
    for name in ("results", "store"):
        (tmp_path / name).mkdir()
    free = {"results": 5_000_000, "store": 1200}
    monkeypatch.setattr(
        os_errors.shutil, "disk_usage", lambda path: Usage(10**9, 0, free.get(path.name, 10**8))
    )
    known = [tmp_path / "results/a/b.tsv", tmp_path / "store"]
    told = explain(OSError(errno.ENOSPC, "No space left on device"), known)
    assert told.what.startswith(f"{tmp_path / 'store'}: ")
    assert "1.2 kB of 1.0 GB free" in told.what


def test_a_real_full_device_is_told():
    with pytest.raises(OSError) as caught, open("/dev/full", "w") as sink:
        sink.write("x")
    assert "the disk is full" in explain(caught.value).what


def test_a_file_that_did_not_fit_is_named_with_what_did_and_leaves_nothing(tmp_path):
    path = tmp_path / "results/table.csv"
    with pytest.raises(OSError) as caught, atomic_path(path) as beside:
        beside.write_bytes(b"x" * 1234)
        raise OSError(errno.ENOSPC, "No space left on device")
    told = explain(caught.value)
    assert told.what.startswith(f"{path}: the disk is full")
    assert "1234 bytes of it were written" in told.what
    assert list(path.parent.iterdir()) == []


def test_a_name_that_is_too_long_is_shown_as_the_users_not_as_the_one_beside(tmp_path):
    path = tmp_path / ("n" * 250)
    with pytest.raises(OSError) as caught:
        write_text(path, "x")
    told = explain(caught.value)
    assert told.what.startswith(f"{path}: a name in it is too long: 250 bytes")


@given(st.integers(0, 10**18))
def test_a_readable_size_is_within_half_a_unit_of_its_last_digit(count):
    number, unit = readable_bytes(count).split()
    factor = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}[unit]
    assert abs(float(number) * factor - count) <= 0.05 * factor * (1 + 1e-9)
    assert unit in ("B", "TB") or float(number) <= 1000


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EMFILE])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_the_cause_is_found_however_often_it_was_wrapped(tmp_path, number, depth):
    error: BaseException = OSError(number, os.strerror(number), str(tmp_path / "file"))
    for level in range(depth):
        try:
            raise RuntimeError(f"level {level}") from error
        except RuntimeError as wrapped:
            error = wrapped
    told = explain(error)
    assert told.what.startswith(f"{tmp_path / 'file'}: ")
    assert told.expected
    assert told.action


def test_notes_of_the_error_are_kept(tmp_path):
    error = OSError(errno.EROFS, "Read-only file system", str(tmp_path))
    error.add_note("while writing the table")
    assert explain(error).what.endswith("; while writing the table")


def test_without_a_file_name_the_first_path_is_named(tmp_path):
    told = explain(OSError(errno.EACCES, "Permission denied"), [tmp_path / "a", tmp_path / "b"])
    assert told.what.startswith(f"{tmp_path / 'a'}: permission denied ({tmp_path} has owner ")


def test_file_names_in_bytes_are_decoded(tmp_path):
    told = explain(OSError(errno.EROFS, "Read-only file system", os.fsencode(tmp_path / "é")))
    assert told.what.startswith(f"{tmp_path / 'é'}: ")
