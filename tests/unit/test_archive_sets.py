"""Shards read as if they were one archive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.archives import Archive, ArchiveSet, ArchiveWriter
from segbench.errors import SegbenchError


def write(path: Path, names: str, attributes: dict) -> Path:
    with ArchiveWriter(path, attributes) as writer:
        for name in names:
            image = np.full((6, 5, 3), ord(name), np.uint8)
            writer.add(name, {"image": image, "label": image[..., 0]}, {"source": name.upper()})
    return path


def shards(tmp_path: Path, *names: str, attributes: list[dict] | None = None) -> list[Path]:
    return [
        write(tmp_path / f"{number}.zarr.zip", part, (attributes or [{"k": 1}] * 9)[number])
        for number, part in enumerate(names)
    ]


def test_a_set_reads_like_one_archive(tmp_path):
    archives = ArchiveSet(shards(tmp_path, "db", "", "ca"))
    assert archives.ids == list(archives) == ["a", "b", "c", "d"]
    assert archives.attributes == {"k": 1}
    assert "a" in archives
    assert "x" not in archives
    assert archives.record("c") == {"source": "C"}
    assert archives.has("c", "image")
    assert archives.shape("c", "label") == (6, 5)
    with Archive(tmp_path / "2.zarr.zip") as archive:
        assert (archives.read("c", "image") == archive.read("c", "image")).all()
    with Archive(tmp_path / "0.zarr.zip") as archive:
        assert archives.digest("b") == archive.digest("b")


def test_a_set_of_nothing():
    assert ArchiveSet([]).ids == []


def test_a_set_with_a_sample_twice(tmp_path):
    with pytest.raises(SegbenchError, match=r"1\.zarr\.zip: sample 'b' is in two shards"):
        ArchiveSet(shards(tmp_path, "ab", "bc"))


def test_a_set_of_different_recipes(tmp_path):
    with pytest.raises(SegbenchError, match=r"1\.zarr\.zip: its attributes differ"):
        ArchiveSet(shards(tmp_path, "a", "b", attributes=[{"k": 1}, {"k": 2}]))


def test_shards_without_samples_take_the_attributes_of_the_others(tmp_path):
    for number, names in enumerate((("", "a"), ("a", ""))):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert ArchiveSet(shards(folder, *names)).attributes == {"k": 1}
