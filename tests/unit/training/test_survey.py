"""What training samples hold, and crops around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.model import Sampling
from segbench.training import feeding, samples
from segbench.training.survey import PLACES, Focus, survey
from segbench.training.task import Task

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


def test_shares_and_places_are_of_annotated_pixels():
    exclusive = replace(THREE, partial=True)
    one = np.array([[0, 1, 255, 255], [1, 0, 2, 255]], np.uint8)[..., None]
    partly = samples.Sample(one, one, np.array([True, False, True]))
    found = survey([samples.Sample(one, one)], exclusive, "classes")
    assert found.shares.tolist() == [2 / 5, 2 / 5, 1 / 5, 0]
    assert sorted(found.places[0]) == [1, 2]
    found = survey([partly], exclusive, "foreground")
    assert found.shares.tolist() == [0, 2 / 5, 0, 0], "neither the background nor b is known"
    assert found.places[0][-1].tolist() == [[0, 1], [1, 0]]
    masks = np.array([[[1, 255], [0, 1], [255, 255]]], np.uint8)
    task = Task(1, ("x", "y"), False, 1.0, 1.0, (0, 1), partial=True)
    found = survey([samples.Sample(masks[..., :1], masks)], task, "classes")
    assert found.shares.tolist() == [0.5, 1.0]
    assert {key: place.tolist() for key, place in found.places[0].items()} == {
        0: [[0, 0]], 1: [[0, 1]],
    }  # fmt: skip
    nothing = np.full((1, 2, 1), 255, np.uint8)
    found = survey([samples.Sample(nothing, nothing)], replace(ONE, partial=True), "foreground")
    assert (found.shares.tolist(), found.places) == ([0], [{}])
