"""What is fed: targets, crops, tiles, and that it depends on (seed, epoch, step) alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.archives import ArchiveSet
from segbench.config.model import Model, Training
from segbench.errors import SegbenchError
from segbench.instances.targets import make_targets
from segbench.models.unet import UNet
from segbench.training import feeding, randomness, samples

TASK = samples.Task(1, ("nucleus",), False, 1.0, 1.0, (0,))
MODEL = Model(network=UNet(depth=2, width=2), training=Training(batch=2))


def plain(height, width, value=0):
    image = np.full((height, width, 1), value, np.uint8)
    return samples.Sample(image, np.zeros((height, width, 1), np.uint8))


def ramp(height, width):
    values = np.arange(height * width, dtype=np.uint8).reshape(height, width, 1)
    return samples.Sample(values, values)


# --- the task and the targets


def test_task_of_one_class(write_archive):
    archive = ArchiveSet(
        [write_archive({"a": (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), "a")})]
    )
    task = samples.make_task(archive, MODEL, "a")
    assert task == samples.Task(3, ("nucleus",), False, 1 / 255, 1.0, (0,), background=False)


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
    task = samples.make_task(archive, MODEL, "a")
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
    task = samples.make_task(archive, model, "a")
    (sample,) = samples.load(archive, ["a"], model, task)
    assert task.maps == ("foreground", "boundary")
    assert task.scored == (0,)
    assert np.array_equal(sample.target, make_targets(label, model.target, [1], 1))


def test_distance_target_is_kept_in_255_steps(write_archive):
    label = np.zeros((7, 7), np.uint16)
    label[1:6, 1:6] = 1
    archive = ArchiveSet([write_archive({"a": (np.zeros((7, 7, 1), np.uint8), label, "a")})])
    model = MODEL.model_copy(update={"target": "foreground_distance"})
    task = samples.make_task(archive, model, "a")
    (sample,) = samples.load(archive, ["a"], model, task)
    assert task.target_scale == 1 / 255
    assert sample.target[3, 3].tolist() == [255, 255]
    assert sample.target[1, 1].tolist() == [255, 85]
    assert sample.target[0, 0].tolist() == [0, 0]


def test_image_and_label_of_different_size(write_archive):
    archive = ArchiveSet(
        [write_archive({"a": (np.zeros((4, 4, 1), np.uint8), np.zeros((4, 5), np.uint8), "a")})]
    )
    task = samples.Task(1, ("nucleus",), False, 1.0, 1.0, (0,))
    with pytest.raises(SegbenchError, match=r"'a'.*label \(4, 5\)"):
        samples.load(archive, ["a"], MODEL, task)


# --- the window


@pytest.mark.parametrize(
    ("patch", "expected"), [((64, 48), (64, 48)), ((65, 47), (68, 48)), ((1, 1), (4, 4))]
)
def test_patches_are_rounded_up(patch, expected):
    model = MODEL.model_copy(update={"training": Training(patch=patch)})
    assert samples.window_size([plain(99, 99)], model, TASK) == expected


def test_a_patch_is_no_larger_than_the_largest_image():
    model = MODEL.model_copy(update={"training": Training(patch=(64, 32))})
    assert samples.window_size([plain(9, 9), plain(14, 40)], model, TASK) == (16, 32)


def test_whole_images_need_one_size():
    assert samples.window_size([plain(10, 12), plain(10, 12)], MODEL, TASK) == (12, 12)
    with pytest.raises(SegbenchError, match=r"2 sizes \(8 x 8, 8 x 9"):
        samples.window_size([plain(8, 9), plain(8, 8)], MODEL, TASK)


def test_mirror():
    array = np.array([[1, 2], [3, 4]])
    assert samples.reflect_to(array, 4, 3).tolist() == [[1, 2, 2], [3, 4, 4], [3, 4, 4], [1, 2, 2]]
    assert samples.reflect_to(array, 1, 2) is array
    assert samples.reflect_to(array[:1, :1], 3, 5).tolist() == [[1] * 5] * 3


# --- the feed


def test_crops_are_cut_alike_from_image_and_target():
    feed = feeding.Feed([ramp(13, 11)], (8, 8), 4, 3, seed=1)
    for batch in feed.epoch(1):
        assert batch["image"].shape == (4, 8, 8, 1)
        assert np.array_equal(batch["image"], batch["target"])


def test_all_corners_occur():
    feed = feeding.Feed([ramp(5, 6)], (4, 4), 64, 1, seed=1)
    firsts = set(feed.make(1, 0)["image"][:, 0, 0, 0].tolist())
    assert firsts == {0, 1, 2, 6, 7, 8}


def test_small_images_are_mirrored_up():
    feed = feeding.Feed([plain(3, 5, 9)], (8, 8), 1, 1, seed=0)
    assert (feed.make(1, 0)["image"] == 9).all()


def test_a_batch_depends_on_its_place_alone():
    items = [ramp(9, 9), ramp(10, 12), ramp(8, 9)]
    feed = feeding.Feed(items, (8, 8), 2, 5, seed=3)
    whole = [batch for epoch in (1, 2) for batch in feed.epoch(epoch)]
    alone = feeding.Feed(items, (8, 8), 2, 5, seed=3).make(2, 3)
    for name in ("image", "target", "seed"):
        assert np.array_equal(whole[8][name], alone[name])
    other = feeding.Feed(items, (8, 8), 2, 5, seed=4).make(2, 3)
    assert not np.array_equal(other["seed"], alone["seed"])


@settings(max_examples=50)
@given(
    count=st.integers(1, 20),
    batch=st.integers(1, 7),
    steps=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_every_sample_equally_often_and_no_short_batch(count, batch, steps, seed):
    feed = feeding.Feed([plain(4, 4, k) for k in range(count)], (4, 4), batch, steps, seed)
    seen = [
        int(value)
        for epoch in range(1, 5)
        for made in feed.epoch(epoch)
        for value in made["image"][:, 0, 0, 0]
    ]
    assert len(seen) == 4 * steps * batch
    for start in range(0, len(seen) - count + 1, count):
        assert sorted(seen[start : start + count]) == list(range(count))


def test_order_differs_between_passes():
    first = randomness.visiting_order(0, 50, 0, 50).tolist()
    second = randomness.visiting_order(0, 50, 50, 50).tolist()
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


def test_step_seeds_are_distinct_and_small():
    made = {tuple(randomness.step_seed(s, e, k).tolist()) for s in (0, 1) for e in (1, 2)
            for k in range(50)}  # fmt: skip
    assert len(made) == 200
    assert all(0 <= word < 2**30 for pair in made for word in pair)


# --- the tiles


@settings(max_examples=50)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=1, max_size=4),
    window=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    batch=st.integers(1, 5),
)
def test_each_pixel_counts_once(sizes, window, batch):
    items = [plain(h, w, 1) for h, w in sizes]
    tiles = feeding.Tiles(items, window, batch)
    pixels = np.zeros(len(items))
    for made, owners in tiles:
        assert made["image"].shape == (batch, *window, 1)
        weight = made["weight"].sum(axis=(1, 2, 3))
        assert (weight[owners < 0] == 0).all()
        np.add.at(pixels, owners[owners >= 0], weight[owners >= 0])
    assert pixels.tolist() == [h * w for h, w in sizes]


def test_tiles_carry_the_right_pixels():
    tiles = feeding.Tiles([ramp(5, 7)], (4, 4), 8)
    made, _ = next(iter(tiles))
    kept = made["image"][made["weight"] == 1]
    assert sorted(kept.tolist()) == list(range(35))
    assert np.array_equal(made["image"], made["target"])
