"""The sample sheet: read as it was written, and checked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segbench.artefacts.samples import COLUMNS, Sample, read_samples, write_samples
from segbench.errors import SegbenchError
from unit.artefacts.texts import NAMES, TEXTS

LENGTHS = st.floats(1e-9, 1e3).map(lambda mm: float(f"{mm:.9g}"))
SIDES = st.integers(1, 10_000)
SHEETS = st.lists(
    st.builds(
        Sample,
        sample=NAMES,
        group=NAMES,
        split=st.sampled_from(["train", "test"]),
        stratum=TEXTS,
        image_sha256=st.sampled_from(["", "0" * 64]),
        classes=st.lists(NAMES).map(tuple),
        objects=st.none() | st.integers(0),
        annotated=st.lists(NAMES).map(tuple),
        ignored=st.floats(0, 1).map(lambda share: float(f"{share:.6g}")),
        size=st.tuples(SIDES, SIDES) | st.tuples(SIDES, SIDES, SIDES),
        channels=st.integers(1, 9),
        channel_names=st.lists(NAMES).map(tuple),
        dtype=st.sampled_from(["uint8", "float32"]),
        spacing_mm=st.none() | st.tuples(LENGTHS, LENGTHS) | st.tuples(LENGTHS, LENGTHS, LENGTHS),
        stack=TEXTS,
        position=st.none() | st.integers(),
        shard=st.integers(0, 99),
        joined=TEXTS,
    ),
    min_size=1,
    unique_by=lambda row: row.sample,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SHEETS)
def test_every_field_comes_back(tmp_path, rows):
    path = tmp_path / "samples.tsv"
    write_samples(rows, path)
    assert read_samples(path) == sorted(rows, key=lambda row: row.sample)
    written = path.read_bytes()
    write_samples(read_samples(path)[::-1], path)
    assert path.read_bytes() == written, "in any order, and again"


def test_the_file(tmp_path):
    row = Sample(
        "a", "g", stratum="s", classes=("kidney, left", "spleen"), objects=2, size=(5, 6, 7),
        annotated=("spleen", "a,b"), ignored=0.25,
        channels=3, channel_names=("red", "green, dark", "blue"),
        dtype="uint16", spacing_mm=(3.0, 0.5, 1e-6), stack="v", position=4, shard=1,
        image_sha256="f0", joined="identical picture: sample b",
    )  # fmt: skip
    write_samples([row, Sample("0", "0")], tmp_path / "samples.tsv")
    assert (tmp_path / "samples.tsv").read_text().splitlines() == [
        "\t".join(COLUMNS),
        "0\t0\ttrain\t\t\t\t\t0\t\t1\t1\t1\t\tuint8\t\t\t\t\t\t\t0\t",
        "a\tg\ttrain\ts\tkidney\\, left,spleen\t2\tspleen,a\\,b\t0.25\t"
        "5\t6\t7\t3\tred,green\\, dark,blue\tuint16\t3\t0.5\t1e-06\tv\t4\tf0\t1\t"
        "identical picture: sample b",
    ]


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
    path = tmp_path / "samples.tsv"
    write_samples(rows, path)
    with pytest.raises(SegbenchError) as caught:
        read_samples(path)
    assert caught.value.what == f"{path}: {message}"


def test_a_shard_may_be_empty(tmp_path):
    write_samples([], tmp_path / "shard.tsv")
    assert read_samples(tmp_path / "shard.tsv", allow_empty=True) == []


@pytest.mark.parametrize("column", ["sample", "group", "stratum", "classes", "stack", "joined"])
def test_a_tab_is_refused_with_file_row_and_column(tmp_path, column):
    text: object = ("left\tlobe",) if column == "classes" else "left\tlobe"
    with pytest.raises(SegbenchError) as caught:
        write_samples([replace(Sample("z", "g"), **{column: text})], tmp_path / "s.tsv")
    assert "s.tsv: row 1 (" in caught.value.what
    assert f"column {column}: 'left\\tlobe' holds the character '\\t'" in caught.value.what
    assert "delete" not in caught.value.action


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\t2\t\t", "\tmany\t\t", "line 2: objects is 'many'"),
        ("\t5\t6\t7\t", "\t\t6\t\t", "line 2: width is ''"),
        ("\t3\t0.5\t", "\t\t\t", "line 2: the spacing is 0.25, not two or three millimetres"),
        ("\t0.5\t", "\t-1\t", "line 2: the spacing is 3, -1, 0.25, not millimetres > 0"),
        ("\t0.5\t", "\t1/2\t", "line 2: the spacing is 3, 1/2, 0.25, not two or three"),
        ("\t0\t5", "\t1.5\t5", "line 2: ignored is '1.5', not a share from 0 to 1"),
        ("\t0\t5", "\tsome\t5", "line 2: ignored is 'some', not a share from 0 to 1"),
        ("bone", "bone,", "line 2: 'bone,' is no list of names"),
    ],
)
def test_wrong_cells_are_named(tmp_path, old, new, message):
    path = tmp_path / "samples.tsv"
    row = Sample("a", "g", classes=("bone",), objects=2, size=(5, 6, 7), spacing_mm=(3, 0.5, 0.25))
    write_samples([row], path)
    assert read_samples(path) == [row]
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(SegbenchError) as caught:
        read_samples(path)
    assert message in caught.value.what


def test_large_sheets_come_back_equal(tmp_path):
    rows = [
        Sample(f"s{n:05d}", f"g{n}", classes=("a", "b"), objects=1, spacing_mm=(0.5, 0.5))
        for n in range(10_000)
    ]
    write_samples(rows, tmp_path / "s.tsv")
    assert read_samples(tmp_path / "s.tsv") == rows
