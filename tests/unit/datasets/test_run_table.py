"""Tables of run-length codes: rows, line numbers and damaged files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.datasets.run_table import read_rows
from segbench.errors import SegbenchError


def rows(path, text, header="id,runs"):
    path.write_bytes(text.encode())
    return list(read_rows(path, header))


def test_rows_with_their_lines(tmp_path):
    text = "id,runs\na,1 2\n\nb,\n"
    assert rows(tmp_path / "t.csv", text) == [(2, ["a", "1 2"]), (4, ["b", ""])]


@pytest.mark.parametrize(
    "text",
    ["\ufeffid,runs\na,1 2\n", "id,runs\r\na,1 2\r\n", 'id,runs\n"a","1 2"\n', "id,runs\na, 1 2 "],
    ids=["byte order mark", "CRLF", "quotes", "blanks"],
)
def test_how_programs_write_a_table(tmp_path, text):
    assert rows(tmp_path / "t.csv", text) == [(2, ["a", "1 2"])]


def test_a_field_may_be_longer_than_the_csv_module_reads(tmp_path):
    long = "1 2 " * 100_000
    assert rows(tmp_path / "t.csv", f"id,runs\na,{long}\n") == [(2, ["a", long.strip()])]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "line 1 is ''"),
        ("name,runs\n", "line 1 is 'name,runs'"),
        ("id,runs\na\n", "line 2 has 1 fields"),
        ("id,runs\na,1 2\nb,1,2\n", "line 3 has 3 fields"),
    ],
)
def test_other_tables_are_refused(tmp_path, text, what):
    with pytest.raises(SegbenchError) as error:
        rows(tmp_path / "t.csv", text)
    assert error.value.what == f"{tmp_path / 't.csv'}: {what}"
    assert error.value.expected == "id,runs"


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"id,runs\n\xff\xfe")
    with pytest.raises(SegbenchError, match=r"t\.csv: cannot be read"):
        list(read_rows(tmp_path / "t.csv", "id,runs"))
    with pytest.raises(SegbenchError, match=r"absent\.csv: cannot be read"):
        list(read_rows(tmp_path / "absent.csv", "id,runs"))


FIELD = st.text("ab0 1", max_size=6).map(str.strip)


@given(st.lists(st.tuples(FIELD.filter(bool), FIELD), max_size=8))
def test_every_row_comes_back(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("rows") / "t.csv"
    text = "".join(f"{','.join(row)}\n" for row in table)
    assert [tuple(fields) for _, fields in rows(path, f"id,runs\n{text}")] == table
