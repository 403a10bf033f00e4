"""The columns of objects.parquet: names, units and order."""

from __future__ import annotations

import pytest

from segbench.objects.columns import (
    IDENTITY,
    INTENSITY,
    OUTLINE,
    PLANAR,
    SOLID,
    UNITS,
    Column,
    columns,
    intensity_columns,
)


@pytest.mark.parametrize(("dimensions", "shape"), [(2, PLANAR), (3, SOLID)])
def test_order(dimensions, shape):
    assert columns(dimensions) == (*IDENTITY, *shape, *INTENSITY, *OUTLINE)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_names_are_unique(dimensions, channels):
    names = [column.name for column in columns(dimensions, channels)]
    assert len(set(names)) == len(names)


def test_channels_have_endings():
    assert intensity_columns(1) == INTENSITY
    assert [column.name for column in intensity_columns(2)] == [
        f"{column.name}_c{channel}" for channel in (0, 1) for column in INTENSITY
    ]
    second = intensity_columns(2)[6]
    assert second == Column("intensity_sd_c1", "grey", INTENSITY[1].text, INTENSITY[1].source)


@pytest.mark.parametrize("column", [*PLANAR, *SOLID], ids=lambda column: column.name)
def test_names_end_in_their_units(column):
    assert column.unit in {*UNITS, ""}
    ending = column.name.rsplit("_", 1)[-1]
    if column.unit and column.unit != "1":
        # Areas in pixels and volumes in voxels count them: area_px, volume_vx.
        assert ending in {column.unit, column.unit.rstrip("23")}
    else:
        assert ending not in UNITS


@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        ("px2", "quantitykind:Area"), ("mm3", "quantitykind:Volume"),
        ("deg", "quantitykind:Angle"), ("1", "quantitykind:DimensionlessRatio"), ("", ""),
    ],
)  # fmt: skip
def test_kinds_of_quantities(unit, kind):
    assert Column("x", unit, "text").kind == kind


def test_bounds():
    bounds = {column.name: (column.low, column.high) for column in PLANAR}
    assert bounds["circularity"] == (0, 1)
    assert bounds["feret_angle_deg"] == (0, 180)
    assert bounds["area_px"] == (0, None)
    assert bounds["touches_border"] == (None, None)
