from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from segbench.archives import ArchiveWriter
from segbench.artefacts.folds import Assignment, write_folds
from segbench.artefacts.scores import COLUMNS
from segbench.errors import SegbenchError
from segbench.metrics import registry, score
from segbench.metrics.case import Value
from segbench.metrics.metric import MASKS, Definition, Metric
from segbench.metrics.registry import METRICS

LABELS = {
    "dataset": "nuclei",
    "preprocessing": "p",
    "augmentation": "none",
    "model": "unet",
    "seed": "3",
    "protocol": "cv",
    "fold": "0",
}
SEMANTIC = {
    "stage": "truth",
    "axes": "yx",
    "task": "semantic",
    "classes": ["skin", "hair"],
    "class_values": [1, 4],
}
INSTANCES = {**SEMANTIC, "task": "instances", "classes": ["nucleus"], "class_values": [1]}


def write_groups(folder, samples) -> Any:
    """A folds.tsv in which sample x is of group g-x."""
    write_folds(
        [Assignment(0, name, f"g-{name}", "", "test") for name in samples], folder / "folds.tsv"
    )
    return folder / "folds.tsv"


def write(path, samples: dict[str, Any], attributes, **more) -> Any:
    dtype = np.uint8 if attributes["task"] == "semantic" else np.uint16
    with ArchiveWriter(path, attributes) as writer:
        for name, label in samples.items():
            record = {"source": name, "split": "train", **more}
            writer.add(name, {"label": np.array(label, dtype)}, record)
    return path


def rows(path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


def scored(tmp_path, truth, prediction, attributes, metrics, *, empty="exclude", **more):
    write(tmp_path / "truth.zarr.zip", truth, attributes, **more)
    write(tmp_path / "seg.zarr.zip", prediction, {**attributes, "stage": "segment"})
    output = tmp_path / "scores.parquet"
    folds = write_groups(tmp_path, truth)
    score(
        tmp_path / "seg.zarr.zip",
        [tmp_path / "truth.zarr.zip"],
        folds,
        metrics,
        empty,
        LABELS,
        output,
    )
    return rows(output)


def test_a_label_map_is_scored_by_class(tmp_path):
    truth = [[1, 1, 4, 0]]
    prediction = [[1, 4, 4, 0]]
    found = scored(tmp_path, {"a": truth}, {"a": prediction}, SEMANTIC, ["iou", "precision"])
    assert [(r["class"], r["metric"], r["value"]) for r in found] == [
        ("hair", "iou", 0.5),
        ("hair", "precision", 0.5),
        ("skin", "iou", 0.5),
        ("skin", "precision", 1.0),
    ]
    assert found[0] == {
        "dataset": "nuclei",
        "preprocessing": "p",
        "augmentation": "none",
        "model": "unet",
        "seed": 3,
        "protocol": "cv",
        "fold": "0",
        "sample": "a",
        "group": "g-a",
        "class": "hair",
        "metric": "iou",
        "definition": "iou/per-image/empty-excluded",
        "weight": 1.0,
        "value": 0.5,
    }


def test_objects_are_scored_as_foreground_and_as_objects(tmp_path):
    truth = [[1, 1, 0, 3, 3]]
    prediction = [[9, 9, 0, 0, 8]]
    found = scored(tmp_path, {"a": truth}, {"a": prediction}, INSTANCES, ["dsb_map", "iou"])
    values = {r["metric"]: r["value"] for r in found}
    assert len(found) == 12
    assert {r["class"] for r in found} == {"nucleus"}
    assert values["iou"] == 0.75
    # One of two hit exactly, the other at an IoU of exactly 0.5: 1 / 3 at each threshold.
    assert values["dsb_map"] == pytest.approx(1 / 3)
    assert values["dsb_ap@0.50"] == values["dsb_ap@0.95"] == pytest.approx(1 / 3)


def test_the_policy_is_in_the_value_and_in_the_definition(tmp_path):
    blank = [[0, 0]]
    for empty, value in (("exclude", math.nan), ("one", 1.0), ("zero", 0.0)):
        found = scored(tmp_path, {"a": blank}, {"a": blank}, INSTANCES, ["dice"], empty=empty)
        assert found[0]["value"] == pytest.approx(value, nan_ok=True)
        assert found[0]["definition"].endswith({"exclude": "excluded"}.get(empty, empty))


def test_only_predicted_samples_are_scored(tmp_path):
    found = scored(tmp_path, {"a": [[1, 0]], "b": [[1, 1]]}, {"b": [[1, 0]]}, INSTANCES, ["recall"])
    assert [(r["sample"], r["value"]) for r in found] == [("b", 0.5)]


def test_rows_are_sorted_and_the_bytes_are_the_same_again(tmp_path):
    truth = {name: [[1, 0, 2]] for name in ("b", "a", "c")}
    scored(tmp_path, truth, truth, INSTANCES, ["recall", "iou"])
    first = (tmp_path / "scores.parquet").read_bytes()
    found = scored(tmp_path, dict(sorted(truth.items())), truth, INSTANCES, ["iou", "recall"])
    assert (tmp_path / "scores.parquet").read_bytes() == first
    assert [r["sample"] for r in found] == ["a", "a", "b", "b", "c", "c"]
    schema = pq.read_schema(tmp_path / "scores.parquet")
    assert schema.names == list(COLUMNS)
    assert schema.metadata is None


def test_truth_in_several_shards(tmp_path):
    one = write(tmp_path / "0.zarr.zip", {"a": [[1]]}, INSTANCES)
    two = write(tmp_path / "1.zarr.zip", {"b": [[1]]}, INSTANCES)
    seg = write(tmp_path / "seg.zarr.zip", {"a": [[1]], "b": [[0]]}, INSTANCES)
    folds = write_groups(tmp_path, "ab")
    score(
        seg,
        [one, two],
        folds,
        ["iou"],
        "exclude",
        LABELS,
        tmp_path / "s.parquet",
    )
    assert [r["value"] for r in rows(tmp_path / "s.parquet")] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("metrics", "empty", "message"),
    [
        (["iuo"], "exclude", "metric 'iuo' is unknown; did you mean 'iou'?"),
        (["iou", "iou"], "exclude", "metrics are ['iou', 'iou']"),
        ([], "exclude", "metrics are []"),
        (["iou"], "skip", "policy for empty images: 'skip'"),
    ],
)
def test_requests_that_make_no_sense(tmp_path, metrics, empty, message):
    with pytest.raises(SegbenchError) as caught:
        scored(tmp_path, {"a": [[1]]}, {"a": [[1]]}, INSTANCES, metrics, empty=empty)
    assert caught.value.what == message


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (("new", "new_part"), "no metric defines the score 'new_part', which was written"),
        (
            ("nwe",),
            "no metric defines the score 'nwe', which was written; the metric 'new' wrote no score",
        ),
        ((), "the metric 'new' wrote no score"),
    ],
)
def test_a_metric_writes_what_it_defines(tmp_path, monkeypatch, written, what):
    definition = Definition("new", "New", "new", "what", "who")
    made = Metric(definition, lambda case: (Value("all", name, 1.0) for name in written), MASKS)
    monkeypatch.setitem(METRICS, "new", made)
    monkeypatch.setitem(registry._SCORES, "new", definition)
    with pytest.raises(SegbenchError) as caught:
        scored(tmp_path, {"a": [[1]]}, {"a": [[1]]}, SEMANTIC, ["new"])
    assert caught.value.what == what
    assert not (tmp_path / "scores.parquet").exists()


