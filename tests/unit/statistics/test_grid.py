from __future__ import annotations

import pytest

from segbench.statistics.grid import Column, Grid, Row


def test_a_row_with_a_cell_too_few_is_refused():
    columns = (Column("Arm", figures=False), Column("IoU"))
    assert Grid("t", columns, 1, (Row(("a", "0.5")),)).rows[0].kind == "ours"
    with pytest.raises(ValueError, match="t: 1 cells, 2 columns"):
        Grid("t", columns, 1, (Row(("a",)),))
