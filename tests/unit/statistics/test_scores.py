from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segbench.arms import Recipes
from segbench.errors import SegbenchError
from segbench.statistics.scores import read_scores
from unit.statistics.made import study, write_all, write_run

ONE = study(preprocessing=("p",))
NAN = math.nan


def iou(**values: float) -> dict[tuple[str, str, str], float]:
    return {(sample, "nucleus", "iou"): value for sample, value in values.items()}


def test_values_are_laid_out_by_arm_seed_class_and_sample(tmp_path):
    one = study(seeds=(0, 1))
    paths = write_all(
        tmp_path,
        one,
        lambda prep, _aug, _model, seed, sample, _metric: (
            (prep == "em-256") * 0.5 + seed * 0.1 + (sample == "b") * 0.01
        ),
        ["b", "a"],
        group=lambda sample: "g" + sample,
    )
    scores = read_scores(paths[::-1], one)
    assert scores.arms == (Recipes("em-128", "none", "unet"), Recipes("em-256", "none", "unet"))
    assert scores.samples == ("a", "b")
    assert scores.group_names == ("ga", "gb")
    metric = scores.metrics["iou"]
    assert metric.samples == ("a", "b")
    assert metric.groups.tolist() == [0, 1]
    assert (metric.weights == 1).all()
    assert metric.definition == "iou/per-image/empty-excluded"
    assert metric.classes == ("nucleus",)
    expected = [[[[0, 0.01]], [[0.1, 0.11]]], [[[0.5, 0.51]], [[0.6, 0.61]]]]
    assert metric.values == pytest.approx(np.array(expected))


def test_folds_are_pooled_and_a_sample_tested_twice_counts_once(tmp_path):
    first = write_run(tmp_path / "0", ONE, iou(a=0.2, b=0.4, c=NAN), {"fold": "0"})
    second = write_run(tmp_path / "1", ONE, iou(a=0.6, c=NAN, d=1.0), {"fold": "1"})
    scores = read_scores([first, second], ONE)
    assert scores.samples == ("a", "b", "c", "d")
    values = scores.metrics["iou"].values[0, 0, 0]
    assert values == pytest.approx([0.4, 0.4, NAN, 1.0], nan_ok=True)


def test_a_sample_left_out_in_one_fold_counts_with_the_other(tmp_path):
    first = write_run(tmp_path / "0", ONE, iou(a=NAN), {"fold": "0"})
    second = write_run(tmp_path / "1", ONE, iou(a=0.6), {"fold": "1"})
    assert read_scores([first, second], ONE).metrics["iou"].values.tolist() == [[[[0.6]]]]


def test_parts_of_a_metric_follow_it_and_other_metrics_are_ignored(tmp_path):
    one = study(preprocessing=("p",), metrics=("dsb_map", "iou"), primary="dsb_map")
    names = ("dice", "dsb_ap@0.95", "dsb_ap@0.50", "dsb_map", "iou")
    path = write_run(tmp_path / "0", one, {("a", "nucleus", name): 0.5 for name in names})
    assert list(read_scores([path], one).metrics) == [
        "dsb_map",
        "dsb_ap@0.50",
        "dsb_ap@0.95",
        "iou",
    ]


def test_weights_are_read(tmp_path):
    one = study(preprocessing=("p",), metrics=("iou_pooled",), primary="iou_pooled")
    values = {
        ("a", "nucleus", "iou_pooled"): (0.5, 8.0),
        ("b", "nucleus", "iou_pooled"): (NAN, 0.0),
    }
    path = write_run(tmp_path / "0", one, values)
    metric = read_scores([path], one).metrics["iou_pooled"]
    assert metric.weights.tolist() == [[[[8.0, 0.0]]]]
    assert metric.values == pytest.approx(np.array([[[[0.5, NAN]]]]), nan_ok=True)


def test_pooled_scores_of_two_folds_are_pooled_and_count_once(tmp_path):
    one = study(preprocessing=("p",), metrics=("iou_pooled",), primary="iou_pooled")
    key = ("a", "nucleus", "iou_pooled")
    first = write_run(tmp_path / "0", one, {key: (0.5, 2.0)}, {"fold": "0"})
    second = write_run(tmp_path / "1", one, {key: (1.0, 6.0)}, {"fold": "1"})
    metric = read_scores([first, second], one).metrics["iou_pooled"]
    assert metric.values.tolist() == [[[[7 / 8]]]]
    assert metric.weights.tolist() == [[[[4.0]]]]


