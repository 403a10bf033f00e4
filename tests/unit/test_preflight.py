"""Preflight checks: what cannot work is told before a run begins."""

from __future__ import annotations

import errno
import os
from collections import namedtuple
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench import preflight
from segbench.errors import SegbenchError
from segbench.preflight import check_environment

Usage = namedtuple("Usage", ["total", "used", "free"])


def test_a_good_folder_passes_and_is_left_as_it_was(tmp_path):
    check_environment(tmp_path / "it's 100% ünï [x]*", tmp_path, ["a" * 220])
    assert list((tmp_path / ".snakemake").iterdir()) == []


@pytest.mark.parametrize("name", ["{", "a}b", "{wildcard}"])
def test_braces_in_the_path_of_the_checkout(tmp_path, name):
    with pytest.raises(SegbenchError, match="brace"):
        check_environment(tmp_path / name / "checkout", tmp_path)


def test_names_are_counted_in_bytes(tmp_path):
    check_environment(tmp_path, tmp_path, ["é" * 110])
    with pytest.raises(SegbenchError, match="222 bytes"):
        check_environment(tmp_path, tmp_path, ["short", "é" * 111])


def test_another_encoding_of_names(tmp_path, monkeypatch):
    monkeypatch.setattr(preflight.sys, "getfilesystemencoding", lambda: "ascii")
    with pytest.raises(SegbenchError, match="encoded as ascii") as caught:
        check_environment(tmp_path, tmp_path)
    assert "PYTHONUTF8=1" in caught.value.action


def test_a_disk_with_nothing_left(tmp_path, monkeypatch):
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda path: Usage(10**9, 0, 4096))
    with pytest.raises(SegbenchError, match=r"4\.1 kB of 1\.0 GB free"):
        check_environment(tmp_path, tmp_path)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch, number):
    def touch(self):
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, "touch", touch)
    with pytest.raises(SegbenchError, match=r"read-only|permission denied"):
        check_environment(tmp_path, tmp_path)


def test_a_folder_that_is_a_file_keeps_its_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        check_environment(tmp_path, tmp_path / "file")


@given(st.text(alphabet="aé文", max_size=230))
def test_a_name_passes_if_and_only_if_its_bytes_fit(name):
    fits = len(name.encode()) <= 220
    with TemporaryDirectory() as folder:
        if fits:
            check_environment(Path(folder), Path(folder), [name])
        else:
            with pytest.raises(SegbenchError, match="too long"):
                check_environment(Path(folder), Path(folder), [name])


def test_names_are_checked_before_the_folder_is_touched(tmp_path):
    with pytest.raises(SegbenchError, match="too long"):
        check_environment(tmp_path, tmp_path / "new", ["n" * 221])
    assert not (tmp_path / "new").exists()


def test_a_missing_folder_is_created(tmp_path):
    check_environment(tmp_path, tmp_path / "a/b")
    assert (tmp_path / "a/b/.snakemake").is_dir()
