"""The scores of a run: read as they were written, and checked."""

from __future__ import annotations

import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segbench.arms import RUN_LABELS
from segbench.artefacts.scores import COLUMNS, Score, read_run, write_scores
from segbench.errors import SegbenchError
from unit.artefacts.texts import ANY

RUN: dict[str, str | int] = {**dict.fromkeys(RUN_LABELS, "x"), "seed": 3}
ONE = Score("a", "g", "c", "iou", "iou/d", 1.0, 0.5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(ANY, ANY, ANY, st.floats(0, 9), st.floats(0, 1)), min_size=1))
def test_every_score_comes_back(tmp_path, values):
    rows = [Score(s, g, c, "iou", "iou/d", weight, value) for s, g, c, weight, value in values]
    write_scores(RUN, rows, tmp_path / "s.parquet")
    run = read_run(tmp_path / "s.parquet")
    assert run.labels == RUN
    found = run.table.select(COLUMNS[len(RUN_LABELS) :]).to_pylist()
    assert sorted(tuple(row.values()) for row in found) == sorted(rows)
    write_scores(RUN, rows[::-1], tmp_path / "again.parquet")
    if len({row[:-2] for row in rows}) == len(rows):
        assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "s.parquet").read_bytes()


def test_columns_and_types(tmp_path):
    write_scores(RUN, [ONE, ONE._replace(sample="0", value=math.nan)], tmp_path / "s.parquet")
    schema = pq.read_schema(tmp_path / "s.parquet")
    assert schema.names == list(COLUMNS)
    assert schema.metadata is None
    assert [str(schema.field(n).type) for n in ("seed", "class", "weight", "value")] == [
        "int64", "string", "double", "double"
    ]  # fmt: skip
    assert pq.read_table(tmp_path / "s.parquet").column("sample").to_pylist() == ["0", "a"]


def test_a_text_that_is_no_unicode_is_named(tmp_path):
    with pytest.raises(SegbenchError) as caught:
        write_scores(RUN, [ONE, ONE._replace(group="z\udcff")], tmp_path / "s.parquet")
    assert "s.parquet: row 2, column group: 'z\\udcff' is no Unicode text" in caught.value.what
    assert not (tmp_path / "s.parquet").exists()


def test_files_that_are_no_scores(tmp_path):
    (tmp_path / "text").write_text("not parquet")
    for name in ("text", "absent"):
        with pytest.raises(SegbenchError, match=f"{name}: not readable scores"):
            read_run(tmp_path / name)
    write_scores(RUN, [ONE], tmp_path / "s.parquet")
    table = pq.read_table(tmp_path / "s.parquet")
    pq.write_table(table.drop_columns(["weight"]), tmp_path / "short")
    with pytest.raises(SegbenchError, match=r"its columns are dataset, .*, definition, value"):
        read_run(tmp_path / "short")


def test_a_file_holds_one_run(tmp_path):
    for fold in "01":
        write_scores({**RUN, "fold": fold}, [ONE], tmp_path / fold)
    both = pa.concat_tables([pq.read_table(tmp_path / fold) for fold in "01"])
    pq.write_table(both, tmp_path / "both")
    with pytest.raises(SegbenchError, match="2 values of 'fold'"):
        read_run(tmp_path / "both")
