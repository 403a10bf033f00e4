"""The table of folds: read as it was written, and checked."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segbench.artefacts.folds import (
    ROLES,
    Assignment,
    check_has_folds,
    groups_digest,
    read_fold,
    read_folds,
    read_groups,
    write_folds,
)
from segbench.errors import SegbenchError
from unit.artefacts.texts import NAMES, TEXTS

HEADER = "sample\tgroup\tstratum\tfold\trole\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(NAMES, st.tuples(NAMES, TEXTS, st.sampled_from(ROLES)), min_size=1),
    st.integers(1, 3),
)
def test_every_row_comes_back(tmp_path, samples, folds):
    rows = [
        Assignment(fold, sample, *row) for fold in range(folds) for sample, row in samples.items()
    ]
    path = tmp_path / "folds.tsv"
    write_folds(rows, path)
    assert read_folds(path) == rows
    assert read_fold(path, folds - 1) == {row.sample: row for row in rows if row.fold == folds - 1}
    assert read_groups(path) == {sample: group for sample, (group, *_) in samples.items()}


def test_a_sample_of_several_folds_has_one_entry_in_each(tmp_path):
    rows = [Assignment(0, "a", "g", "", "train"), Assignment(1, "a", "g", "", "test")]
    write_folds(rows, tmp_path / "f.tsv")
    assert [read_fold(tmp_path / "f.tsv", n)["a"].role for n in (0, 1)] == ["train", "test"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has the columns none"),
        ("sample\tfold\trole\n", "has the columns sample, fold, role"),
        (HEADER, "folds []"),
        (HEADER + "a\tg\t\t1\ttrain\n", "folds [1]"),
        (HEADER + "a\tg\t\tx\ttrain\n", "line 2: fold is 'x', not a whole number"),
        (HEADER + "a\tg\t\t0\ttset\n", "line 2: role 'tset' is none of train, validation, test"),
        (HEADER + "a\t\t\t0\ttest\n", "line 2: a row without a sample or without a group"),
        (HEADER + "a\tg\t\t0\ttest\na\tg\t\t0\ttrain\n", "sample 'a' is both test and train in"),
    ],
)
def test_what_are_no_folds_is_named(tmp_path, text, message):
    (tmp_path / "folds.tsv").write_text(text)
    with pytest.raises(SegbenchError, match=r"folds\.tsv") as caught:
        read_folds(tmp_path / "folds.tsv")
    assert message in caught.value.what


def test_a_fold_that_is_not_there(tmp_path):
    write_folds([Assignment(0, "a", "g", "", "test")], tmp_path / "f.tsv")
    with pytest.raises(SegbenchError, match="has no fold 3") as caught:
        read_fold(tmp_path / "f.tsv", 3)
    assert caught.value.expected == "one of 0"
    with pytest.raises(SegbenchError, match="none was asked for"):
        check_has_folds("f.tsv", read_folds(tmp_path / "f.tsv"), [])


def test_the_digest_of_groups_is_of_the_samples_that_are_asked_for(tmp_path):
    def digest(samples="ab", **groups):
        known = {"a": "1", "b": "2", "c": "3", **groups}
        write_folds([Assignment(0, s, g, "", "test") for s, g in known.items()], tmp_path / "f")
        return groups_digest(tmp_path / "f", samples)

    assert digest() == digest(c="4") == digest(d="5") == digest(samples="ba")
    assert len({digest(), digest(a="2"), digest(b="1"), digest(samples="abc")}) == 4


def test_large_tables_come_back_equal(tmp_path):
    rows = [Assignment(f, f"s{n}", f"g{n}", "", "train") for f in range(2) for n in range(5_000)]
    write_folds(rows, tmp_path / "f.tsv")
    for fold, part in enumerate((rows[:5000], rows[5000:])):
        assert list(read_fold(tmp_path / "f.tsv", fold).values()) == part
