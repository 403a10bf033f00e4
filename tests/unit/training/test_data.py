"""The samples of a fold, in memory and read window by window."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.archives import ArchiveSet, ArchiveWriter
from segbench.artefacts.folds import read_fold
from segbench.config.model import Model, Sampling, Training
from segbench.errors import SegbenchError
from segbench.models.losses import Loss
from segbench.models.networks.unet import UNet
from segbench.training import feeding, samples
from segbench.training.data import FoldData
from segbench.training.task import Task, make_task


def model(**training):
    options = {"batch": 3, "patch": (24, 32, 24), "steps_per_epoch": 4, **training}
    return Model(network=UNet(depth=3, width=2), training=Training(**options))


@pytest.mark.parametrize("by", ["uniform", "foreground", "classes"])
def test_batches_in_memory_and_not_are_identical(volumes, write_folds, by):
    folds = write_folds({"v0": "train", "v1": "train", "v2": "validation"})
    recipe = model(sampling=Sampling(by=by, share=0.5)).model_copy(
        update={"loss": Loss(class_weights="inverse")}
    )
    held, read = (
        FoldData([volumes], read_fold(folds, 0), recipe, 3, memory) for memory in (10**9, 10**5)
    )
    assert held.in_memory
    assert not read.in_memory
    assert isinstance(read.feed.samples[0], samples.StoredSample)
    assert "read window by window" in read.describe()
    assert held.window == read.window == (24, 32, 24)
    assert held.factors == read.factors
    for step in range(4):
        one, other = held.feed.make(2, step), read.feed.make(2, step)
        for name in ("image", "target", "seed"):
            assert np.array_equal(one[name], other[name]), name
    for (one, owners), (other, others) in zip(held.tiles, read.tiles, strict=True):
        assert np.array_equal(owners, others)
        for name in ("image", "target", "weight"):
            assert np.array_equal(one[name], other[name]), name


def test_volumes_smaller_than_the_patch_are_mirrored(volumes, write_folds):
    folds = write_folds({"v1": "train", "v0": "train", "v2": "validation"})
    data = FoldData([volumes], read_fold(folds, 0), model(patch=(64, 64, 64)), 0, 10**5)
    assert data.window == (64, 64, 64)
    made = data.feed.make(1, 0)
    assert made["image"].shape == (3, 64, 64, 64, 2)
    assert made["target"].shape == (3, 64, 64, 64, 3)
    number = [n for n, _ in data.feed.places(1, 0)].index(1)  # v1 is 20 x 80 x 30
    image = made["image"][number]
    assert np.array_equal(image[20:40], image[19::-1])
    assert np.array_equal(image[:, :, 30:60], image[:, :, 29::-1])


def test_each_voxel_is_validated_once(volumes):
    archive = ArchiveSet([volumes])
    task = make_task(archive, model(), "v0")
    items = samples.load(archive, archive.ids, model(), task, in_memory=False)
    counts = np.zeros(3)
    for made, owners in feeding.Tiles(items, (24, 32, 24), 5):
        assert made["weight"].shape == (5, 24, 32, 24, 1)
        weight = made["weight"].sum(axis=(1, 2, 3, 4), dtype=int)
        np.add.at(counts, owners[owners >= 0], weight[owners >= 0])
        assert (weight[owners < 0] == 0).all()
    assert counts.tolist() == [70 * 40 * 66, 20 * 80 * 30, 40 * 40 * 40]


def test_a_patch_of_other_axes_is_refused(volumes, write_folds):
    folds = write_folds({"v0": "train", "v1": "validation"})
    with pytest.raises(SegbenchError, match=r"patch is \[32, 32\], but the samples have 3 sides"):
        FoldData([volumes], read_fold(folds, 0), model(patch=(32, 32)), 0)


def test_boundaries_are_kept_in_memory_whatever_they_take(write_archive):
    archive = ArchiveSet(
        [write_archive({"a": (np.zeros((8, 8, 1), np.uint8), np.zeros((8, 8), np.uint16), "a")})]
    )
    task = Task(1, ("foreground", "boundary"), False, 1.0, 1.0, (0,))
    for target, expected in (("foreground_boundary", True), ("foreground", False)):
        recipe = Model(target=target)
        assert samples.fit_in_memory(archive, ["a"], recipe, task, 10) is expected


@pytest.mark.parametrize("memory", [10**9, 0])
def test_training_samples_of_which_nothing_was_annotated_are_refused(tmp_path, write_folds, memory):
    attributes = {"axes": "yxc", "task": "semantic", "classes": ["a"], "class_values": [1]}
    label = np.full((8, 8), 255, np.uint8)
    seen = label.copy()
    seen[0, 0] = 0
    for name, first in (("none", label), ("one", seen)):
        with ArchiveWriter(tmp_path / name, attributes) as writer:
            for sample, mask in (("x", label), ("y", first), ("z", seen)):
                arrays = {"image": np.zeros((8, 8, 1), np.uint8), "label": mask}
                writer.add(sample, arrays, {"source": sample, "ignored": True})
    folds = read_fold(write_folds({"x": "train", "y": "train", "z": "validation"}), 0)
    with pytest.raises(SegbenchError, match="no pixel of the training samples was annotated"):
        FoldData([tmp_path / "none"], folds, model(patch=(8, 8)), 0, memory)
    assert FoldData([tmp_path / "one"], folds, model(patch=(8, 8)), 0, memory).task.partial
