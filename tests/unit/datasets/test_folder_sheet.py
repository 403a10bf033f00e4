from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.datasets.folder_sheet import Row, read_sheet
from segbench.errors import SegbenchError

#: What samples may be called -> id.
KNOWN = {
    name: f"case.{letter}"
    for letter in "abc"
    for name in (f"case.{letter}", f"case/{letter}", f"case/{letter}.png")
}
IDS = ("case.a", "case.b", "case.c")


def sheet(tmp_path, text, name="sheet.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def fault(tmp_path, text, known=KNOWN, classes=()):
    with pytest.raises(SegbenchError) as error:
        read_sheet(sheet(tmp_path, text), known, classes)
    assert "sheet.csv" in error.value.what
    return error.value


LINES = "case.a,P1,train\ncase/b,P1,train\ncase/c.png,P2,test\n"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tables_as_spreadsheets_write_them(tmp_path, separator, bom, end):
    text = bom + ("sample, group,split\n" + LINES).replace(",", separator).replace("\n", end)
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode())
    rows = read_sheet(path, KNOWN)
    assert [(rows[k].group, rows[k].split) for k in IDS] == [
        ("P1", "train"),
        ("P1", "train"),
        ("P2", "test"),
    ]


@pytest.mark.parametrize(("mark", "separator"), [("sep=;", ";"), ("sep=,", ","), ('"sep=;"', ";")])
def test_the_line_that_tells_a_spreadsheet_the_separator_is_passed_over(tmp_path, mark, separator):
    text = f"{mark}\nsample,group\ncase.a,1\ncase.b,2\ncase.c,3\n".replace(",", separator)
    text = text.replace(f"sep={separator}", mark.strip('"'), 1)
    rows = read_sheet(sheet(tmp_path, text), KNOWN)
    assert [rows[k].group for k in IDS] == ["1", "2", "3"]
    wrong = text.replace("case.c", "case.x")
    assert "line 5: there is no image of the sample 'case.x'" in fault(tmp_path, wrong).what


@pytest.mark.parametrize("other", ["P\u00a01", "P 1\u200b", "\ufeffP 1", "P  1"])
def test_groups_that_look_the_same_are_refused(tmp_path, other):
    error = fault(tmp_path, f"sample,group\ncase.a,P 1\ncase.b,{other}\ncase.c,p 1\n")
    assert f"the groups 'P 1' (line 2) and {other!a} (line 3) look the same" in error.what


def test_what_is_not_said_is_empty(tmp_path):
    rows = read_sheet(sheet(tmp_path, "sample\ncase.a\ncase.b\n\ncase.c\n"), KNOWN)
    assert rows == dict.fromkeys(IDS, Row())


def test_quoted_cells_and_other_columns(tmp_path):
    text = 'sample,group,comment\ncase.a,"a, b",x\ncase.b,"c ""d""",y\ncase.c,,\n'
    rows = read_sheet(sheet(tmp_path, text), KNOWN)
    assert [rows[k].group for k in IDS] == ["a, b", 'c "d"', ""]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (",0.5,0.25", (0.5, 0.25)),
        ("3,0.5,0.25", (3.0, 0.5, 0.25)),
        (",,", None),
    ],
)
def test_spacing(tmp_path, line, expected):
    text = f"sample,spacing_z_mm,spacing_y_mm,spacing_x_mm\na,{line}\n"
    assert read_sheet(sheet(tmp_path, text), {"a": "a"})["a"].spacing_mm == expected


@pytest.mark.parametrize(
    "line", [",0.5,", "3,,", ",0,1", ",-1,1", ",1,nan", ",1,inf", ",1,0.5mm", "x,1,1"]
)
def test_spacing_that_is_no_length(tmp_path, line):
    text = f"sample,spacing_z_mm,spacing_y_mm,spacing_x_mm\na,{line}\n"
    error = fault(tmp_path, text, {"a": "a"})
    assert "line 2: spacing_" in error.what
    assert "millimetres > 0" in error.expected


def test_absent_samples_are_told_with_the_nearest(tmp_path):
    error = fault(tmp_path, "sample\ncase.a\ncase.b\ncasse.c\n")
    assert error.what.endswith("line 4: there is no image of the sample 'casse.c'")
    assert error.action == "did you mean 'case.c'?"
    assert fault(tmp_path, "sample\nzzz\n").action.startswith("correct the name")


def test_samples_without_a_line(tmp_path):
    error = fault(tmp_path, "sample\ncase.b\n")
    assert error.what.endswith("has no line for 2 of 3 samples: case.a, case.c")


def test_two_lines_of_one_sample(tmp_path):
    error = fault(tmp_path, "sample\ncase.a\ncase.b\ncase/a.png\ncase.c\n")
    assert error.what.endswith("lines 2 and 4 are both of the sample 'case.a'")


def test_a_group_on_both_sides_of_the_split(tmp_path):
    text = "sample,group,split\ncase.a,P1,train\ncase.b,P2,test\ncase.c,P1,test\n"
    error = fault(tmp_path, text)
    assert "group 'P1' is on both sides of the split: line 2 (case.a) is train" in error.what
    assert "line 4 (case.c) is test" in error.what
    assert "patient" in error.expected


