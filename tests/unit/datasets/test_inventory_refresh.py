"""Before each run: what changed in a tree of raw files, found out without reading it."""

from __future__ import annotations

import os
import sys

import pytest

from segbench.datasets import inventory
from segbench.datasets.inventory import refresh, shard_of
from unit.datasets.helpers import make_dataset

SHARDS = 4


DAYS = [f"case{case}_day{day}" for case in (1, 2) for day in range(4)]


ORGANS = ("large_bowel", "small_bowel", "stomach")


def table(**codes):
    rows = ["id,class,segmentation"]
    for day in DAYS:
        for number in (1, 2):
            sample = f"{day}_slice_{number:04}"
            rows += [f"{sample},{organ},{codes.get(sample, '')}" for organ in ORGANS]
    return "\n".join(rows) + "\n"


@pytest.fixture
def raw(tmp_path):
    """Eight scans of two slices; their files hold no pictures, and nobody looks."""
    root = tmp_path / "raw"
    for day in DAYS:
        scans = root / "train" / day.partition("_")[0] / day / "scans"
        scans.mkdir(parents=True)
        for number in (1, 2):
            name = f"slice_{number:04}_8_6_1.50_1.50.png"
            (scans / name).write_text(f"{day} {number}")
    (root / "train.csv").write_text(table())
    return root


def look(raw, code="code", shards=SHARDS, **changes):
    """Refresh; the numbers of the shards whose manifest was rewritten."""
    classes = tuple({"name": organ, "value": n + 1} for n, organ in enumerate(ORGANS))
    dataset = make_dataset(
        "uw_madison", task="overlapping", classes=classes, shards=shards, **changes
    )
    folder = raw.parent / "inventory"
    outputs = {n: folder / f"shard-{n}.tsv" for n in range(shards)}
    for path in outputs.values():
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.touch()
    found = refresh(dataset, raw, outputs, folder / "side", code)
    return {int(path.stem.removeprefix("shard-")) for path in found}


@pytest.fixture
def looked(raw):
    assert look(raw) == set(range(SHARDS))
    return raw


def slice_of(raw, day, number=1):
    case = day.partition("_")[0]
    return raw / f"train/{case}/{day}/scans/slice_{number:04}_8_6_1.50_1.50.png"


def test_nothing_changed_asks_no_reader(looked, monkeypatch):
    monkeypatch.setattr(inventory, "write_shards", None)
    assert look(looked) == set()


@pytest.mark.parametrize("edit", ["change", "add", "remove", "rename"])
def test_one_file_touches_its_shard(looked, edit):
    path = slice_of(looked, "case2_day3")
    other = slice_of(looked, "case2_day3", 7)
    if edit == "change":
        path.write_text("another picture")
    elif edit == "add":
        other.write_text("a new one")
    elif edit == "remove":
        path.unlink()
    else:
        path.rename(other)
    assert look(looked) == {shard_of("case2_day3", SHARDS)}
    assert look(looked) == set()


def test_a_new_case_is_found(looked):
    new = looked / "train/case9/case9_day0/scans/slice_0001_8_6_1.50_1.50.png"
    new.parent.mkdir(parents=True)
    assert look(looked) == set()
    new.write_text("new")
    assert look(looked) == {shard_of("case9_day0", SHARDS)}


def test_a_changed_row_of_the_table_touches_its_shard(looked):
    (looked / "train.csv").write_text(table(case1_day2_slice_0002="1 3"))
    assert look(looked) == {shard_of("case1_day2", SHARDS)}


def test_the_order_of_the_rows_is_of_no_matter(looked):
    head, *rows = table().splitlines()
    (looked / "train.csv").write_text("\n".join([head, *reversed(rows)]) + "\n")
    assert look(looked) == set()


def test_a_broken_table_is_left_to_the_jobs(looked):
    (looked / "train.csv").write_text(table() + "case1_day0_slice_0001,liver,\n")
    assert look(looked) == set(range(SHARDS)), "all of it counts: the jobs say what is wrong"
    (looked / "train.csv").write_text(table())
    assert look(looked) == set(range(SHARDS))


def test_a_touched_tree_is_not_read_and_then_known_again(looked, monkeypatch):
    for path in looked.rglob("*"):
        os.utime(path, (1, 1))
    assert look(looked) == set()
    monkeypatch.setattr(inventory, "write_shards", None)
    assert look(looked) == set()


def test_other_code_config_or_manifests_are_looked_at(looked):
    first = looked.parent / "inventory/shard-0.tsv"
    assert look(looked, code="other") == set()
    assert look(looked, shards=2) == {0, 1}
    assert look(looked) == {0, 1}
    first.write_text(first.read_text() + "edited\n")
    assert look(looked) == {0}


def test_a_dataset_without_raw_files_or_manifests_is_passed_over(tmp_path):
    dataset = make_dataset("dsb2018")
    assert refresh(dataset, tmp_path / "raw", {0: tmp_path / "x"}, tmp_path / "s", "c") == []
    (tmp_path / "raw").mkdir()
    assert refresh(dataset, tmp_path / "raw", {}, tmp_path / "s", "c") == []


def test_a_tree_that_was_given_up_is_listed_by_its_reader(looked):
    (looked / "link").symlink_to(looked / "nowhere")
    slice_of(looked, "case1_day0").write_text("changed")
    assert look(looked) == {shard_of("case1_day0", SHARDS)}
    assert look(looked) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
def test_names_that_are_no_text(looked):
    os.close(os.open(os.fsencode(looked) + b"/\xff.txt", os.O_CREAT))
    assert look(looked) == set()
