"""The scoring stage on volumes, stacks of slices and classified images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from segbench.archives import ArchiveWriter
from segbench.artefacts.folds import Assignment, write_folds
from segbench.errors import SegbenchError
from segbench.metrics import score
from segbench.metrics.registry import METRICS
from segbench.metrics.stacks import mlebench

LABELS: dict[str, str | int] = {
    "dataset": "d", "preprocessing": "p", "augmentation": "none", "model": "unet",
    "seed": 0, "protocol": "cv", "fold": "1",
}  # fmt: skip
ORGANS = {
    "axes": "yxk", "task": "overlapping", "classes": ["large_bowel", "stomach"],
    "class_values": [1, 2], "background": None,
}  # fmt: skip
TISSUES = {
    "axes": "s", "task": "classification", "classes": ["colon", "kidney", "liver"],
    "class_values": [1, 2, 5],
}  # fmt: skip


def write(path, attributes, samples: dict[str, dict[str, Any]], **records) -> None:
    with ArchiveWriter(path, attributes) as writer:
        for name, arrays in samples.items():
            writer.add(name, arrays, records.get(name, {}))
    groups = [Assignment(0, name, f"g-{name[0]}", "", "test") for name in samples]
    write_folds(groups, path.parent / "folds.tsv")


def scored(tmp_path, metrics, *, empty="exclude") -> list[dict[str, Any]]:
    output = tmp_path / "scores.parquet"
    score(
        tmp_path / "seg",
        [tmp_path / "truth"],
        tmp_path / "folds.tsv",
        metrics,
        empty,
        LABELS,
        output,
    )
    return pq.read_table(output).to_pylist()


def values(rows, *keys) -> dict[Any, float]:
    return {tuple(r[k] for k in keys) if len(keys) > 1 else r[keys[0]]: r["value"] for r in rows}


def slices(seed: int) -> dict[str, dict[str, np.ndarray]]:
    generator = np.random.Generator(np.random.PCG64(seed))
    names = ("a_1", "a_2", "a_3", "b_1", "b_2")
    return {n: {"label": (generator.random((6, 5, 2)) < 0.3).astype(np.uint8)} for n in names}


def placed(**more: Any) -> dict[str, dict[str, Any]]:
    """Slices of stack a are numbered against the alphabet."""
    place = {"a_1": 3, "a_2": 2, "a_3": 1, "b_1": 1, "b_2": 2}
    return {n: {"stack": f"case_{n[0]}", "position": k, **more} for n, k in place.items()}


def test_stacks_are_put_together_by_their_positions(tmp_path):
    truth, prediction = slices(0), slices(1)
    write(tmp_path / "truth", ORGANS, truth, **placed())
    write(tmp_path / "seg", ORGANS, prediction)
    rows = scored(tmp_path, ["uw_mlebench", "dice"])
    stacks = {
        "case_a": [np.stack([s[n]["label"] for n in ("a_3", "a_2", "a_1")]) > 0
                   for s in (truth, prediction)],
        "case_b": [np.stack([s[n]["label"] for n in ("b_1", "b_2")]) > 0
                   for s in (truth, prediction)],
    }  # fmt: skip
    for name, pair in stacks.items():
        found = {(r["class"], r["metric"]): r for r in rows if r["sample"] == name}
        expected = list(mlebench(*pair, ("large_bowel", "stomach")))
        assert len(found) == len(expected) == 4
        for value in expected:
            row = found[value.class_name, value.metric]
            assert (row["value"], row["weight"]) == (value.value, value.weight)
            assert row["group"] == f"g-{name[-1]}"
    # The pixels' Dice stays a score of slices.
    assert {r["sample"] for r in rows if r["metric"] == "dice"} == set(truth)


def test_volumes_are_stacks_of_their_own(tmp_path):
    attributes = {**ORGANS, "axes": "zyxk"}
    label = np.zeros((4, 5, 6, 2), np.uint8)
    label[1:3, 2, 2] = 1
    write(tmp_path / "truth", attributes, {"a": {"label": label}})
    write(tmp_path / "seg", attributes, {"a": {"label": label}})
    rows = scored(tmp_path, ["uw_per_class"])
    assert values(rows, "class", "metric") == {
        ("Dice", "uw_per_class"): 1.0,
        ("1 - Hausdorff", "uw_per_class"): 1.0,
        ("all", "uw_dice@per_class"): 1.0,
        ("large_bowel", "uw_hausdorff@per_class"): 0.0,
        ("stomach", "uw_hausdorff@per_class"): 0.0,
    }


def test_a_stack_with_a_hole_is_refused(tmp_path):
    write(tmp_path / "truth", ORGANS, slices(0), **placed())
    write(tmp_path / "seg", ORGANS, {n: s for n, s in slices(1).items() if n != "a_2"})
    with pytest.raises(SegbenchError, match="stack 'case_a' lacks the slice 'a_2'"):
        scored(tmp_path, ["uw_mlebench"])


def test_stacks_of_other_folds_are_not_missed(tmp_path):
    write(tmp_path / "truth", ORGANS, slices(0), **placed())
    write(tmp_path / "seg", ORGANS, {n: s for n, s in slices(1).items() if n[0] == "b"})
    assert {r["sample"] for r in scored(tmp_path, ["uw_mlebench"])} == {"case_b"}


def test_slices_of_no_stack_are_refused(tmp_path):
    write(tmp_path / "truth", ORGANS, slices(0))
    write(tmp_path / "seg", ORGANS, slices(1))
    with pytest.raises(SegbenchError, match="sample 'a_1' is of no stack"):
        scored(tmp_path, ["uw_mlebench"])


def test_slices_of_two_sizes_are_refused(tmp_path):
    odd = {**slices(0), "a_2": {"label": np.zeros((6, 6, 2), np.uint8)}}
    write(tmp_path / "truth", ORGANS, odd, **placed())
    write(tmp_path / "seg", ORGANS, odd)
    with pytest.raises(SegbenchError, match="'a_2' has size 6x6, others of the stack 'case_a' 6x5"):
        scored(tmp_path, ["uw_per_class"])


def test_masks_hold_zeros_and_ones(tmp_path):
    write(tmp_path / "truth", ORGANS, slices(0))
    write(tmp_path / "seg", ORGANS, {n: {"label": s["label"] * 255} for n, s in slices(1).items()})
    with pytest.raises(SegbenchError, match="sample 'a_1' holds 255 in a mask"):
        scored(tmp_path, ["dice"])


def test_classes_in_another_order_are_refused(tmp_path):
    write(tmp_path / "truth", ORGANS, slices(0))
    write(tmp_path / "seg", {**ORGANS, "classes": ["stomach", "large_bowel"]}, slices(0))
    with pytest.raises(SegbenchError, match="its classes are stomach, large_bowel"):
        scored(tmp_path, ["dice"])


def test_spacing_comes_from_the_truth(tmp_path):
    left, right = np.zeros((2, 5, 6, 2), np.uint8)
    left[2, 1], right[2, 4] = 1, 1
    write(tmp_path / "truth", ORGANS, {"a": {"label": left}}, a={"spacing_mm": [3.0, 1.5, 1.5]})
    write(tmp_path / "seg", ORGANS, {"a": {"label": right}}, a={"spacing_mm": [9.0, 9.0]})
    rows = scored(tmp_path, ["hd95", "nsd_1mm", "nsd_2mm"])
    assert values(rows, "class", "metric")["stomach", "hd95"] == 4.5
    assert {r["value"] for r in rows if r["metric"] != "hd95"} == {0.0}
    assert rows[0]["definition"] == "hd95/surface-distance/empty-excluded"


def test_the_background_is_scored_under_its_name(tmp_path):
    attributes = {
        "axes": "yx", "task": "semantic", "classes": ["skin"], "class_values": [3],
        "background": "null",
    }  # fmt: skip
    write(tmp_path / "truth", attributes, {"a": {"label": np.array([[0, 0, 3, 3]], np.uint8)}})
    write(tmp_path / "seg", attributes, {"a": {"label": np.array([[0, 0, 0, 3]], np.uint8)}})
    rows = scored(tmp_path, ["iou", "recall_pooled", "iou_present"])
    assert values(rows, "class", "metric") == {
        ("null", "iou"): 2 / 3, ("skin", "iou"): 0.5, ("null", "iou_present"): 2 / 3,
        ("skin", "iou_present"): 0.5, ("null", "recall_pooled"): 1.0,
        ("skin", "recall_pooled"): 0.5,
    }  # fmt: skip
    assert {(r["class"], r["weight"]) for r in rows if r["metric"] == "recall_pooled"} == {
        ("null", 2.0), ("skin", 2.0),
    }  # fmt: skip


def classified(*rows) -> dict[str, dict[str, np.ndarray]]:
    return {
        f"s{n}": {
            "label": np.array([label], np.uint8),
            **({} if probability is None else {"probability": np.array(probability, np.float32)}),
        }
        for n, (label, probability) in enumerate(rows)
    }


GOOD = classified((1, [0.75, 0.25, 0]), (5, [0.5, 0, 0.5]), (2, [0, 1, 0]))


def test_classified_images(tmp_path):
    write(tmp_path / "truth", TISSUES, classified((1, None), (1, None), (2, None)))
    write(tmp_path / "seg", TISSUES, GOOD)
    rows = scored(
        tmp_path,
        ["accuracy", "balanced_accuracy", "f1", "class_recall", "class_precision", "roc_auc",
         "calibration_error", "brier", "log_loss"],
    )  # fmt: skip
    whole = [r for r in rows if r["class"] == "all"]
    assert values([r for r in whole if r["metric"] == "accuracy"], "sample") == {
        "s0": 1.0, "s1": 0.0, "s2": 1.0,
    }  # fmt: skip
    brier = values([r for r in whole if r["metric"] == "brier"], "sample")
    assert brier == pytest.approx({"s0": 0.125, "s1": 0.5, "s2": 0.0})
    loss = values([r for r in whole if r["metric"] == "log_loss"], "sample")
    assert loss == pytest.approx({"s0": -math.log(0.75), "s1": math.log(2), "s2": 0.0})
    auc = values([r for r in rows if r["metric"] == "roc_auc"], "class", "sample")
    assert (auc["colon", "s0"], auc["colon", "s1"], auc["kidney", "s2"]) == (1.0, 1.0, 1.0)
    assert math.isnan(auc["liver", "s0"]) and math.isnan(auc["kidney", "s0"])
    assert len(rows) == 3 * (4 + 5 * 3)


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        (classified((1, [0.5, 0.25, 0]), *[(1, [1, 0, 0])] * 2), "that add up to 0.75"),
        (classified((1, [0.5, 0.5]), *[(1, [1, 0])] * 2), "has 2 probabilities"),
        (classified((1, [1.5, -0.5, 0]), *[(1, [1, 0, 0])] * 2), "has 3 probabilities"),
        (classified((1, [math.nan, 0, 1]), *[(1, [1, 0, 0])] * 2), "add up to nan"),
        (classified(*[(1, None)] * 3), "has 0 probabilities"),
        (classified((4, [1, 0, 0]), *[(1, [1, 0, 0])] * 2), "sample 's0' holds the label 4"),
    ],
)  # fmt: skip
def test_predictions_that_are_none(tmp_path, prediction, message):
    write(tmp_path / "truth", TISSUES, classified((1, None), (1, None), (2, None)))
    write(tmp_path / "seg", TISSUES, prediction)
    with pytest.raises(SegbenchError) as error:
        scored(tmp_path, ["accuracy"])
    assert message in error.value.what
    assert not (tmp_path / "scores.parquet").exists()


@pytest.mark.parametrize(
    ("attributes", "metric"),
    [(TISSUES, "dice"), (TISSUES, "uw_mlebench"), (ORGANS, "accuracy"), (ORGANS, "dsb_map")],
)
def test_metrics_that_do_not_fit_the_task(tmp_path, attributes, metric):
    for file in ("truth", "seg"):
        write(tmp_path / file, attributes, {"a": {"label": np.zeros((2, 2, 2), np.uint8)}})
    with pytest.raises(SegbenchError, match=f"metric {metric!r} for the task"):
        scored(tmp_path, [metric])


def test_halves_of_floats_are_made_to_add_up(tmp_path):
    write(tmp_path / "truth", TISSUES, classified((1, None)))
    write(tmp_path / "seg", TISSUES, classified((1, [0.333, 0.333, 0.333])))
    (row,) = scored(tmp_path, ["log_loss"])
    assert row["value"] == pytest.approx(math.log(3))


STACKED = [name for name, metric in METRICS.items() if metric.per in ("stack", "sample")]


@pytest.mark.parametrize("metrics", [[n for n in STACKED if "overlapping" in METRICS[n].tasks]])
@pytest.mark.parametrize("seed", range(3))
def test_no_metric_of_slices_and_stacks_sees_what_was_not_annotated(tmp_path, metrics, seed):
    rng = np.random.default_rng(seed)
    truth, prediction, other = slices(seed), slices(seed + 10), slices(seed + 20)
    for name, arrays in truth.items():
        hidden = rng.random(arrays["label"].shape) < 0.3
        hidden[..., 1] |= name.startswith("b")  # nobody looked for the stomach
        arrays["label"][hidden] = 255
        other[name]["label"][~hidden] = prediction[name]["label"][~hidden]
    write(tmp_path / "truth", ORGANS, truth, **placed(spacing_mm=[1.0, 2.0]))
    found = []
    for predicted in (prediction, other):
        write(tmp_path / "seg", ORGANS, predicted)
        found.append(scored(tmp_path, metrics, empty="one"))
    assert repr(found[0]) == repr(found[1])
    stomach = [r for r in found[0] if r["sample"].endswith("_1") and r["class"] == "stomach"]
    assert {math.isnan(r["value"]) for r in stomach if r["sample"] == "b_1"} == {True}
    in_b = [r["value"] for r in found[0] if (r["sample"], r["class"]) == ("case_b", "stomach")]
    assert len(in_b) == 1, "of uw_hausdorff@per_class: a table needs a row of each class"
    assert math.isnan(in_b[0])


def test_stacks_of_which_nothing_was_annotated_are_refused_by_name(tmp_path):
    truth = slices(0)
    for arrays in truth.values():
        arrays["label"][:] = 255
    write(tmp_path / "truth", ORGANS, truth, **placed())
    write(tmp_path / "seg", ORGANS, slices(1))
    with pytest.raises(SegbenchError, match="in none of its stacks was a class annotated"):
        scored(tmp_path, ["uw_per_class"])
