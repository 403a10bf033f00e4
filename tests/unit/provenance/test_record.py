"""What a job was made from is written whole, found again, and needs no result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.archives import ArchiveWriter
from segbench.files import sha256_of_file
from segbench.provenance.keys import Job, digest_input, work_key
from segbench.provenance.record import (
    Digests,
    FileStat,
    read_list,
    read_record,
    record_path,
    records_of,
    write_record,
)

LIST = "sample\tpath\tbytes\tsha256\na\ta.png\t3\t" + "0" * 64 + "\n"


@pytest.fixture
def written(tmp_path):
    """The record of a job with two inputs, one of them a list of files."""
    (tmp_path / "shard-0.tsv").write_text(LIST)
    (tmp_path / "folds.tsv").write_text("sample\tfold\trole\n")
    inputs = Digests().all_of({"m": [tmp_path / "shard-0.tsv"], "f": [tmp_path / "folds.tsv"]})
    path = write_record(
        tmp_path / "records",
        "train",
        {"fold": "0"},
        {"code": "c", "recipe": {"rate": 0.1, "path": Path("p"), "pair": (1, 2)}},
        inputs,
        ["results/b/model.keras", Path("results/b/history.csv")],
        key="k" * 64,
        cost={"wall_s": 1.5, "gpu": None},
    )
    return tmp_path, path


def test_a_record_says_what_the_job_was_made_from(written):
    folder, path = written
    assert path == folder / "records/train/results/b/history.csv.json"
    seen = (folder / "folds.tsv").stat()
    record = read_record(path)
    assert record["inputs"].pop(str(folder / "folds.tsv")) == FileStat(
        sha256_of_file(folder / "folds.tsv"), seen.st_size, seen.st_mtime_ns
    )
    assert list(record.pop("inputs")) == [str(folder / "shard-0.tsv")]
    assert record == {
        "rule": "train",
        "wildcards": {"fold": "0"},
        "params": {"code": "c", "recipe": {"rate": 0.1, "path": "p", "pair": [1, 2]}},
        "outputs": ["results/b/history.csv", "results/b/model.keras"],
        "key": "k" * 64,
        "cost": {"wall_s": 1.5, "gpu": None},
    }


def test_lists_of_files_are_kept_and_other_tables_are_not(written):
    folder, _ = written
    records = folder / "records"
    assert [p.name for p in (records / "lists").iterdir()] == [
        f"{sha256_of_file(folder / 'shard-0.tsv')}.tsv"
    ]
    assert read_list(records, sha256_of_file(folder / "shard-0.tsv")) == LIST
    assert read_list(records, sha256_of_file(folder / "folds.tsv")) is None


@given(st.lists(st.text("abc/.", min_size=1, max_size=9), min_size=1, max_size=4))
def test_the_path_depends_on_no_order_and_stays_in_the_folder(names):
    outputs = [f"results/{name.replace('..', 'x')}z" for name in names]
    path = record_path(Path("r"), "train", outputs)
    assert path == record_path(Path("r"), "train", outputs[::-1])
    assert path.is_relative_to("r/train/results")


def test_an_absolute_output_has_a_record_too():
    assert record_path(Path("r"), "x", ["/tmp/a"]).as_posix() == "r/x/tmp/a.json"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"params": {}}',
        '{"params": [], "inputs": {}}',
        '{"params": {}, "inputs": [1]}',
        '{"params": {}, "inputs": {"a": ["d"]}}',
    ],
)
def test_a_damaged_record_is_no_record(written, text):
    folder, path = written
    path.write_text(text)
    assert read_record(path) is None
    assert list(records_of(folder / "records", "train")) == []


def test_the_records_of_a_rule(written):
    folder, path = written
    other = path.with_name("second.json")
    other.write_text(path.read_text())
    assert [r["wildcards"] for r in records_of(folder / "records", "train")] == [{"fold": "0"}] * 2
    assert list(records_of(folder / "records", "score")) == []
    assert read_record(folder / "nothing.json") is None


def test_a_file_is_read_once(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_text("a")
    digests = Digests()
    first = digests(path)
    path.unlink()
    assert digests(path) == first
    assert json.loads(json.dumps(digests)) == {str(path): list(digests[str(path)])}


def test_an_archive_without_its_ending_is_still_an_archive(tmp_path):
    named, bare = tmp_path / "a.zarr.zip", tmp_path / "object"
    with ArchiveWriter(named, {"axes": "yx"}) as archive:
        archive.add("a", {"label": np.ones((2, 2), np.uint8)})
    bare.write_bytes(named.read_bytes())
    assert digest_input(named) == digest_input(bare, "x.zarr.zip") != digest_input(bare)


def test_a_known_digest_gives_the_same_key_without_a_file(tmp_path):
    (tmp_path / "a").write_text("abc")
    job = Job({"data": [tmp_path / "a"]}, {}, {"code": "c"}, {"fold": "0", "model": "m"}, 1)
    digest = sha256_of_file(tmp_path / "a")
    (tmp_path / "a").write_text("gone")
    known = work_key("train", job, digest=lambda _: digest)
    (tmp_path / "a").write_text("abc")
    assert known == work_key("train", job)