@pytest.mark.parametrize("split", ["validation", "Train", "0"])
def test_splits_that_are_none(tmp_path, split):
    error = fault(tmp_path, f"sample,split\na,{split}\n", {"a": "a"})
    assert f"line 2: the split is '{split}'" in error.what


@pytest.mark.parametrize(
    ("column", "meant"), [("spliit", "split"), ("Group", "group"), ("spacing_x", "spacing_x_mm")]
)
def test_misspelt_columns(tmp_path, column, meant):
    error = fault(tmp_path, f"sample,{column}\na,1\n", {"a": "a"})
    assert f"the column '{column}' is unknown" in error.what
    assert error.action == f"did you mean '{meant}'?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has the columns none"),
        ("image,x\na,b\n", "has the columns image, x"),
        ("sample,group,group\na,b,c\n", "has the columns sample, group, group"),
        ("sample,group\na\n", "line 2 does not have 2 cells"),
        ("sample,group\na,b,c\n", "line 2 does not have 2 cells"),
    ],
)
def test_tables_that_are_none(tmp_path, text, message):
    assert message in fault(tmp_path, text).what


def test_spreadsheets_and_absent_sheets_are_named(tmp_path):
    (tmp_path / "sheet.xlsx").write_bytes(b"PK\x03\x04\xff\xfe\x00")
    with pytest.raises(SegbenchError, match=r"sheet\.xlsx: cannot be read") as error:
        read_sheet(tmp_path / "sheet.xlsx", KNOWN)
    assert "CSV UTF-8" in error.value.action
    with pytest.raises(SegbenchError, match=r"gone\.csv: cannot be read"):
        read_sheet(tmp_path / "gone.csv", KNOWN)


@given(st.lists(st.sampled_from(["P1", "P2", ""]), min_size=3, max_size=3), st.data())
def test_no_group_is_ever_on_both_sides(tmp_path_factory, groups, data):
    splits = data.draw(st.lists(st.sampled_from(["train", "test"]), min_size=3, max_size=3))
    cells = zip(IDS, groups, splits, strict=True)
    text = "sample,group,split\n" + "".join(",".join(row) + "\n" for row in cells)
    path = sheet(tmp_path_factory.mktemp("sheet"), text)
    try:
        rows = read_sheet(path, KNOWN)
    except SegbenchError:
        named = {g for g in groups if g}
        assert any(
            len({s for g, s in zip(groups, splits, strict=True) if g == name}) == 2
            for name in named
        )
    else:
        for name in {row.group for row in rows.values()} - {""}:
            assert len({row.split for row in rows.values() if row.group == name}) == 1


@pytest.mark.parametrize("column", ["group", "stratum"])
@pytest.mark.parametrize("text", ["left\tlobe", "a\nb", "a\x85b"])
def test_a_control_character_is_named_with_line_and_column(tmp_path, column, text):
    path = sheet(tmp_path, f'sample,{column}\ncase.a,x\ncase.b,"{text}"\ncase.c,y\n')
    with pytest.raises(SegbenchError) as caught:
        read_sheet(path, KNOWN)
    line = 3 + text.count("\n")
    assert caught.value.what.startswith(f"{path}: line {line}, column {column}: {text!a} holds the")
    assert caught.value.action == "correct the cell in the sheet"


@pytest.mark.parametrize("text", ['"A', "NA", "a,b", "Größe", "a;b"])
def test_other_text_of_a_cell_is_kept(tmp_path, text):
    quoted = text.replace('"', '""')
    path = sheet(tmp_path, f'sample,group\ncase.a,"{quoted}"\ncase.b,x\ncase.c,y\n')
    assert read_sheet(path, KNOWN)["case.a"].group == text


@pytest.mark.parametrize("cell", ['"A', '"A" b'])
def test_a_quote_that_is_not_closed_loses_no_lines(tmp_path, cell):
    text = "sample,group\ncase.a,x\ncase.b,y\ncase.c," + cell
    error = fault(tmp_path, text)
    assert "the cells from line 4 on: " in error.what
    assert error.action == "correct the line; a quote in a quoted cell is written twice"
    error = fault(tmp_path, f"sample,group\ncase.a,{cell}\ncase.b,y\ncase.c,z\n")
    assert "the cells from line 2 on: " in error.what


def test_annotated_classes(tmp_path):
    text = 'sample,annotated\ncase.a,"spleen, liver"\ncase.b,\ncase.c,"a\\,b"\n'
    rows = read_sheet(sheet(tmp_path, text), KNOWN, ["liver", "spleen", "a,b"])
    assert [rows[k].annotated for k in IDS] == [("spleen", "liver"), (), ("a,b",)]
    error = fault(tmp_path, "sample,annotated\ncase.a,splen\n", KNOWN, ["liver", "spleen"])
    assert "line 2: annotated: 'splen' is not a class" in error.what
    assert (error.expected, error.action) == (
        "names among liver, spleen, separated by commas; empty: all of them",
        "did you mean 'spleen'?",
    )
    error = fault(tmp_path, "sample,annotated\ncase.a,spleen\n")
    assert error.expected == "an empty cell: in this task samples are annotated whole"
