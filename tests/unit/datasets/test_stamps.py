"""Sizes and times of a tree's files."""

from __future__ import annotations

import os

import pytest

from segbench.datasets.stamps import read_seen, stamp_of, tree_of, write_seen
from segbench.errors import SegbenchError


def test_a_tree_lists_files_and_folders(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/file").write_bytes(b"12345")
    os.utime(tmp_path / "a/file", ns=(0, 7))
    assert tree_of(tmp_path, 10) == {"a/": (0, 0), "a/b/": (0, 0), "a/file": (5, 7)}


def test_links_are_followed_and_loops_are_not(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/file").write_bytes(b"123")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/link").symlink_to(tmp_path / "disk")
    (tmp_path / "raw/loop").symlink_to(tmp_path / "raw")
    found = tree_of(tmp_path / "raw", 20)
    assert found.keys() == {"link/", "loop/", "link/file"}
    assert found["link/file"][0] == 3


def test_too_large_a_tree_is_given_up(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}").touch()
    assert tree_of(tmp_path, 5) is not None
    assert tree_of(tmp_path, 4) is None


@pytest.mark.parametrize("kind", ["no tree", "broken link"])
def test_what_cannot_be_looked_at_is_given_up(tmp_path, kind):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert tree_of(tmp_path / "nothing" if kind == "no tree" else tmp_path, 20) is None


def test_a_tree_is_as_it_was_seen_until_anything_changes(tmp_path):
    raw, made = tmp_path / "raw", tmp_path / "made.tsv"
    raw.mkdir()
    (raw / "a").write_bytes(b"12")
    made.write_text("a\t2\n")
    seen, tree = tmp_path / "seen", tree_of(raw, 10)
    assert not read_seen(seen, ["code"], tree, [made])
    write_seen(seen, ["code"], tree, [made])
    assert read_seen(seen, ["code"], tree, [made])
    assert not read_seen(seen, ["other code"], tree, [made])
    assert not read_seen(seen, ["code"], {**tree, "b": (0, 0)}, [made])
    made.write_text("a\t3\t\n")
    assert not read_seen(seen, ["code"], tree, [made])


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SegbenchError, match="absent: No such file or directory"):
        stamp_of(tmp_path / "absent")
