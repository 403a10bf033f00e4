"""What numbers in label files mean, as dataset.json says it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.config.dataset import Background, Class, Ignore
from segbench.datasets.label_names import (
    check_labels_taken,
    class_of_spelling,
    class_values,
    ignored_labels,
    label_values,
    normalised_name,
    read_dataset_json,
)
from segbench.errors import SegbenchError
from unit.datasets.helpers import make_dataset

LABELS = {"background": 0, "edema": 1, "core": [2, 3], "Enhancing-Tumor": 4}


def described(tmp_path, labels=LABELS):
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({"labels": labels}), encoding="utf-8")
    return path


def test_a_spelling_is_of_one_class():
    found = class_of_spelling([("Cell", ("Cell", "CELLS")), ("rest", ("rest", 7))], str.casefold)
    assert found == {"cell": "Cell", "cells": "Cell", "rest": "rest", "7": "rest"}
    with pytest.raises(SegbenchError, match="classes: 'CELL' is a label of cell and of other"):
        class_of_spelling([("cell", ("cell",)), ("other", ("CELL",))], str.casefold)


def dataset(*classes, task="semantic", **more):
    return make_dataset("msd", task=task, classes=classes, **more)


@given(st.text("ab", min_size=1), st.text("ab", min_size=1), st.sampled_from(["-", "_", " ", " _"]))
def test_names_are_the_same_whatever_joins_their_words(first, second, joint):
    assert normalised_name(f" {first.upper()}{joint}{second}") == f"{first} {second}"


@pytest.mark.parametrize(
    "labels", [{"0": "background", "2": "core", "3": "core"}, {"background": 0, "core": [2, 3]}]
)
def test_both_directions_are_read(tmp_path, labels):
    assert label_values(described(tmp_path, labels)) == {
        "background": frozenset({0}),
        "core": frozenset({2, 3}),
    }


@pytest.mark.parametrize("labels", [None, [1, 2], {"x": "edema"}, {"edema": None}])
def test_labels_that_cannot_be_read(tmp_path, labels):
    with pytest.raises(SegbenchError, match=r"dataset\.json: its `labels` cannot be read"):
        label_values(described(tmp_path, labels))


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_a_file_that_is_no_json_object(tmp_path, text):
    path = tmp_path / "dataset.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SegbenchError, match=r"dataset\.json: cannot be read"):
        read_dataset_json(path)


def test_classes_take_labels_by_name_and_by_value(tmp_path):
    wanted = dataset(
        Class(name="EDEMA", value=1), Class(name="tumour", value=2, labels=("core", 4))
    )
    assert class_values(wanted, described(tmp_path)) == {
        "EDEMA": frozenset({1}),
        "tumour": frozenset({2, 3, 4}),
    }


def test_a_class_that_is_not_in_the_file_gets_the_nearest_name(tmp_path):
    with pytest.raises(SegbenchError) as error:
        class_values(dataset(Class(name="oedema", value=1)), described(tmp_path))
    assert "has no label 'oedema', of the class 'oedema'" in error.value.what
    assert "did you mean 'edema'?" in error.value.action


def test_one_label_in_two_classes_needs_masks_of_their_own(tmp_path):
    classes = (Class(name="core", value=1), Class(name="all", value=2, labels=("core", "edema")))
    path = described(tmp_path)
    with pytest.raises(SegbenchError, match="the label 2 is in the classes core and all"):
        class_values(dataset(*classes), path)
    assert class_values(dataset(*classes, task="overlapping"), path)["all"] == {1, 2, 3}


def test_labels_that_no_class_takes_are_named(tmp_path):
    path = described(tmp_path)
    edema = dataset(Class(name="edema", value=1))
    sets = class_values(edema, path)
    check_labels_taken(edema, path, sets, [0, 1], tmp_path / "a.nii.gz")
    with pytest.raises(SegbenchError) as error:
        check_labels_taken(edema, path, sets, [0, 1, 4, 9], tmp_path / "a.nii.gz")
    assert "the labels 4 (Enhancing-Tumor), 9 (not in dataset.json)" in error.value.what
    rest = dataset(Class(name="edema", value=1), background=Background(labels=("core", 4, 9)))
    check_labels_taken(rest, path, sets, [0, 1, 2, 3, 4, 9], tmp_path / "a.nii.gz")


def test_ignored_labels_by_name_and_value(tmp_path):
    path = described(tmp_path, {"background": 0, "core": [1, 2], "Ignore": 3, "unsure": 4})
    core = dataset(Class(name="core", value=1))
    sets = class_values(core, path)
    assert ignored_labels(core, path, sets) == {3}, "nnU-Net's, without being listed"
    more = dataset(Class(name="core", value=1), ignore=Ignore(labels=("UNSURE", 9)))
    assert ignored_labels(more, path, sets) == {3, 4, 9}
    wrong = dataset(Class(name="core", value=1), ignore=Ignore(labels=("unsur",)))
    with pytest.raises(SegbenchError, match="has no label 'unsur', of `ignore`") as error:
        ignored_labels(wrong, path, sets)
    assert error.value.action.startswith("did you mean 'unsure'?")
    own = dataset(Class(name="ignore", value=1))
    assert ignored_labels(own, path, class_values(own, path)) == frozenset(), "a class is learnt"
    check_labels_taken(core, path, sets, [0, 1, 3], tmp_path / "a.nii.gz", {3})
    with pytest.raises(SegbenchError) as error:
        check_labels_taken(core, path, sets, [0, 3, 4], tmp_path / "a.nii.gz", {3})
    assert "the labels 4 (unsure)" in error.value.what
    assert "`ignore: {labels: [...]}`, if nobody annotated" in error.value.action
