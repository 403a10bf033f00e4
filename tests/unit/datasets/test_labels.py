"""Labels as the config means them, the same wherever they are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.dataset import Class, Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.labels import count_objects, present_classes, read_label, regions
from segbench.errors import SegbenchError

RAW = RawSample(sample="s", images=("s.png",), labels=("s_mask.png",))
CLASSES = tuple(Class(name=name, value=value) for name, value in (("a", 2), ("b", 5), ("c", 7)))
OVERLAP = {"ab": ("a", "b"), "b": ("b",), "c": ("c",)}


def dataset(task="semantic", **more):
    known = {"title": "-", "format": "folder", "licence": "-", "citation": "-", "protocols": {}}
    return Dataset.model_validate({**known, "task": task, "classes": CLASSES, **more})


class Array(Reader):
    """A reader of one label, which knows what was not annotated."""

    ignores_labels = True

    def __init__(self, label):
        self.label = label

    def read_label(self, root, raw):
        return self.label


class Plain(Array):
    ignores_labels = False


def read(of, label, annotated=()):
    return read_label(of, Array(label), Path("raw"), replace(RAW, annotated=annotated))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(5, 6), (3, 5, 6)]))
def test_regions_are_the_union_of_their_classes(seed, shape):
    label = np.random.default_rng(seed).choice(np.uint8([0, 2, 5, 7]), shape)
    found = read(dataset(regions=OVERLAP), label)
    assert found.dtype == np.uint8
    for number, names in enumerate(OVERLAP.values()):
        values = [one.value for one in CLASSES if one.name in names]
        assert np.array_equal(found[..., number], np.isin(label, values))
    present = present_classes(dataset(regions=OVERLAP), found)
    assert present == [name for k, name in enumerate(OVERLAP) if found[..., k].any()]


@pytest.mark.parametrize(
    ("task", "label", "classes", "objects"),
    [
        ("semantic", [[2, 0, 2], [0, 2, 5]], ["a", "b"], 2),
        ("instances", [[1, 0, 2], [1, 0, 2]], ["a", "b", "c"], 2),
        ("classification", [7], ["c"], None),
        ("semantic", [[0, 0]], [], 0),
        ("instances", [[0, 0]], [], 0),
    ],
)
def test_what_a_label_holds(task, label, classes, objects):
    of = dataset(task)
    found = read(of, np.array(label, np.uint16 if task == "instances" else np.uint8))
    assert present_classes(of, found) == classes
    assert count_objects(of, found) == objects


def test_masks_that_overlap_are_counted_each():
    masks = np.zeros((4, 5, 3), np.uint8)
    masks[:2, :2, 0] = masks[:, :, 2] = 1
    masks[3, 4, 0] = 1
    of = dataset("overlapping")
    assert present_classes(of, read(of, masks)) == ["a", "c"]
    assert count_objects(of, masks) == 3


@pytest.mark.parametrize(
    ("task", "label", "says", "expected"),
    [
        ("semantic", np.uint8([[9, 2, 8]]), "holds 8, 9", "0, 2 (a), 5 (b), 7 (c)"),
        ("classification", np.uint8([0]), "holds 0", "2 (a), 5 (b), 7 (c)"),
        ("overlapping", np.full((2, 2, 3), 3, np.uint8), "holds 3", "0, 1"),
        ("semantic", np.zeros((2, 2)), "is float64 (2, 2)", "uint8 (y, x) or (z, y, x)"),
        ("overlapping", np.zeros((2, 2, 2), np.uint8), "is uint8 (2, 2, 2)", "with 3 classes"),
        ("instances", np.zeros((2, 2), np.uint8), "is uint8 (2, 2)", "uint16 (y, x)"),
        ("classification", np.uint8([2, 5]), "is uint8 (2,)", "uint8 (1,)"),
    ],
)
def test_labels_that_are_not_as_the_config_says(task, label, says, expected):
    with pytest.raises(SegbenchError) as error:
        read(dataset(task), label)
    assert error.value.what == f"raw/s_mask.png: the label of 's' {says}"
    assert expected in error.value.expected


def test_a_region_of_no_class():
    with pytest.raises(SegbenchError, match=r"regions\.x: 'd' is not a class of the dataset"):
        regions(dataset(regions={"x": ("a", "d")}), np.zeros((2, 2), np.uint8))


def test_what_was_not_annotated_is_no_class_and_no_object():
    label = np.uint8([[2, 255, 2, 0], [0, 255, 0, 255]])
    of = dataset()
    found = read(of, label)
    assert np.array_equal(found, label)
    assert (present_classes(of, found), count_objects(of, found)) == (["a"], 2)
    masks = read(dataset(regions=OVERLAP), label)
    assert masks[0].tolist() == [[1, 0, 0], [255, 255, 255], [1, 0, 0], [0, 0, 0]]
    assert present_classes(dataset(regions=OVERLAP), masks) == ["ab"]
    objects = np.uint16([[1, 65535, 3, 0]])
    assert count_objects(dataset("instances"), objects) == 3
    assert present_classes(dataset("instances"), np.uint16([[65535]])) == []


def test_255_of_a_reader_that_marks_nothing_is_refused():
    with pytest.raises(SegbenchError, match="the label of 's' holds 255"):
        read_label(dataset(), Plain(np.uint8([[255]])), Path("raw"), RAW)


def test_classes_that_were_not_annotated_count_for_nothing():
    label = np.uint8([[2, 5, 7, 0]])
    assert read(dataset(), label, ("a", "c")).tolist() == [[2, 0, 7, 0]]
    assert read(dataset(), label).tolist() == label.tolist()
    masks = read(dataset(regions=OVERLAP), label, ("a", "c"))
    assert (masks[..., :2] == 255).all(), "ab holds b, which nobody looked for"
    assert masks[0, :, 2].tolist() == [0, 0, 1, 0]
    given = np.uint8([[[1, 0, 1]]])
    assert read(dataset("overlapping"), given, ("b",)).tolist() == [[[255, 0, 255]]]
    assert given.tolist() == [[[1, 0, 1]]]
