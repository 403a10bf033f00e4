from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.reporting.assets import read_picture
from segbench.reporting.sweep import axis_of, draw_study_sweep, draw_sweep, figures_of
from unit.reporting.builders import NASTY

POINTS = {
    "m--lr-0.1": {"training.optimizer.learning_rate": 0.1, "network.backbone.name": "ResNet50"},
    "m--lr-0.01": {"training.optimizer.learning_rate": 0.01, "network.backbone.name": "ResNet101"},
    "m--lr-0.001": {"training.optimizer.learning_rate": 0.001, "network.backbone.name": "ResNet50"},
}
VALUES = {"m--lr-0.1": 0.5, "m--lr-0.01": 0.9, "m--lr-0.001": 0.7}


def test_numbers_stand_by_their_size():
    axis = axis_of("dropout", [0.0, 0.5, 0.1])
    assert axis.places == [0, 1, 0.2]
    assert axis.ticks == [(0, "0"), (0.2, "0.1"), (1, "0.5")]


def test_wide_ranges_stand_by_their_logarithm():
    assert axis_of("rate", [1e-5, 1e-3, 1e-1]).places == [0, 0.5, 1]
    assert axis_of("rate", [0.0, 1e-3, 1e-1]).places == [0, 0.01, 1]


def test_words_truths_and_one_value():
    assert axis_of("name", ["b", "a", "c"]).places == [0.5, 0, 1]
    mixed = axis_of("weights", [None, "imagenet", None])
    assert mixed.ticks == [(0, "None"), (1, "imagenet")]
    assert axis_of("on", [True, False]).ticks == [(0, "False"), (1, "True")]
    assert axis_of("same", [3, 3]).places == [0.5, 0.5]
    assert axis_of("none", []).places == []


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=30))
def test_places_keep_the_order_and_few_are_written(values: list[float]):
    axis = axis_of("x", values)
    assert all(0 <= place <= 1 for place in axis.places)
    assert len(axis.ticks) <= 6
    pairs = sorted(zip(values, axis.places, strict=True))
    if len(set(values)) > 1:
        assert [place for _, place in pairs] == sorted(axis.places)


def test_the_best_is_said_in_words(tmp_path: Path):
    draw_sweep(POINTS, VALUES, "accuracy", "ResNets", tmp_path / "s.svg")
    assert read_picture(tmp_path / "s.svg").description == (
        "ResNets: 3 points. Best: training.optimizer.learning_rate 0.01, network.backbone.name "
        "ResNet101, accuracy 0.900; worst 0.500."
    )


def test_where_lower_is_better_the_lowest_is_best(tmp_path: Path):
    draw_sweep(POINTS, VALUES, "loss", "T", tmp_path / "s.svg", higher_is_better=False)
    assert "loss 0.500; worst 0.900" in read_picture(tmp_path / "s.svg").description


def test_same_input_same_bytes_whatever_the_order(tmp_path: Path):
    draw_sweep(POINTS, VALUES, "accuracy", "T", tmp_path / "1.svg")
    turned = dict(reversed(list(VALUES.items())))
    draw_sweep(POINTS, turned, "accuracy", "T", tmp_path / "2.svg")
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()


def test_points_without_a_figure_are_left_out(tmp_path: Path):
    some = {"m--lr-0.1": float("nan"), "m--lr-0.01": 0.9}
    draw_sweep(POINTS, some, "accuracy", "T", tmp_path / "s.svg")
    assert "T: 1 points." in read_picture(tmp_path / "s.svg").description
    draw_sweep(POINTS, {}, "accuracy", "T", tmp_path / "n.svg")
    assert "no point" in read_picture(tmp_path / "n.svg").description
    draw_sweep({}, {}, "accuracy", "T", tmp_path / "e.svg")
    assert "no point" in read_picture(tmp_path / "e.svg").description


def test_a_key_that_only_some_points_have(tmp_path: Path):
    points = {"a": {"x": 1, "y.z": 2}, "b": {"x": 2}}
    draw_sweep(points, {"a": 0.1, "b": 0.2}, "iou", "T", tmp_path / "s.svg")
    assert "Best: x 2, iou 0.200" in read_picture(tmp_path / "s.svg").description


def test_nasty_names_are_text(tmp_path: Path):
    points = {"a": {NASTY: "$\\frac{"}, "b": {NASTY: "x"}}
    draw_sweep(points, {"a": 0.1, "b": 0.2}, NASTY, NASTY, tmp_path / "s.svg")
    assert NASTY in read_picture(tmp_path / "s.svg").description


def table(path: Path, rows: str, header: str = "study,kind,model,dice_mean\n") -> Path:
    path.write_text(header + rows)
    return path


def test_figures_come_from_the_table_of_the_study(tmp_path: Path):
    rows = "s,published,,0.99\ns,ours,a,0.8\ns,ours,b,0.5\ns,ours,b,0.7\ns,ours,c,\n"
    assert figures_of(table(tmp_path / "t.csv", rows), "dice") == {
        "a": 0.8, "b": pytest.approx(0.6)
    }  # fmt: skip


def test_a_study_s_sweep_knows_what_is_better(tmp_path: Path):
    rows = "s,ours,m--lr-0.1,0.5\ns,ours,m--lr-0.01,0.9\n"
    path = table(tmp_path / "t.csv", rows)
    draw_study_sweep(POINTS, path, "dice", "exclude", "T", tmp_path / "s.svg")
    assert "dice 0.900; worst 0.500" in read_picture(tmp_path / "s.svg").description


@pytest.mark.parametrize(
    ("header", "says"),
    [("study,kind,model,iou_mean\n", "no column dice_mean"), ("", "no column dice_mean")],
)
def test_other_tables_are_refused(tmp_path: Path, header: str, says: str):
    with pytest.raises(SegbenchError, match=says):
        figures_of(table(tmp_path / "t.csv", "", header), "dice")
    with pytest.raises(SegbenchError, match="cannot be read"):
        figures_of(tmp_path / "none.csv", "dice")
