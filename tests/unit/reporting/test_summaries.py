from __future__ import annotations

import math
from pathlib import Path

import pytest

from segbench.artefacts.samples import Sample
from segbench.artefacts.samples import write_samples as write_rows
from segbench.errors import SegbenchError
from segbench.reporting.summaries import (
    FoldRow,
    read_leaks,
    summarise_folds,
    summarise_samples,
)
from unit.reporting.builders import write_folds, write_samples, write_verdict


def test_samples_in_numbers(tmp_path: Path):
    found = summarise_samples(write_samples(tmp_path / "samples.tsv"))
    assert (found.samples, found.groups) == (12, 6)
    assert found.splits == (("test", 3), ("train", 9))
    assert found.sizes == (("512 \u00d7 512", 9), ("256 \u00d7 256", 3))
    assert found.kinds == (("1 channel, uint8", 12),)
    assert found.classes == (("nucleus", 10),)
    assert (found.blanks, found.duplicates, found.duplicate_sets) == (2, 2, 1)
    # 10 + k for k in 0...11 without the blanks 3 and 4.
    assert found.objects == sum(10 + k for k in range(12) if k not in (3, 4)) == 159
    assert found.objects_median == 16.5
    assert found.spacing == ("5e-06 \u00d7 5e-06 mm",)


def test_no_samples(tmp_path: Path):
    with pytest.raises(SegbenchError, match="no samples"):
        summarise_samples(write_samples(tmp_path / "samples.tsv", count=0))


def test_all_samples_are_blank(tmp_path: Path):
    write_rows([Sample("a", "a", objects=0)], tmp_path / "samples.tsv")
    found = summarise_samples(tmp_path / "samples.tsv")
    assert (found.samples, found.groups, found.objects, found.blanks) == (1, 1, 0, 1)
    assert math.isnan(found.objects_median)
    assert found.classes == ()


def test_a_class_with_a_comma_is_one_class(tmp_path: Path):
    rows = [Sample("a", "a", classes=("kidney, left", "spleen")), Sample("b", "b")]
    write_rows(rows, tmp_path / "samples.tsv")
    found = summarise_samples(tmp_path / "samples.tsv")
    assert found.classes == (("kidney, left", 1), ("spleen", 1))


def test_folds_in_numbers(tmp_path: Path):
    rows = summarise_folds(write_folds(tmp_path / "folds.tsv"))
    assert rows == [
        FoldRow("0", ((6, 4), (3, 3), (3, 2))),
        FoldRow("1", ((7, 5), (2, 2), (3, 2))),
    ]


def test_folds_are_ordered_as_numbers(tmp_path: Path):
    rows = summarise_folds(write_folds(tmp_path / "folds.tsv", number=11))
    assert [row.fold for row in rows] == [str(k) for k in range(11)]


def test_the_result_of_the_leak_check(tmp_path: Path):
    result, checked = read_leaks(write_verdict(tmp_path / "v.json"))
    assert result == "clean"
    assert checked == [("folds", "2"), ("samples", "12")]
    (tmp_path / "v.json").write_text("{}")
    assert read_leaks(tmp_path / "v.json") == ("unknown", [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sample\tgroup\n", "has the columns sample, group"),
        ("sample\tgroup\tstratum\tfold\trole\na\tb\t\t0\n", "line 2 has 4 cells"),
        ("sample\tgroup\tstratum\tfold\trole\na\tb\t\t0\ttest\tx\n", "line 2 has 6 cells"),
        ("sample\tgroup\tstratum\tfold\trole\na\tb\t\t0\tteacher\n", "role 'teacher'"),
    ],
)
def test_bad_folds_are_refused(tmp_path: Path, text: str, says: str):
    path = tmp_path / "folds.tsv"
    path.write_text(text)
    with pytest.raises(SegbenchError) as error:
        summarise_folds(path)
    assert says in error.value.what


def test_bad_samples_are_refused(tmp_path: Path):
    path = write_samples(tmp_path / "samples.tsv", count=2)
    path.write_text(path.read_text().replace("\t11\t", "\tmany\t"))
    with pytest.raises(SegbenchError, match="line 3: objects is 'many'"):
        summarise_samples(path)
    with pytest.raises(SegbenchError, match="cannot be read"):
        summarise_samples(tmp_path / "none.tsv")


def test_what_was_not_annotated(tmp_path: Path):
    rows = [
        Sample("a", "a", size=(10, 10), ignored=0.5),
        Sample("b", "b", size=(10, 30), annotated=("spleen",)),
    ]
    write_rows(rows, tmp_path / "samples.tsv")
    found = summarise_samples(tmp_path / "samples.tsv")
    assert (found.ignored, found.ignored_samples, found.partial_samples) == (0.125, 1, 1)
