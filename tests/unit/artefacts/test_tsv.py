"""Tables come back as they were written, or are not written at all."""

from __future__ import annotations

import csv

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segbench.artefacts.tsv import (
    join_names,
    parse_table,
    read_table,
    split_names,
    table_text,
    whole_number,
    write_table,
)
from segbench.cells import unfit
from segbench.errors import SegbenchError

COLUMNS = ("sample", "group")
#: All of Unicode, with what is known to go wrong more often than chance would have it.
ANY = st.text(
    st.one_of(st.sampled_from("\t\n\r\x0b\x1c\x85\u2028\ufeff\"',\\ NA"), st.characters())
)
FIT = ANY.filter(lambda text: not unfit(text))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(FIT, FIT)))
def test_every_text_that_is_written_comes_back(tmp_path, rows):
    path = tmp_path / "t.tsv"
    write_table(path, COLUMNS, rows)
    assert read_table(path, COLUMNS, lambda row: tuple(row.values())) == rows
    write_table(tmp_path / "again.tsv", COLUMNS, rows)
    assert (tmp_path / "again.tsv").read_bytes() == path.read_bytes()


@given(ANY, st.integers(0, 3), st.sampled_from(COLUMNS))
def test_other_text_is_refused_with_file_row_and_column(text, before, column):
    row = {"sample": "a", "group": "g", column: text}
    rows = [("a", "g")] * before + [tuple(row.values())]
    if not unfit(text):
        assert table_text("t.tsv", COLUMNS, rows).count("\n") == len(rows) + 1
        return
    with pytest.raises(SegbenchError) as caught:
        table_text("t.tsv", COLUMNS, rows, "rename it")
    assert caught.value.what.startswith(f"t.tsv: row {before + 1} (")
    assert f"column {column}: " in caught.value.what
    assert caught.value.action == "rename it"


def test_a_file_that_is_refused_is_not_written(tmp_path):
    with pytest.raises(SegbenchError):
        write_table(tmp_path / "t.tsv", COLUMNS, [("a", "left\tlobe")])
    assert list(tmp_path.iterdir()) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(FIT, FIT), min_size=1))
def test_pandas_reads_the_same(tmp_path, rows):
    path = tmp_path / "t.tsv"
    # A line of nothing but blanks is left out by pandas; segbench's tables have an id in each.
    rows = [("x" + first, second) for first, second in rows]
    write_table(path, COLUMNS, rows)
    frame = pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, dtype=str, keep_default_na=False)
    assert list(frame.itertuples(index=False, name=None)) == rows


@given(st.lists(st.text(min_size=1)))
def test_lists_of_names_come_back(names):
    assert split_names(join_names(names)) == tuple(names)


@given(st.lists(st.text("a,\\", min_size=1)), st.lists(st.text("a,\\", min_size=1)))
def test_two_lists_are_never_one_cell(one, other):
    assert (join_names(one) == join_names(other)) == (one == other)


def test_ordinary_names_are_separated_by_commas_alone():
    assert join_names(["edema", "core"]) == "edema,core"
    assert join_names([]) == ""
    assert split_names("") == ()


@pytest.mark.parametrize("cell", [",", "a,", ",a", "a,,b", "a\\", "a\\b"])
def test_cells_that_are_no_lists(cell):
    with pytest.raises(ValueError, match="no list of names"):
        split_names(cell)


def test_an_empty_name_is_not_written():
    with pytest.raises(ValueError, match="empty name"):
        join_names(["a", ""])


@pytest.mark.parametrize("cell", ["", "x", "1.5", "1_000", " 1", "٣"])
def test_cells_that_are_no_whole_numbers(cell):
    with pytest.raises(ValueError, match=r"n is .*, not a whole number"):
        whole_number({"n": cell}, "n")
    assert whole_number({"n": "-12"}, "n") == -12


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "t.tsv: has the columns none"),
        ("group\tsample\n", "has the columns group, sample"),
        ("sample\tgroup\tmore\n", "has the columns sample, group, more"),
        ("sample\tgroup\na\n", "line 2 has 1 cells"),
        ("sample\tgroup\na\tb\nc\td\te\n", "line 3 has 3 cells"),
        ("sample\tgroup\na\tb", "is cut short"),
        ("sample\tgroup\na\tb\r\n", "ends lines in another way"),
        ("\ufeffsample\tgroup\n", "has the columns \ufeffsample, group"),
    ],
)
def test_damaged_tables_are_named(text, says):
    with pytest.raises(SegbenchError) as caught:
        parse_table(text, "t.tsv", COLUMNS, dict)
    assert says in caught.value.what
    assert caught.value.action == "delete the file and run the same command again"


def test_a_wrong_cell_is_named_with_its_line():
    with pytest.raises(SegbenchError, match=r"t\.tsv: line 3: group is 'x', not a whole number"):
        parse_table(
            "sample\tgroup\na\t1\nb\tx\n", "t.tsv", COLUMNS, lambda row: whole_number(row, "group")
        )


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(SegbenchError, match=r"absent\.tsv: cannot be read"):
        read_table(tmp_path / "absent.tsv", COLUMNS, dict)
    (tmp_path / "t.tsv").write_bytes(b"sample\xff\n")
    with pytest.raises(SegbenchError, match=r"t\.tsv: cannot be read"):
        read_table(tmp_path / "t.tsv", COLUMNS, dict)


def test_large_tables_come_back_equal(tmp_path):
    rows = [(f"s{n}", f"g{n % 100}") for n in range(10_000)]
    write_table(tmp_path / "t.tsv", COLUMNS, rows)
    found = read_table(tmp_path / "t.tsv", COLUMNS, dict)
    assert [tuple(row.values()) for row in found] == rows
