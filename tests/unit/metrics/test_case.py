"""Masks of all kinds: label maps, overlapping masks, volumes, the background as a class."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segbench.errors import SegbenchError
from segbench.metrics.case import Case
from segbench.metrics.counts import BLOCK, Counts, contingency, mask_counts
from segbench.metrics.overlap import iou_where_present, pooled
from segbench.metrics.registry import METRICS

MASKS = [m.measure for m in METRICS.values() if "semantic" in m.tasks and m.per == "sample"]
labels = hnp.arrays(np.uint8, st.just((3, 4, 5)), elements=st.integers(0, 2))


def case(truth, prediction, task="semantic", classes=("a", "b"), **more) -> Case:
    values = {name: n for n, name in enumerate(classes, start=1)}
    return Case(np.array(truth, np.uint8), np.array(prediction, np.uint8), task, values,
                more.pop("empty", "exclude"), **more)  # fmt: skip


def one_hot(label: np.ndarray) -> np.ndarray:
    return np.stack([label == 1, label == 2], -1).astype(np.uint8)


@given(labels, labels, st.sampled_from([None, "skin"]))
def test_a_label_map_and_its_masks_score_the_same(truth, prediction, background):
    first = case(truth, prediction, background=background, spacing_mm=(2.0, 1.0, 1.0))
    second = case(one_hot(truth), one_hot(prediction), "overlapping", background=background,
                  spacing_mm=(2.0, 1.0, 1.0))  # fmt: skip
    assert first.shape == second.shape == (3, 4, 5)
    assert first.counts == second.counts
    assert first.names == second.names
    for metric in MASKS:
        for one, two in zip(metric(first), metric(second), strict=True):
            assert (one.class_name, one.metric, one.weight) == (
                two.class_name, two.metric, two.weight
            )  # fmt: skip
            assert one.value == pytest.approx(two.value, nan_ok=True)


@given(labels, labels)
def test_counts_agree_with_masks(truth, prediction):
    found = case(truth, prediction, background="rest")
    for name, counts in found.counts.items():
        t, p = found.masks(name)
        expected = int((t & p).sum()), int((p & ~t).sum()), int((t & ~p).sum())
        assert (counts.tp, counts.fp, counts.fn) == expected


def test_the_background_counts_only_where_it_has_a_name():
    assert case([[0, 1]], [[0, 1]]).names == ["a", "b"]
    named = case([[0, 1, 0]], [[0, 1, 2]], background="null")
    assert named.counts["null"] == Counts(tp=1, fp=0, fn=1)


def test_overlapping_masks_overlap():
    truth = np.ones((2, 2, 2), np.uint8)
    prediction = np.stack([np.ones((2, 2)), np.zeros((2, 2))], -1)
    found = case(truth, prediction, "overlapping")
    assert found.counts == {"a": Counts(4, 0, 0), "b": Counts(0, 0, 4)}


def test_more_pixels_than_a_block():
    generator = np.random.Generator(np.random.PCG64(0))
    truth, prediction = generator.integers(0, 3, (2, BLOCK + 7), np.uint8)
    table = contingency(truth, prediction, 3)
    assert table.sum() == BLOCK + 7
    assert table[1, 2] == ((truth == 1) & (prediction == 2)).sum()
    masks = [
        np.stack([label == 1, label == 2], -1).astype(np.uint8) for label in (truth, prediction)
    ]
    assert mask_counts(*masks)[0].tp == table[1, 1]
    assert mask_counts(*masks)[1].fn == table[2].sum() - table[2, 2]


def test_present_means_in_the_truth():
    assert iou_where_present(Counts(2, 1, 1), "exclude") == 0.5
    assert iou_where_present(Counts(0, 0, 3), "exclude") == 0.0
    for empty in ("exclude", "one", "zero"):
        assert math.isnan(iou_where_present(Counts(0, 3, 0), empty))
        assert math.isnan(iou_where_present(Counts(0, 0, 0), empty))


counts = st.builds(Counts, *[st.integers(0, 50)] * 3)


@given(
    st.lists(counts, min_size=1, max_size=8),
    st.sampled_from(["iou", "dice", "precision", "recall"]),
)
def test_weighted_means_of_ratios_are_ratios_of_sums(images, kind):
    pairs = [pooled(kind, one) for one in images]
    total = Counts(*(sum(getattr(one, f) for one in images) for f in ("tp", "fp", "fn")))
    weight = sum(w for v, w in pairs if not math.isnan(v))
    if weight == 0:
        assert total == Counts(0, 0, 0)
        return
    ours = sum(w * v for v, w in pairs if not math.isnan(v)) / weight
    value, whole = pooled(kind, total)
    assert ours == pytest.approx(value, rel=1e-9, abs=1e-12)
    assert weight == pytest.approx(whole, abs=1e-9)


def test_a_class_that_is_never_predicted_has_pooled_precision_zero():
    assert pooled("precision", Counts(0, 0, 9)) == (0.0, 1e-12)
    assert pooled("recall", Counts(0, 9, 0)) == (0.0, 1e-12)
    assert pooled("iou", Counts(0, 0, 9)) == (0.0, 9.0)
    value, weight = pooled("precision", Counts(0, 0, 0))
    assert math.isnan(value) and weight == 0.0


@pytest.mark.parametrize("metric", ["hd95", "nsd_1mm", "nsd_2mm"])
def test_millimetres_need_a_spacing(metric):
    with pytest.raises(SegbenchError) as error:
        list(METRICS[metric].measure(case([[1]], [[1]], name="x7")))
    assert error.value.what == (
        f"sample 'x7': its spacing is unknown, but {metric} is in millimetres"
    )
    assert "spacing_um" in error.value.action


def test_slices_of_a_stack_use_the_spacing_in_their_plane():
    found = case([[1, 0, 0, 0]], [[0, 0, 0, 1]], classes=("a",), spacing_mm=(9.0, 3.0, 2.0))
    (value,) = METRICS["hd95"].measure(found)
    assert value.value == 6.0


def test_hd95_follows_the_policy():
    for empty, both, expected in (("exclude", 0, math.nan), ("one", 0, 0.0), ("zero", 0, 5.0),
                                  ("exclude", 1, 5.0)):  # fmt: skip
        found = case([[both, 0, 0], [0] * 3, [0] * 3, [0] * 3], np.zeros((4, 3)),
                     classes=("a",), spacing_mm=(1.0, 1.0), empty=empty)  # fmt: skip
        (value,) = METRICS["hd95"].measure(found)
        assert value.value == pytest.approx(expected, nan_ok=True)


SPACING = (2.0, 1.0, 0.5)
OF_SAMPLES = {n: m for n, m in METRICS.items() if m.per == "sample"}


@pytest.mark.parametrize("task", ["semantic", "overlapping", "instances"])
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, "rest"]), st.sampled_from([0.2, 0.9, 1]))
def test_no_metric_sees_what_was_not_annotated(task, seed, background, share):
    """All scores are the same, to the last bit, whatever is predicted there."""
    rng = np.random.default_rng(seed)
    shape = (5, 6) if task == "instances" else (3, 5, 6)
    top, names = (9, ["a"]) if task == "instances" else (2, ["a", "b"])
    dtype, marker = (np.uint16, 65535) if task == "instances" else (np.uint8, 255)
    if task == "overlapping":
        shape, top = (*shape, 2), 1
    truth, prediction, other = rng.integers(0, top + 1, (3, *shape)).astype(dtype)
    hidden = rng.random(shape) < share
    truth[hidden] = marker
    other[~hidden] = prediction[~hidden]
    values = {name: n for n, name in enumerate(names, start=1)}
    for empty in ("exclude", "one", "zero"):
        for metric in (m.measure for m in OF_SAMPLES.values() if task in m.tasks):
            one, two = (
                list(metric(Case(truth, found, task, values, empty, background, SPACING)))
                for found in (prediction, other)
            )
            assert repr(one) == repr(two)


def test_pixels_of_the_background_are_annotated_ones_alone():
    found = case([[0, 1, 255, 255]], [[0, 0, 0, 1]], background="rest")
    assert found.counts == {"a": Counts(0, 0, 1), "b": Counts(0, 0, 0), "rest": Counts(1, 1, 0)}
    assert found.masks("rest")[0].tolist() == [[True, False, False, False]]
    masks = case([[[0, 0], [255, 0], [1, 255]]], [[[0, 0], [1, 0], [1, 1]]], "overlapping",
                 background="rest")  # fmt: skip
    assert masks.counts["rest"] == Counts(1, 0, 0)
    assert masks.counts["a"] == Counts(1, 0, 0)
    assert masks.left_out == frozenset()


def test_what_was_not_annotated_in_a_sample_is_left_out_of_it():
    found = case([[0, 1, 0]], [[2, 2, 1]], background="rest", annotated=("a",))
    assert found.left_out == {"b", "rest"}
    assert found.counts == {"a": Counts(0, 1, 1), "b": Counts(0, 0, 0), "rest": Counts(0, 0, 0)}
    assert not np.any(found.masks("b"))
    masks = case([[[255, 1], [255, 0]]], [[[1, 1], [0, 0]]], "overlapping")
    assert masks.left_out == {"a"}
    assert case([[255, 255]], [[1, 0]], background="rest").left_out == {"a", "b", "rest"}


def test_a_case_without_ignored_pixels_keeps_its_arrays():
    truth = np.uint8([[0, 1, 254]])
    found = Case(truth, truth, "semantic", {"a": 1, "b": 254}, "exclude")
    assert found.truth is truth
    assert (found.hidden, found.left_out) == (None, frozenset())
