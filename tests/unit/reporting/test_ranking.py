from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.metrics.registry import definition_id
from segbench.reporting.ranking import Ranked, examples, rank_samples
from unit.reporting.builders import score_rows, toy_study, write_scores

DICE = definition_id("dice", "exclude")
RECALL = definition_id("recall", "exclude")


def ranked(tmp_path: Path, rows: list, samples: str = "abcdefg", **study: object) -> list[Ranked]:
    path = write_scores(tmp_path / "scores.parquet", rows)
    return rank_samples([path], [set(samples)], toy_study(**study))


def brief(items: list[Ranked]) -> list[tuple[str, str, float]]:
    return [(item.rank, item.sample, item.value) for item in items]


def test_best_median_worst(tmp_path: Path):
    values = {"a": 0.2, "b": 0.9, "c": 0.5, "d": 0.4, "e": 0.8}
    found = ranked(tmp_path, score_rows(values))
    assert brief(found) == [("best", "b", 0.9), ("median", "c", 0.5), ("worst", "a", 0.2)]
    assert found[0].group == "g-b"
    assert found[0].definition == "iou/per-image/empty-excluded"


def test_even_number_takes_the_lower_median(tmp_path: Path):
    found = ranked(tmp_path, score_rows({"a": 0.1, "b": 0.3, "c": 0.7, "d": 0.9}))
    assert brief(found)[1] == ("median", "b", 0.3)


def test_fewer_than_three_samples(tmp_path: Path):
    assert brief(ranked(tmp_path, score_rows({"a": 0.4}))) == [("best", "a", 0.4)]
    two = ranked(tmp_path, score_rows({"a": 0.4, "b": 0.6}))
    assert brief(two) == [("best", "b", 0.6), ("worst", "a", 0.4)]


def test_excluded_scores_are_left_out(tmp_path: Path):
    found = ranked(tmp_path, score_rows({"a": float("nan"), "b": 0.6}))
    assert brief(found) == [("best", "b", 0.6)]
    assert ranked(tmp_path, score_rows({"a": float("nan")})) == []


def test_ties_go_by_sample(tmp_path: Path):
    found = ranked(tmp_path, score_rows(dict.fromkeys("cab", 0.5)))
    assert [item.sample for item in found] == ["a", "b", "c"]


def test_classes_are_averaged(tmp_path: Path):
    rows = score_rows({"a": 0.2, "b": 0.5}) + score_rows({"a": 0.9, "b": 0.5}, **{"class": "x"})
    found = ranked(tmp_path, rows)
    assert [item.sample for item in found] == ["a", "b"]
    assert found[0].value == pytest.approx(0.55)


def test_other_metrics_and_definitions_do_not_count(tmp_path: Path):
    rows = (
        score_rows({"a": 0.2, "b": 0.5, "c": 0.4})
        + score_rows({"a": 1.0}, metric="dice", definition=DICE)
        + score_rows({"a": 1.0}, definition="iou/per-image/empty-one")
        + score_rows({"": 1.0})
    )
    assert brief(ranked(tmp_path, rows))[0] == ("best", "b", 0.5)


def test_each_score_goes_with_its_own_segmentation(tmp_path: Path):
    first = write_scores(tmp_path / "0.parquet", score_rows({"a": 0.2, "b": 0.9}, fold="0"))
    second = write_scores(tmp_path / "1.parquet", score_rows({"a": 0.6, "b": 0.8}, fold="1"))
    found = rank_samples([first, second], [{"a", "b"}] * 2, toy_study())
    # Of two models the lower prediction stands for the sample.
    assert [(i.sample, i.value, i.segmentation) for i in found] == [("b", 0.8, 1), ("a", 0.2, 0)]


def test_bad_score_files_are_refused(tmp_path: Path):
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"no parquet")
    with pytest.raises(SegbenchError, match=r"bad\.parquet: not readable scores"):
        rank_samples([bad], [set()], toy_study())
    with pytest.raises(SegbenchError, match="not readable scores"):
        rank_samples([tmp_path / "none"], [set()], toy_study())


def test_no_scores_at_all():
    assert rank_samples([], [], toy_study()) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=9))
def test_three_different_samples_in_order(tmp_path_factory, values: list[float]):
    names = {f"s{k}": value for k, value in enumerate(values)}
    folder = tmp_path_factory.mktemp("scores")
    found = ranked(folder, score_rows(names), samples=tuple(names))
    assert [item.rank for item in found] == ["best", "median", "worst"]
    assert len({item.sample for item in found}) == 3
    middle = sorted(values)[(len(values) - 1) // 2]
    assert [item.value for item in found] == [max(values), middle, min(values)]


def test_lower_is_better_for_distances(tmp_path: Path):
    identifier = definition_id("hd95", "exclude")
    rows = score_rows({"a": 9.0, "b": 1.0, "c": 4.0}, metric="hd95", definition=identifier)
    found = ranked(tmp_path, rows, primary="hd95", metrics=("hd95",))
    assert brief(found) == [("best", "b", 1.0), ("median", "c", 4.0), ("worst", "a", 9.0)]


def test_scores_of_stacks_are_not_those_of_samples(tmp_path: Path):
    rows = score_rows(
        {"case1_day2": 0.9},
        metric="uw_mlebench",
        definition=definition_id("uw_mlebench", "exclude"),
    )
    rows += score_rows({"a": 0.3, "b": 0.6}, metric="dice", definition=DICE)
    found = ranked(tmp_path, rows, primary="uw_mlebench", metrics=("uw_mlebench",))
    assert brief(found) == [("best", "b", 0.6), ("worst", "a", 0.3)]
    assert found[0].definition == DICE


def test_the_study_s_own_metrics_come_before_others(tmp_path: Path):
    rows = score_rows({"a": float("nan"), "b": float("nan")})
    rows += score_rows({"a": 0.1, "b": 0.2}, metric="dice", definition=DICE)
    rows += score_rows(
        {"a": 0.9, "b": 0.8}, metric="recall", definition=definition_id("recall", "exclude")
    )
    found = ranked(tmp_path, rows, primary="iou", metrics=("iou", "recall"))
    assert brief(found) == [("best", "a", 0.9), ("worst", "b", 0.8)]


def test_examples_are_the_first_by_name():
    found = examples([["d", "b"], ["a", "b"]])
    assert [(i.rank, i.sample, i.segmentation) for i in found] == [
        ("example", "a", 1), ("example", "b", 0), ("example", "d", 0)
    ]  # fmt: skip
    assert examples([]) == []