def test_object_metrics_need_objects(tmp_path):
    with pytest.raises(SegbenchError, match="metric 'dsb_map' for the task 'semantic'"):
        scored(tmp_path, {"a": [[1]]}, {"a": [[1]]}, SEMANTIC, ["dsb_map"])


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        ({}, "no samples"),
        ({"z": [[1]]}, "sample 'z' has no truth"),
        ({"a": [[1, 1]]}, "sample 'a' has size 1x2, its truth 1x1"),
        ({"a": [[3]]}, "sample 'a' holds the label 3"),
    ],
)
def test_predictions_that_do_not_fit(tmp_path, prediction, message):
    with pytest.raises(SegbenchError) as caught:
        scored(tmp_path, {"a": [[1]]}, prediction, SEMANTIC, ["iou"])
    assert message in caught.value.what
    assert "seg.zarr.zip" in caught.value.what
    assert not (tmp_path / "scores.parquet").exists()


def test_a_sample_without_a_prediction(tmp_path):
    truth = write(tmp_path / "truth.zarr.zip", {"a": [[1]]}, SEMANTIC)
    with ArchiveWriter(tmp_path / "seg.zarr.zip", SEMANTIC) as writer:
        writer.add("a", {"probability": np.zeros((1, 1), np.float16)})
    with pytest.raises(SegbenchError, match="sample 'a' has no prediction"):
        score(
            tmp_path / "seg.zarr.zip",
            [truth],
            write_groups(tmp_path, "a"),
            ["iou"],
            "exclude",
            LABELS,
            tmp_path / "s.parquet",
        )


def test_a_sample_that_the_folds_do_not_have(tmp_path):
    truth = write(tmp_path / "truth.zarr.zip", {"a": [[1]]}, SEMANTIC)
    folds = write_groups(tmp_path, "b")
    with pytest.raises(SegbenchError, match="sample 'a' is in none of the folds"):
        score(truth, [truth], folds, ["iou"], "exclude", LABELS, tmp_path / "s.parquet")


def test_a_missing_label(tmp_path):
    truth = write(tmp_path / "truth.zarr.zip", {"a": [[1]]}, SEMANTIC)
    labels = {name: value for name, value in LABELS.items() if name != "fold"}
    folds = write_groups(tmp_path, "a")
    with pytest.raises(SegbenchError, match="label 'fold' of the scores is missing"):
        score(
            truth,
            [truth],
            folds,
            ["iou"],
            "exclude",
            labels,
            tmp_path / "s.parquet",
        )


def test_every_score_of_objects_is_one_for_a_perfect_prediction(tmp_path):
    truth = {"a": [[1, 1, 0, 7, 7]]}
    metrics = [name for name, metric in METRICS.items() if "instances" in metric.tasks]
    found = scored(tmp_path, truth, truth, INSTANCES, metrics, spacing_mm=[1.0, 1.0])
    assert len(found) == 9 + 11
    assert {r["value"] for r in found} == {1.0}


@pytest.mark.parametrize("empty", ["exclude", "one", "zero"])
def test_a_class_that_was_not_annotated_has_no_score(tmp_path, empty):
    """Whatever the policy for empty masks says; not even of a pool is the sample a case."""
    metrics = ["iou", "iou_pooled", "hd95"]
    found = scored(tmp_path, {"a": [[1, 255, 0]]}, {"a": [[1, 4, 4]]}, SEMANTIC, metrics,
                   empty=empty, annotated=["skin"], spacing_mm=[1, 1])  # fmt: skip
    values = {(r["class"], r["metric"]): (r["value"], r["weight"]) for r in found}
    assert values["skin", "iou"] == values["skin", "iou_pooled"] == (1.0, 1.0)
    assert values["skin", "hd95"] == (0.0, 1.0)
    for metric in metrics:
        assert math.isnan(values["hair", metric][0])
        assert values["hair", metric][1] == 1.0, "0 would count it in a pool"
