from __future__ import annotations

import pytest

from segbench.datasets.tree import (
    breadth_first,
    by_stem,
    locate,
    pictures,
    subfolders,
    unique,
)
from segbench.decoders.decoder import Entry
from segbench.decoders.listing import is_junk
from segbench.errors import SegbenchError


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.mark.parametrize("name", ["._a.png", ".git", "__MACOSX", "Thumbs.db", "@eaDir"])
def test_junk(name):
    assert is_junk(name)


def test_pictures_are_sorted_and_free_of_junk(tmp_path):
    for name in ("b.PNG", "a.png", "c.tiff", "._a.png", "notes.txt", "Thumbs.db"):
        touch(tmp_path / name)
    (tmp_path / "folder.png").mkdir()
    assert pictures(tmp_path) == ["a.png", "b.PNG", "c.tiff"]
    assert pictures(tmp_path / "absent") == []


def test_equal_stems_are_ambiguous(tmp_path):
    touch(tmp_path / "a.png")
    touch(tmp_path / "a.tif")
    with pytest.raises(SegbenchError, match=r"a\.png and a\.tif|a\.tif and a\.png"):
        by_stem(tmp_path)


def test_folders_that_cannot_be_listed_are_named(tmp_path):
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "a").mkdir()
    assert subfolders(tmp_path) == ["a"]
    with pytest.raises(SegbenchError, match=r"gone: cannot be read \(No such file"):
        subfolders(tmp_path / "gone")


def test_breadth_first_is_nearest_first(tmp_path):
    for name in ("b/x", "a/y/z", "__MACOSX/a"):
        (tmp_path / name).mkdir(parents=True)
    found = [p.relative_to(tmp_path).as_posix() for p in breadth_first(tmp_path, depth=2)]
    assert found == [".", "a", "b", "a/y", "b/x"]
    assert subfolders(tmp_path) == ["a", "b"]


def test_locate_prefers_the_nearest(tmp_path):
    for name in ("deep/er/target", "target"):
        (tmp_path / name).mkdir(parents=True)
    assert locate(tmp_path, lambda f: f.name == "target", "x") == tmp_path / "target"


def test_locate_does_not_search_the_whole_disk(tmp_path):
    (tmp_path / "1/2/3/4/5").mkdir(parents=True)
    with pytest.raises(SegbenchError, match="publisher's folders are not in it"):
        locate(tmp_path, lambda f: f.name == "5", "a folder 5")


def test_locate_names_an_absent_root(tmp_path):
    with pytest.raises(SegbenchError, match="gone: there is no such folder"):
        locate(tmp_path / "gone", lambda f: True, "x")


def test_accents_are_paired_however_they_are_stored(tmp_path):
    found = unique(tmp_path, [Entry("Zelle\u0308.png", ("Zelle\u0308.png",), "Zelle\u0308")])
    assert list(found) == ["Zell\u00eb"]
