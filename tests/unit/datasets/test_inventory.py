"""The inventory follows content, sample by sample, and nothing else."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.datasets import inventory
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.inventory import HashCache, shard_of, write_shards
from segbench.errors import SegbenchError

SHARDS = 3


@pytest.fixture
def tree(tmp_path):
    """Twelve samples of two files each."""
    root = tmp_path / "raw"
    (root / "masks").mkdir(parents=True)
    for number in range(12):
        (root / f"{number:02}.png").write_bytes(b"image %d" % number)
        (root / f"masks/{number:02}.png").write_bytes(b"mask %d" % number)
    return root


class Pairs(Reader):
    def scan(self, root):
        for path in sorted(root.glob("*.png"), reverse=True):
            yield RawSample(path.stem, (path.name,), (f"masks/{path.name}",))


def refresh(root):
    folder = root.parent / "inventory"
    outputs = {shard: folder / f"shard-{shard}.tsv" for shard in range(SHARDS)}
    changed = write_shards(Pairs(), root, outputs, SHARDS, folder / "side")
    return [int(path.stem.removeprefix("shard-")) for path in changed]


def rows(root):
    lines = []
    for path in sorted((root.parent / "inventory").glob("*.tsv")):
        lines += path.read_text().splitlines()[1:]
    return [line.split("\t") for line in lines]


def test_every_file_is_listed_once_with_its_digest(tree):
    assert refresh(tree) == [0, 1, 2]
    listed = rows(tree)
    assert len(listed) == 24
    by_path = {row[1]: row for row in listed}
    # sha256 of b"image 3"
    assert by_path["03.png"] == [
        "03",
        "03.png",
        "7",
        "7c82785f9109004556345ef2b80af58081377245dd2b234c1f21d08589110faa",
    ]


def test_rows_are_sorted_whatever_the_scan_gives(tree):
    refresh(tree)
    for path in (tree.parent / "inventory").glob("*.tsv"):
        lines = path.read_text().splitlines()
        assert lines[0] == "sample\tpath\tbytes\tsha256"
        assert lines[1:] == sorted(lines[1:])


def test_nothing_changed_rewrites_nothing(tree):
    refresh(tree)
    assert refresh(tree) == []


def test_a_touched_file_rewrites_nothing(tree):
    refresh(tree)
    os.utime(tree / "03.png", (1, 1))
    assert refresh(tree) == []


def test_a_changed_file_rewrites_its_shard_only(tree):
    refresh(tree)
    (tree / "masks/05.png").write_bytes(b"another mask")
    assert refresh(tree) == [shard_of("05", SHARDS)]


def test_an_added_and_a_removed_sample_rewrite_their_shards_only(tree):
    refresh(tree)
    (tree / "99.png").write_bytes(b"new")
    (tree / "masks/99.png").write_bytes(b"new mask")
    assert refresh(tree) == [shard_of("99", SHARDS)]
    (tree / "04.png").unlink()
    assert refresh(tree) == [shard_of("04", SHARDS)]


def test_unchanged_files_are_not_read_again(tree, monkeypatch):
    refresh(tree)
    read = []
    original = inventory.sha256_of_file
    monkeypatch.setattr(
        inventory, "sha256_of_file", lambda path: read.append(path.name) or original(path)
    )
    (tree / "07.png").write_bytes(b"changed!")
    refresh(tree)
    assert read == ["07.png"]


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"03.png": [1, 2, "x"]}'])
def test_a_damaged_cache_is_only_a_loss_of_time(tree, text):
    refresh(tree)
    before = rows(tree)
    for shard in range(SHARDS):
        (tree.parent / f"inventory/side-{shard}.json").write_text(text)
    assert refresh(tree) == []
    assert rows(tree) == before


def caches(tree):
    return sorted((tree.parent / "inventory").glob("side-*.json"))


def test_the_cache_is_not_written_when_nothing_is_new(tree):
    refresh(tree)
    assert sum(len(json.loads(path.read_text())) for path in caches(tree)) == 24
    before = [path.stat().st_mtime_ns for path in caches(tree)]
    refresh(tree)
    assert [path.stat().st_mtime_ns for path in caches(tree)] == before


def test_files_that_are_gone_are_forgotten(tree):
    refresh(tree)
    (tree / "04.png").unlink()
    refresh(tree)
    assert sum(len(json.loads(path.read_text())) for path in caches(tree)) == 22


def test_a_file_that_vanished_is_named(tree, tmp_path):
    with pytest.raises(SegbenchError, match=r"gone\.png: No such file"):
        HashCache(tmp_path / "cache.json").digest(tree, "gone.png")


@given(st.text(min_size=1), st.integers(1, 64))
def test_a_shard_is_in_range(sample, shards):
    assert 0 <= shard_of(sample, shards) < shards


class Listed(Reader):
    """Samples of one file, some of them slices of a stack."""

    def __init__(self, samples):
        self.samples = samples

    def scan(self, root):
        for sample in self.samples:
            yield RawSample(sample, ("file",), (), stack=sample.partition("/")[0])


NAMES = st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 99)).map(lambda n: f"{n[0]}/{n[1]}")


@given(st.sets(NAMES, min_size=1), NAMES, st.integers(1, 8))
def test_a_sample_more_or_less_touches_its_shard_only(tmp_path_factory, names, one, shards):
    folder = tmp_path_factory.mktemp("stable")
    (folder / "file").write_bytes(b"x")
    outputs = {shard: folder / f"shard-{shard}.tsv" for shard in range(shards)}

    def changed(samples):
        source = Listed(sorted(samples))
        return write_shards(source, folder, outputs, shards, folder / "side")

    changed(names - {one})
    mine = [outputs[shard_of(one.partition("/")[0], shards)]]
    assert changed(names | {one}) == mine
    assert changed(names - {one}) == mine
    listed = [line.split("\t")[0] for p in outputs.values() for line in p.open() if "/" in line]
    assert sorted(listed) == sorted(names - {one}), "each sample is in one shard"


def test_shards_are_stable_for_ever():
    names = ("a", "b", "c", "NepKid_01-000")
    assert [shard_of(name, 4) for name in names] == [2, 2, 3, 0]
