"""The table before it is written in a format."""

from __future__ import annotations

import numpy as np

from segbench.config.study import Study
from segbench.statistics.layout import count_columns, lay_out
from unit.statistics.made import study
from unit.statistics.test_wording import NAN, summary_of


def two_metrics() -> Study:
    return study(metrics=("iou", "dice", "recall"), bootstrap=50)


def test_metrics_with_the_same_samples_share_a_column_of_counts():
    full, lacking = [[0.1, 0.2, 0.3]], [[0.1, NAN, 0.3]]
    same = {"iou": [full, lacking], "dice": [full, lacking]}
    one = study(metrics=("iou", "dice"), bootstrap=50)
    (column,) = count_columns(one.metrics, summary_of(one, same)).items()
    assert (column[0], column[1].heading) == ("dice", "Samples / in common")
    three = {**same, "recall": [full, full]}
    columns = count_columns(two_metrics().metrics, summary_of(two_metrics(), three))
    assert {metric: column.heading for metric, column in columns.items()} == {
        "dice": "Samples of IoU, Dice / in common",
        "recall": "Samples of Recall / in common",
    }


def test_a_row_of_the_main_grid():
    full, lacking = [[0.1, 0.2, 0.3]], [[0.4, NAN, 0.6]]
    values = {"iou": [full, lacking], "dice": [full, lacking], "recall": [full, full]}
    grid = lay_out(summary_of(two_metrics(), values)).grids[0]
    assert [column.heading for column in grid.columns] == [
        "Preprocessing", "IoU", "Dice", "Samples of IoU, Dice / in common", "Recall",
        "Samples of Recall / in common", "Groups / in common", "Excluded", "IoU, common samples",
        "Behind best", "Rank", "Tied with best",
    ]  # fmt: skip
    worse, best = grid.rows
    assert worse.cells == (
        "em-128", "0.200 {0.100, 0.200, 0.300}", "0.200 {0.100, 0.200, 0.300}", "3 / 2",
        "0.200 {0.100, 0.200, 0.300}", "3 / 3", "3 / 2", "0", "0.200 {0.100, 0.300}",
        "\N{MINUS SIGN}0.300 {\N{MINUS SIGN}0.300, \N{MINUS SIGN}0.300}", "2",
        "cannot be tested",
    )  # fmt: skip
    assert (best.cells[3], best.cells[6:8], best.cells[-2:]) == (
        "2 / 2",
        ("2 / 2", "1"),
        ("1", "best"),
    )
    assert (worse.tied, best.best) == (False, True)


def test_equal_samples_need_no_column_of_their_own():
    values = {"iou": [[np.linspace(0.1, 0.6, 6)], [np.linspace(0.2, 0.7, 6)]]}
    table = lay_out(summary_of(study(bootstrap=50), values, generated=True))
    headings = [column.heading for column in table.grids[0].columns]
    assert "IoU, common samples" not in headings
    assert headings[:2] == ["Preprocessing", "Data"]
    assert table.title == "Kidney nuclei by input size (generated data)"
    assert (table.generated, table.name, len(table.records)) == (True, "t", 2)


def test_one_arm_is_compared_with_nothing():
    one = study(preprocessing=("p",), bootstrap=50)
    (grid,) = lay_out(summary_of(one, {"iou": [[[0.5, 0.6]]]})).grids
    assert [column.heading for column in grid.columns] == [
        "Model", "IoU", "Samples", "Groups", "Excluded",
    ]  # fmt: skip
    assert grid.rows[0].cells == ("unet", "0.550 {0.500, 0.600}", "2", "2", "0")
