from __future__ import annotations

import pytest

from segbench.errors import SegbenchError
from segbench.folds import Sample, read_samples
from unit.folds.sheets import HEADER, singles, write_sheet


def test_rows_come_sorted_with_the_columns_that_matter(tmp_path):
    rows = singles(3, "grey")
    path = write_sheet(tmp_path / "samples.tsv", rows[::-1])
    assert read_samples(path) == rows


def test_names_that_look_like_numbers_or_nothing_stay_text(tmp_path):
    path = write_sheet(tmp_path / "samples.tsv", [Sample("007", "NA", stratum="1e3")])
    assert read_samples(path) == [Sample("007", "NA", "train", "1e3")]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no samples"),
        ([Sample("a", "")], "sample 'a' (group '') has no group"),
        ([Sample("", "g")], "sample '' (group 'g') has no sample"),
        ([Sample("a", "g"), Sample("a", "h")], "sample 'a' occurs twice"),
        ([Sample("a", "g", "private")], "sample 'a' has split 'private'"),
    ],
)
def test_wrong_rows_are_named(tmp_path, rows, message):
    path = write_sheet(tmp_path / "samples.tsv", rows)
    with pytest.raises(SegbenchError) as caught:
        read_samples(path)
    assert caught.value.what == f"{path}: {message}"


def test_a_missing_file(tmp_path):
    with pytest.raises(SegbenchError, match=r"absent\.tsv: cannot be read"):
        read_samples(tmp_path / "absent.tsv")


def test_a_missing_column(tmp_path):
    path = tmp_path / "samples.tsv"
    path.write_text("sample\tgroup\na\tg\n")
    with pytest.raises(SegbenchError, match=r"column 'split' is missing \(it has: sample, group"):
        read_samples(path)


@pytest.mark.parametrize("line", ["a\tg", "a\tg" + "\t" * 20])
def test_a_line_that_is_cut_short_or_too_long(tmp_path, line):
    path = tmp_path / "samples.tsv"
    path.write_text(f"{HEADER}\n{line}\n")
    with pytest.raises(SegbenchError, match="line 2 does not have 14 fields"):
        read_samples(path)


def test_bytes_that_are_not_text(tmp_path):
    path = tmp_path / "samples.tsv"
    path.write_bytes(b"sample\xff\n")
    with pytest.raises(SegbenchError, match="cannot be read"):
        read_samples(path)
