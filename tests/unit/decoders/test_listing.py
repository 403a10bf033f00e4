"""Every file below a folder is an entry, junk, or named."""

from __future__ import annotations

import re

import pytest

from segbench.decoders.decoder import Entry
from segbench.decoders.listing import JUNK, leads_up, list_images, natural, walk
from segbench.decoders.registry import header_of
from segbench.errors import SegbenchError
from unit.pages import ROOT


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def names(entries):
    return [entry.name for entry in entries]


def test_digits_count_as_numbers(tmp_path):
    put(tmp_path, "s10.png", "s2.png", "b/s1.tif", "._s3.png", "Thumbs.db", ".hidden/a.png")
    entries, others = list_images(tmp_path)
    assert names(entries) == ["b/s1.tif", "s2.png", "s10.png"]
    assert entries[0] == Entry("b/s1.tif", ("b/s1.tif",), "b/s1")
    assert others == []


def test_other_files_are_named(tmp_path):
    put(tmp_path, "a.png", "notes10.txt", "notes9.txt", "sub/README.md")
    assert list_images(tmp_path)[1] == ["notes9.txt", "notes10.txt", "sub/README.md"]


def test_a_format_with_a_way_to_convert_it_is_refused(tmp_path):
    put(tmp_path, "a.png", "slide.czi")
    with pytest.raises(SegbenchError) as caught:
        list_images(tmp_path)
    assert "slide.czi" in caught.value.what
    assert "OME-TIFF" in caught.value.action
    entries, others = list_images(tmp_path, refuse=False)
    assert (names(entries), others) == (["a.png"], ["slide.czi"])


@pytest.mark.parametrize("name", ["b.ome.tif", "b.mhd", "b.nrrd", "b.dcm", "b.zarr", "b.h5"])
def test_a_damaged_file_is_an_image_that_cannot_be_opened(tmp_path, name):
    """One does not keep the other images of a folder from being listed."""
    pytest.importorskip("pydicom")
    put(tmp_path, "a.png", name)
    assert names(list_images(tmp_path)[0]) == ["a.png", name]
    with pytest.raises(SegbenchError, match=re.escape(f"{tmp_path / name}: ")):
        header_of(tmp_path / name)


def test_links_are_followed_and_loops_are_not(tmp_path):
    put(tmp_path, "data/p0/s1.png", "disk/p1/s1.png")
    (tmp_path / "data/p1").symlink_to(tmp_path / "disk/p1", target_is_directory=True)
    (tmp_path / "data/p1/back").symlink_to(tmp_path / "data", target_is_directory=True)
    assert names(list_images(tmp_path / "data")[0]) == ["p0/s1.png", "p1/s1.png"]


def test_loops_may_lead_above_the_folder(tmp_path):
    put(tmp_path, "images/a.png", "masks/a.png")
    (tmp_path / "masks/all").symlink_to("..", target_is_directory=True)
    (tmp_path / "masks/itself.png").symlink_to("itself.png")
    assert names(list_images(tmp_path / "masks")[0]) == ["a.png", "itself.png"]


def test_a_folder_may_be_linked_twice(tmp_path):
    put(tmp_path, "disk/p1/s1.png")
    for name in ("a", "b"):
        (tmp_path / name).symlink_to(tmp_path / "disk/p1", target_is_directory=True)
    found = names(list_images(tmp_path)[0])
    assert found == ["a/s1.png", "b/s1.png", "disk/p1/s1.png"]
    assert not leads_up(tmp_path / "a")


def test_broken_links_are_named(tmp_path):
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "own.png").symlink_to(tmp_path / "own.png")
    assert names(list_images(tmp_path)[0]) == ["gone.png", "own.png"]


def test_a_folder_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SegbenchError, match=r"gone: cannot be read \(No such file"):
        list(walk(tmp_path / "gone"))


def test_folders_come_in_order_each_before_those_in_it(tmp_path):
    put(tmp_path, "b/c/2.txt", "b/1.txt", "a/3.txt", "0.txt", "b/c/d.zarr/.zattrs")
    assert list(walk(tmp_path)) == [
        ("", ["0.txt"]),
        ("a/", ["3.txt"]),
        ("b/", ["1.txt"]),
        ("b/c/", ["2.txt", "d.zarr"]),
    ]


def test_digits_that_are_no_numbers_are_text():
    assert sorted(["x²10", "x²9", "a1", "a01"], key=natural) == ["a01", "a1", "x²9", "x²10"]


def test_natural_order_of_mixed_names():
    mixed = ["b", "a2b10", "a2b3", "10", "2a"]
    assert sorted(mixed, key=natural) == ["2a", "10", "a2b3", "a2b10", "b"]


def test_junk_of_discs_is_passed_over_and_a_file_without_an_ending_is_looked_at(tmp_path):
    put(tmp_path, "DICOMDIR", "README", "IM/1.2.840.17")
    assert list_images(tmp_path) == ([], ["IM/1.2.840.17", "README"])


def test_the_reference_lists_what_is_junk():
    text = (ROOT / "docs/reference/image-formats.md").read_text(encoding="utf-8")
    assert [name for name in sorted(JUNK) if f"`{name}`" not in text] == []
