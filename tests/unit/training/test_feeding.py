"""Crops for training, tiles for validation."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.training import feeding, samples


def plain(height, width, value=0):
    image = np.full((height, width, 1), value, np.uint8)
    return samples.Sample(image, np.zeros((height, width, 1), np.uint8))


def ramp(height, width):
    values = np.arange(height * width, dtype=np.uint8).reshape(height, width, 1)
    return samples.Sample(values, values)


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


def test_batches_say_which_maps_were_annotated():
    items = [plain(4, 4), plain(4, 4)]
    assert "annotated" not in feeding.Feed(items, (4, 4), 2, 1, seed=0).make(1, 0)
    partly = samples.Sample(items[0].image, items[0].target, np.array([False, True]))
    feed = feeding.Feed([items[0], partly], (4, 4), 2, 1, seed=0)
    rows = {n: row for (n, _), row in zip(feed.places(1, 0), feed.make(1, 0)["annotated"].tolist(),
                                          strict=True)}  # fmt: skip
    assert rows == {0: [1, 1, 1], 1: [1, 0, 1]}
    ((made, owners),) = feeding.Tiles([items[0], partly], (4, 4), 3)
    assert owners.tolist() == [0, 1, -1]
    assert made["annotated"].tolist() == [[1, 1, 1], [1, 0, 1], [1, 1, 1]]


def test_windows_weigh_their_annotated_pixels():
    target = np.zeros((2, 3, 2), np.uint8)
    target[0, 0], target[1, 1, 0] = 255, 255
    item = samples.Sample(target[..., :1], target)
    ((made, _),) = feeding.Tiles([item], (2, 3), 1, partial=True)
    assert made["weight"][0, ..., 0].tolist() == [[0, 1, 1], [1, 1, 1]]
    ((made, _),) = feeding.Tiles([item], (2, 3), 1)
    assert made["weight"].all()
