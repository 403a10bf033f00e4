"""What is learnt from the archives of a dataset."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.archives import ArchiveSet
from segbench.config.model import Model, Training
from segbench.errors import SegbenchError
from segbench.instances.targets import make_targets
from segbench.models.networks.unet import UNet
from segbench.training import samples
from segbench.training.task import Task, make_task, to_target

MODEL = Model(network=UNet(depth=2, width=2), training=Training(batch=2))


def model(**training):
    options = {"batch": 3, "patch": (24, 32, 24), "steps_per_epoch": 4, **training}
    return Model(network=UNet(depth=3, width=2), training=Training(**options))


def test_task_of_volumes_with_overlapping_regions(volumes):
    archive = ArchiveSet([volumes])
    task = make_task(archive, model(), "v0")
    assert (task.dimensions, task.channels, task.maps) == (3, 2, ("WT", "TC", "ET"))
    assert not task.exclusive
    assert task.scored == (0, 1, 2)


def whole_images(write_archive, **attributes):
    image = np.zeros((32, 32, 1), np.uint8)
    archive = write_archive(
        {name: (image, np.uint8([7]), name) for name in "ab"},
        task="classification", classes=["x", "y"], class_values=[7, 9], **attributes,
    )  # fmt: skip
    return ArchiveSet([archive])


CLASSIFIER = {"kind": "classifier", "backbone": {"name": "Tiny"}}


def test_task_of_whole_images(write_archive):
    archive = whole_images(write_archive)
    recipe = Model.model_validate(
        {"network": CLASSIFIER, "training": {"best_epoch": "val_accuracy"}}
    )
    task = make_task(archive, recipe, "a")
    assert task.whole
    assert task.exclusive
    assert not task.background
    assert task.figure == "val_accuracy"
    (first, _) = samples.load(archive, ["a", "b"], recipe, task)
    assert first.target.tolist() == [0]
    assert samples.window_size([first], recipe, task) == (32, 32)


def test_whole_images_need_a_network_for_them(write_archive):
    recipe = Model.model_validate({"training": {"best_epoch": "last"}})
    with pytest.raises(SegbenchError, match="kind is unet, but the task is classification"):
        make_task(whole_images(write_archive), recipe, "a")


def test_masks_need_a_network_for_them(volumes):
    recipe = Model.model_validate({"network": CLASSIFIER, "training": {"best_epoch": "last"}})
    with pytest.raises(SegbenchError, match="kind is classifier, but the task is overlapping"):
        make_task(ArchiveSet([volumes]), recipe, "v0")


def test_a_background_that_is_scored_is_watched_and_learnt_like_a_class(write_archive):
    image, label = np.zeros((4, 4, 1), np.uint8), np.zeros((4, 4), np.uint8)
    options = {"classes": ["hat", "shoe"], "class_values": [1, 2]}
    for name, background, scored in (("p", None, (1, 2)), ("q", "background", (0, 1, 2))):
        path = write_archive({"a": (image, label, "a")}, name, background=background, **options)
        task = make_task(ArchiveSet([path]), Model(), "a")
        assert task.scored == scored
        assert task.background is (background is None)


def test_task_of_one_class(write_archive):
    archive = ArchiveSet(
        [write_archive({"a": (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), "a")})]
    )
    task = make_task(archive, MODEL, "a")
    assert task == Task(3, ("nucleus",), False, 1 / 255, 1.0, (0,), background=False)


def test_exclusive_classes_are_kept_as_numbers(write_archive):
    label = np.array([[0, 7], [9, 0]], np.uint8)
    archive = ArchiveSet(
        [
            write_archive(
                {"a": (np.zeros((2, 2, 1), np.uint8), label, "a")},
                classes=["hat", "shoe"],
                class_values=[7, 9],
            )
        ]
    )
    task = make_task(archive, MODEL, "a")
    assert task.maps == ("background", "hat", "shoe")
    assert task.exclusive
    assert task.scored == (1, 2)
    (sample,) = samples.load(archive, ["a"], MODEL, task)
    assert sample.target[..., 0].tolist() == [[0, 1], [2, 0]]
    assert sample.target.dtype == np.uint8


def test_boundary_target(write_archive):
    label = np.zeros((9, 9), np.uint16)
    label[2:7, 2:5], label[2:7, 5:8] = 300, 301
    archive = ArchiveSet([write_archive({"a": (np.zeros((9, 9, 1), np.uint8), label, "a")})])
    model = MODEL.model_copy(update={"target": "foreground_boundary", "boundary_px": 1})
    task = make_task(archive, model, "a")
    (sample,) = samples.load(archive, ["a"], model, task)
    assert task.maps == ("foreground", "boundary")
    assert task.scored == (0,)
    assert np.array_equal(sample.target, make_targets(label, model.target, [1], 1))


def test_distance_target_is_kept_in_255_steps(write_archive):
    label = np.zeros((7, 7), np.uint16)
    label[1:6, 1:6] = 1
    archive = ArchiveSet([write_archive({"a": (np.zeros((7, 7, 1), np.uint8), label, "a")})])
    model = MODEL.model_copy(update={"target": "foreground_distance"})
    task = make_task(archive, model, "a")
    (sample,) = samples.load(archive, ["a"], model, task)
    assert task.target_scale == 1 / 255
    assert sample.target[3, 3].tolist() == [255, 255]
    assert sample.target[1, 1].tolist() == [255, 85]
    assert sample.target[0, 0].tolist() == [0, 0]


def test_targets_of_partial_tasks_mark_what_was_not_annotated():
    label = np.uint8([[0, 5, 255, 9]])
    values = {"class_values": (5, 9), "partial": True}
    exclusive = Task(1, ("background", "a", "b"), True, 1.0, 1.0, (1, 2), **values)
    assert to_target(label, MODEL, exclusive)[..., 0].tolist() == [[0, 1, 255, 2]]
    a_only = np.array([True, False])
    assert to_target(label, MODEL, exclusive, a_only)[..., 0].tolist() == [[0, 1, 255, 2]]
    foreground = Model(network=UNet(depth=2), target="foreground")
    single = Task(1, ("foreground",), False, 1.0, 1.0, (0,), **values)
    assert to_target(label, foreground, single)[..., 0].tolist() == [[0, 1, 255, 1]]
    found = to_target(label, foreground, single, a_only)
    assert found[..., 0].tolist() == [[255, 1, 255, 1]], "0 may be a b"
    masks = Task(1, ("a", "b"), False, 1.0, 1.0, (0, 1), label_task="overlapping", **values)
    found = to_target(np.uint8([[[1, 255], [255, 0]]]), MODEL, masks)
    assert found.tolist() == [[[1, 255], [255, 0]]]


def test_a_distance_of_1_is_not_the_mark(write_archive):
    label = np.zeros((8, 8), np.uint16)
    label[2:7, 2:7], label[0] = 1, 65535
    image = np.zeros((8, 8, 1), np.uint8)
    path = write_archive({"a": (image, label, "a")}, task="instances")
    recipe = Model(network=UNet(depth=2, width=2), target="foreground_distance")
    for partial, top in ((False, 255), (True, 254)):
        task = make_task(ArchiveSet([path]), recipe, "a", partial)
        target = to_target(label, recipe, task)
        assert task.target_scale == 1 / top
        assert target[1:].max() == target[4, 4, 1] == top
        assert (target[0] == (255 if partial else 0)).all()
