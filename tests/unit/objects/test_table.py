"""The table of objects."""

from __future__ import annotations

import math

import numpy as np
import pyarrow.parquet as pq
import pytest

from segbench.errors import SegbenchError
from segbench.objects import join, measure, read_objects, write_objects
from segbench.objects.columns import INTENSITY, PLANAR, SOLID, UNITS, columns
from unit.objects.made import ONE, first_image, frame


def test_rows_are_sorted_and_named(tmp_path):
    write_objects(frame(), tmp_path / "o.parquet")
    table = pq.read_table(tmp_path / "o.parquet")
    assert table["roi"].to_pylist() == [
        "first/nucleus/1", "first/nucleus/2", "first/nucleus/3", "second/nucleus/1",
    ]  # fmt: skip
    assert table["area_px"].to_pylist() == [20.0, 6.0, 22.0, 36.0]
    assert table["touches_border"].to_pylist() == [False, True, False, False]
    assert table["source"].to_pylist() == ["predicted"] * 4
    assert table.column_names == [column.name for column in columns(2)]
    assert table.schema.metadata is None


def test_equal_objects_are_equal_bytes_in_any_order(tmp_path):
    write_objects(frame(), tmp_path / "one.parquet")
    write_objects(frame().iloc[::-1], tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_what_is_written_is_read(tmp_path):
    made = frame().sort_values(["sample", "number"]).reset_index(drop=True)
    write_objects(made, tmp_path / "o.parquet")
    found = read_objects(tmp_path / "o.parquet")
    for name in made.columns:
        assert found[name].tolist() == made[name].tolist(), name


def test_unknown_spacings_are_empty_cells(tmp_path):
    found = measure(first_image(), None, ONE, "instances", None, "a")
    write_objects(found, tmp_path / "o.parquet")
    table = pq.read_table(tmp_path / "o.parquet")
    assert table["area_um2"].null_count == table["intensity_mean"].null_count == 3
    assert math.isnan(read_objects(tmp_path / "o.parquet")["area_um2"][0])


def test_no_objects_at_all_are_a_table_too(tmp_path):
    empty = measure(np.zeros((4, 4), np.uint8), np.zeros((4, 4)), ONE, "semantic", None, "a")
    write_objects(join([empty, empty]), tmp_path / "o.parquet")
    found = read_objects(tmp_path / "o.parquet")
    assert len(found) == 0
    assert list(found.columns) == [column.name for column in columns(2)]


def test_images_without_objects_do_not_decide_on_channels():
    image = np.zeros((4, 4, 5), np.uint8)
    empty = measure(np.zeros((4, 4), np.uint8), None, ONE, "semantic", None, "a")
    full = measure(np.ones((4, 4), np.uint8), image, ONE, "semantic", None, "b")
    assert len(join([empty, full])) == 1
    with pytest.raises(SegbenchError, match="numbers of channels"):
        join([full, measure(np.ones((2, 2), np.uint8), None, ONE, "semantic", None, "c")])


def test_a_table_of_something_else(tmp_path):
    with pytest.raises(SegbenchError, match="convexity"):
        write_objects(frame().assign(convexity=1.0), tmp_path / "o.parquet")
    (tmp_path / "o.parquet").write_bytes(b"PAR1")
    with pytest.raises(SegbenchError, match="cannot be read"):
        read_objects(tmp_path / "o.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["o.parquet"]


@pytest.mark.parametrize("spacing", [(0.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0)])
def test_a_spacing_that_is_none(spacing):
    with pytest.raises(SegbenchError, match="sample 'a': a spacing"):
        measure(first_image(), None, ONE, "instances", spacing, "a")


def test_an_unknown_source():
    with pytest.raises(SegbenchError, match="source 'guessed'"):
        measure(first_image(), None, ONE, "instances", source="guessed")


def test_every_measured_column_names_its_unit():
    for column in (*PLANAR, *SOLID, *INTENSITY):
        assert column.text
        if column.type == "bool":
            continue
        assert column.unit in UNITS
        if column.unit in ("um", "um2", "mm", "mm2", "mm3", "deg", "vx"):
            assert column.name.endswith(f"_{column.unit}")


@pytest.mark.parametrize("spacing", [None, (0.001, 0.002)])
def test_a_name_in_the_table_is_a_column_of_the_list(spacing):
    found = measure(first_image(), None, ONE, "instances", spacing)
    assert list(found.columns) == [column.name for column in columns(2)]
    volume = measure(np.ones((2, 2, 2), np.uint8), None, ONE, "semantic", None)
    assert list(volume.columns) == [column.name for column in columns(3)]