def test_a_metric_has_samples_of_its_own(tmp_path):
    one = study(preprocessing=("p",), metrics=("dice", "uw_mlebench"), primary="dice")
    values = {
        ("a_1", "stomach", "dice"): 0.5,
        ("a_2", "stomach", "dice"): 1.0,
        ("a", "Dice", "uw_mlebench"): (0.75, 2.0),
        ("a", "1 - Hausdorff", "uw_mlebench"): 0.5,
        ("a", "all", "uw_dice@mlebench"): (0.75, 2.0),
    }
    path = write_run(tmp_path / "0", one, values, group=lambda _: "case1")
    found = read_scores([path], one).metrics
    assert list(found) == ["dice", "uw_mlebench", "uw_dice@mlebench"]
    assert found["dice"].samples == ("a_1", "a_2")
    assert found["uw_mlebench"].samples == ("a",)
    assert found["uw_mlebench"].classes == ("1 - Hausdorff", "Dice")
    assert found["uw_mlebench"].groups.tolist() == [0]
    assert found["uw_mlebench"].weights.tolist() == [[[[1.0], [2.0]]]]


def failure(paths, one=ONE) -> str:
    with pytest.raises(SegbenchError) as caught:
        read_scores(paths, one)
    return caught.value.what


def test_no_files():
    assert failure([]) == "no scores"


def test_an_arm_is_missing(tmp_path):
    one = study()
    paths = write_all(tmp_path, one, lambda *_: 0.5, ["a"])
    assert failure(paths[:1], one) == "no iou of sample 'a' for em-256/none/unet, seed 0"


def test_a_seed_is_missing(tmp_path):
    one = study(seeds=(0, 7))
    paths = write_all(tmp_path, one, lambda *_: 0.5, ["a"])
    assert "seed 7" in failure([p for p in paths if not p.name.endswith("256-none-unet-7.parquet")],
                               one)  # fmt: skip


def test_a_sample_is_missing_in_one_arm(tmp_path):
    one = study()
    write_all(tmp_path, one, lambda *_: 0.5, ["a", "b"])
    short = write_run(tmp_path / "s", one, iou(a=1.0), {"preprocessing": "em-128"})
    whole = tmp_path / "em-256-none-unet-0.parquet"
    assert failure([short, whole], one) == "no iou of sample 'b' for em-128/none/unet, seed 0"


def test_a_metric_is_missing(tmp_path):
    path = write_run(tmp_path / "0", ONE, {("a", "nucleus", "dice"): 1.0})
    assert failure([path]) == "no iou of sample 'a' for p/none/unet, seed 0"


def test_the_same_run_twice(tmp_path):
    first = write_run(tmp_path / "0", ONE, iou(a=1.0))
    second = write_run(tmp_path / "1", ONE, iou(a=1.0))
    assert "the run 'p/none/unet/seed 0/fold 0' has two files" in failure([first, second])
    assert "has two files" in failure([first, first])


def test_a_score_twice_in_one_file(tmp_path):
    path = write_run(tmp_path / "0", ONE, iou(a=1.0, b=0.5))
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table, table.slice(1)]), path)
    assert failure([path]) == f"{path}: iou of sample 'b' is there twice"


def test_two_definitions(tmp_path):
    first = write_run(tmp_path / "0", ONE, iou(a=1.0))
    other = study(preprocessing=("p",), empty="one")
    second = write_run(tmp_path / "1", other, iou(a=1.0), {"fold": "1"})
    assert "metric 'iou' has two definitions, 'iou/per-image/empty-excluded' and" in failure(
        [first, second]
    )


def test_two_groups(tmp_path):
    first = write_run(tmp_path / "0", ONE, iou(a=1.0))
    second = write_run(tmp_path / "1", ONE, iou(a=1.0), {"fold": "1"}, group=lambda _: "z")
    assert "sample 'a' has two groups, 'a' and 'z'" in failure([first, second])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset", "other"),
        ("protocol", "cv"),
        ("preprocessing", "q"),
        ("augmentation", "x"),
        ("model", "big"),
        ("seed", 4),
    ],
)
def test_scores_of_another_study(tmp_path, name, value):
    path = write_run(tmp_path / "0", ONE, iou(a=1.0), {name: value})
    assert failure([path]) == f"{path}: {name} is {value!r}"


def test_files_that_are_no_scores(tmp_path):
    text = tmp_path / "text"
    text.write_text("not parquet")
    assert "not readable scores" in failure([text])
    assert "not readable scores" in failure([tmp_path / "absent"])
    short = tmp_path / "short"
    pq.write_table(pa.table({"dataset": ["d"]}), short)
    assert "its columns are dataset" in failure([short])


def test_two_arms_in_one_file(tmp_path):
    one = study()
    paths = write_all(tmp_path, one, lambda *_: 0.5, ["a"])
    pq.write_table(pa.concat_tables([pq.read_table(p) for p in paths]), tmp_path / "both")
    assert "2 values of 'preprocessing'" in failure([tmp_path / "both"], one)
