from __future__ import annotations

import pytest

from segbench.statistics.grid import Column, Grid, Row


def test_a_row_with_a_cell_too_few_is_refused():
    columns = (Column("Arm", figures=False), Column("IoU"))
    assert Grid("t", columns, 1, (Row(("a", "0.5")),)).rows[0].kind == "ours"
    with pytest.raises(ValueError, match="t: 1 cells, 2 columns"):
        Grid("t", columns, 1, (Row(("a",)),))


def test_cells_are_escaped_and_styled_by_row():
    styles = {"published": "/{}/", "best": "*{}*", "ours": "{}"}
    rows = [Row(("a", ""), "published"), Row(("b",), best=True), Row(("c",), tied=True)]
    assert [row.written(styles, str.upper) for row in rows] == [["/A/", ""], ["*B*"], ["C"]]
