from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.reporting.assets import read_picture
from segbench.reporting.sweep import axis_of, draw_sweep, scores_of
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


def table(path: Path, scores: dict[str, object], metric: str = "dice") -> Path:
    """A study's table; `scores` by model."""
    rows = [f"s,ours,{model},{score}" for model, score in scores.items()]
    path.write_text("\n".join([f"study,kind,model,{metric}_mean_common", *rows]) + "\n")
    return path


def described(folder: Path, points: dict, scores: dict[str, object], metric: str = "dice") -> str:
    """What the picture of a sweep shows."""
    sheet = table(folder / "t.csv", scores, metric)
    draw_sweep(points, sheet, metric, "exclude", "T", folder / "s.svg")
    return read_picture(folder / "s.svg").description


def test_the_best_is_said_in_words(tmp_path: Path):
    assert described(tmp_path, POINTS, VALUES) == (
        "T: 3 points. Best: training.optimizer.learning_rate 0.01, network.backbone.name "
        "ResNet101, dice 0.900; worst 0.500."
    )


def test_where_lower_is_better_the_lowest_is_best(tmp_path: Path):
    assert "hd95 0.500; worst 0.900" in described(tmp_path, POINTS, VALUES, "hd95")


def test_same_input_same_bytes_whatever_the_order(tmp_path: Path):
    first = (described(tmp_path, POINTS, VALUES), (tmp_path / "s.svg").read_bytes())
    turned = dict(reversed(list(VALUES.items())))
    assert (described(tmp_path, POINTS, turned), (tmp_path / "s.svg").read_bytes()) == first


@pytest.mark.parametrize(
    ("points", "scores", "says"),
    [
        (POINTS, {"m--lr-0.1": "nan", "m--lr-0.01": 0.9, "m--lr-0.001": ""}, "T: 1 points."),
        (POINTS, {"another": 0.5}, "no point of the sweep has a score"),
        ({}, {}, "no point of the sweep has a score"),
    ],
)
def test_points_without_a_score_are_left_out(tmp_path: Path, points, scores, says: str):
    assert says in described(tmp_path, points, scores)


def test_a_key_that_only_some_points_have(tmp_path: Path):
    points = {"a": {"x": 1, "y.z": 2}, "b": {"x": 2}}
    assert "Best: x 2, dice 0.200" in described(tmp_path, points, {"a": 0.1, "b": 0.2})


def test_nasty_names_are_text(tmp_path: Path):
    points = {"a": {NASTY: "$\\frac{"}, "b": {NASTY: "x"}}
    assert NASTY in described(tmp_path, points, {"a": 0.1, "b": 0.2})


def test_scores_come_from_our_rows_and_are_averaged(tmp_path: Path):
    path = tmp_path / "t.csv"
    rows = "s,published,,0.99\ns,ours,a,0.8\ns,ours,b,0.5\ns,ours,b,0.7\ns,ours,c,\n"
    path.write_text("study,kind,model,dice_mean_common\n" + rows)
    assert scores_of(path, "dice") == {"a": 0.8, "b": pytest.approx(0.6)}


@pytest.mark.parametrize("header", ["study,kind,model,dice_mean\n", "dice_mean_common\n", ""])
def test_other_tables_are_refused(tmp_path: Path, header: str):
    (tmp_path / "t.csv").write_text(header)
    with pytest.raises(SegbenchError, match=r"t\.csv: has no column"):
        scores_of(tmp_path / "t.csv", "dice")
    with pytest.raises(SegbenchError, match="cannot be read"):
        scores_of(tmp_path / "none.csv", "dice")
