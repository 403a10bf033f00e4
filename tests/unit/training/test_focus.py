"""Crops where something is, samples read in parts, volumes: what is fed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.archives import ArchiveSet
from segbench.artefacts.folds import read_fold
from segbench.config.model import Model, Sampling, Training
from segbench.errors import SegbenchError
from segbench.models.losses import Loss
from segbench.models.unet import UNet
from segbench.training import feeding, samples
from segbench.training.data import FoldData
from segbench.training.survey import PLACES, Focus, survey
from segbench.training.task import Task, make_task

ONE = Task(1, ("n",), False, 1.0, 1.0, (0,))
THREE = Task(1, ("background", "a", "b", "c"), True, 1.0, 1.0, (1, 2, 3))


def spotted(shape, spots, value=1):
    """A sample that is 0 but for some pixels; image and target are equal."""
    array = np.zeros((*shape, 1), np.uint8)
    for spot in spots:
        array[spot] = value
    return samples.Sample(array, array)


def focused(items, by, share, window=(4, 4), batch=4, seed=0, task=ONE):
    focus = Focus(Sampling(by=by, share=share), survey(items, task, by))
    return feeding.Feed(items, window, batch, 5, seed, focus)


# --- the survey


def test_shares_of_exclusive_classes():
    first = np.array([[0, 0, 1], [1, 2, 0]], np.uint8)[..., None]
    second = np.zeros((2, 3, 1), np.uint8)
    found = survey([samples.Sample(x, x) for x in (first, second)], THREE, "uniform")
    assert found.shares.tolist() == pytest.approx([9 / 12, 2 / 12, 1 / 12, 0])
    assert found.places == [{}, {}]


def test_shares_of_overlapping_masks():
    target = np.array([[[1, 1], [0, 1]]], np.uint8)
    task = Task(1, ("x", "y"), False, 1.0, 1.0, (0, 1))
    found = survey([samples.Sample(target[..., :1], target)], task, "classes")
    assert found.shares.tolist() == [0.5, 1.0]
    assert found.places[0][0].tolist() == [[0, 0]]
    assert found.places[0][1].tolist() == [[0, 0], [0, 1]]


def test_places_are_bounded_and_always_the_same():
    items = [spotted((64, 64), [np.s_[:]])]
    one, other = (survey(items, ONE, "classes").places[0][0] for _ in range(2))
    assert one.shape == (PLACES, 2)
    assert np.array_equal(one, other)
    assert len(np.unique(one, axis=0)) > 0.8 * PLACES  # spread over the sample
    assert one.min() < 4
    assert one.max() > 59


# --- the focus


@settings(max_examples=30)
@given(
    spot=st.tuples(st.integers(0, 29), st.integers(0, 19)),
    share=st.floats(0, 1),
    batch=st.integers(1, 9),
)
def test_the_pixel_is_inside_and_the_share_is_kept(spot, share, batch):
    feed = focused([spotted((30, 20), [spot])], "foreground", share, batch=batch)
    low, high = int(batch * share), int(batch * share) + 1
    for made in feed.epoch(1):
        hits = int(made["target"].any(axis=(1, 2, 3)).sum())
        assert hits >= low
        assert np.array_equal(made["image"], made["target"])
        assert made["target"].shape == (batch, 4, 4, 1)
    assert high >= share * batch


def test_a_share_of_a_small_batch_is_kept_on_average():
    feed = focused([spotted((400, 400), [(200, 200)])], "foreground", 0.3, batch=1)
    hits = [feed.make(epoch, step)["target"].any() for epoch in range(1, 101) for step in range(5)]
    assert 0.22 < np.mean(hits) < 0.38


def test_the_pixel_may_be_anywhere_in_the_crop():
    feed = focused([spotted((40, 40), [(20, 20)])], "foreground", 1.0, batch=64)
    target = np.concatenate([made["target"] for made in feed.epoch(1)])
    assert {tuple(np.argwhere(t[..., 0])[0]) for t in target} == {
        (y, x) for y in range(4) for x in range(4)
    }


def test_classes_are_drawn_evenly_however_rare():
    """Class 1 fills a sample, class 2 is one pixel of another, class 3 occurs nowhere."""
    items = [spotted((16, 16), [np.s_[:]], 1), spotted((16, 16), [(3, 3)], 2)]
    feed = focused(items, "classes", 1.0, batch=100, task=THREE)
    target = np.concatenate([made["target"] for made in feed.epoch(1)])
    rare = (target == 2).any(axis=(1, 2, 3)).mean()
    assert 0.42 < rare < 0.58
    assert ((target == 1) | (target == 2)).any(axis=(1, 2, 3)).all()


def test_empty_samples_give_their_turn_away():
    items = [spotted((16, 16), []), spotted((16, 16), [(3, 3)])]
    feed = focused(items, "foreground", 1.0, batch=20)
    assert all(made["target"].any(axis=(1, 2, 3)).all() for made in feed.epoch(1))


def test_nothing_anywhere_is_cut_anywhere():
    items = [spotted((16, 16), [])]
    uniform = feeding.Feed(items, (4, 4), 4, 5, 0)
    feed = focused(items, "foreground", 1.0)
    assert feed.places(1, 0) == uniform.places(1, 0)


def test_the_other_crops_are_those_of_uniform_sampling():
    items = [spotted((30, 20), [(3, 3)]), spotted((20, 30), [(9, 9)])]
    uniform = feeding.Feed(items, (4, 4), 6, 5, 0)
    feed = focused(items, "classes", 0.5, batch=6)
    for step in range(5):
        assert feed.places(2, step)[:3] == uniform.places(2, step)[:3]


def test_places_depend_on_seed_epoch_and_step_alone():
    items = [spotted((30, 20), [(3, 3), (20, 10)]), spotted((20, 30), [(9, 9)])]
    feed, again = (focused(items, "classes", 0.7, seed=4) for _ in range(2))
    whole = [feed.places(epoch, step) for epoch in (1, 2) for step in range(5)]
    assert again.places(2, 3) == whole[8]
    assert focused(items, "classes", 0.7, seed=5).places(2, 3) != whole[8]
    assert len({tuple(p) for p in whole}) > 5


def test_whole_images_of_rare_classes_come_more_often():
    """Classification: nine images of one class, one of the other."""
    task = Task(1, ("a", "b"), True, 1.0, 1.0, (0, 1), whole=True, background=False)
    items = [
        samples.Sample(np.full((4, 4, 1), k, np.uint8), np.uint8([int(k == 9)])) for k in range(10)
    ]
    feed = focused(items, "classes", 1.0, batch=100, task=task)
    made = feed.make(1, 0)
    assert made["target"].shape == (100, 1)
    assert 0.35 < made["target"].mean() < 0.65
    assert np.array_equal(made["target"][:, 0] == 1, made["image"][:, 0, 0, 0] == 9)


# --- volumes, in memory and not


@pytest.fixture
def volumes(write_archive):
    """Three volumes of several chunks, two modalities, three overlapping regions."""
    rng = np.random.default_rng(0)
    made = {}
    for number, sides in enumerate([(70, 40, 66), (20, 80, 30), (40, 40, 40)]):
        image = rng.integers(0, 255, (*sides, 2)).astype(np.uint8)
        label = (rng.random((*sides, 3)) < 0.02).astype(np.uint8)
        label[5:9, 8:14, 9:20, 0] = 1
        made[f"v{number}"] = (image, label, f"v{number}")
    return write_archive(
        made, axes="zyxc", task="overlapping", classes=["WT", "TC", "ET"], class_values=[1, 2, 3]
    )


def model(**training):
    options = {"batch": 3, "patch": (24, 32, 24), "steps_per_epoch": 4, **training}
    return Model(network=UNet(depth=3, width=2), training=Training(**options))


def test_task_of_volumes_with_overlapping_regions(volumes):
    archive = ArchiveSet([volumes])
    task = make_task(archive, model(), "v0")
    assert (task.dimensions, task.channels, task.maps) == (3, 2, ("WT", "TC", "ET"))
    assert not task.exclusive
    assert task.scored == (0, 1, 2)


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


# --- tasks that do not fit the recipe


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
