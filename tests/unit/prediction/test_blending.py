from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.prediction import blending
from segbench.prediction.blending import classify_images, predict_bands, predict_images
from segbench.prediction.tiling import Tiling

tilings = st.builds(
    Tiling,
    tile=st.one_of(st.none(), st.tuples(st.integers(1, 40), st.integers(1, 40))),
    overlap=st.floats(0, 0.85),
    unit=st.sampled_from([1, 2, 8]),
    blend=st.sampled_from(["hann", "gaussian"]),
)
volume_tilings = st.builds(
    Tiling,
    tile=st.one_of(st.none(), st.tuples(*[st.integers(1, 12)] * 3)),
    overlap=st.floats(0, 0.7),
    unit=st.sampled_from([1, 4]),
    blend=st.sampled_from(["hann", "gaussian"]),
)
volume_sizes = st.tuples(*[st.integers(1, 20)] * 3)
sizes = st.tuples(st.integers(1, 90), st.integers(1, 90))


def random_image(size, channels=2, seed=0):
    return np.random.default_rng(seed).random((*size, channels), dtype=np.float32)


def identity(tiles):
    return tiles


@given(sizes, tilings, st.integers(1, 9))
@settings(deadline=None)
def test_the_identity_comes_back(size, tiling, batch):
    image = random_image(size)
    (result,) = predict_images([image], identity, tiling, batch)
    assert result.shape == image.shape
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, image, rtol=0, atol=1e-6)


@given(sizes, st.sampled_from([1, 2, 8]))
def test_the_identity_comes_back_bit_for_bit_where_nothing_is_blended(size, unit):
    image = random_image(size)
    (result,) = predict_images([image], identity, Tiling(None, 0.5, unit), 4)
    np.testing.assert_array_equal(result, image)


@given(st.lists(sizes, min_size=1, max_size=6), tilings, st.integers(1, 9))
@settings(deadline=None)
def test_an_image_does_not_feel_its_neighbours_or_the_batch(sizes_, tiling, batch):
    images = [random_image(size, seed=n) for n, size in enumerate(sizes_)]

    def position(tiles):  # depends on the place in the tile, as networks do at borders
        return tiles * np.arange(tiles.shape[2], dtype=np.float32)[:, None]

    together = list(predict_images(images, position, tiling, batch))
    alone = [next(predict_images([image], position, tiling, 1)) for image in images]
    assert len(together) == len(images)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_batches_have_few_sizes_and_are_full():
    seen = []

    def forward(tiles):
        seen.append(tiles.shape)
        return tiles

    images = [random_image((16, 16)) for _ in range(11)]
    assert len(list(predict_images(images, forward, Tiling((16, 16), 0.5, 8), 4))) == 11
    assert [shape[0] for shape in seen] == [4, 4, 4]
    seen.clear()
    list(predict_images(images[:1], forward, Tiling((8, 8), 0.0, 8), 6))
    assert [shape[0] for shape in seen] == [4]
    seen.clear()
    list(predict_images([random_image((40, 8))], forward, Tiling((8, 8), 0.0, 8), 6))
    assert [shape[0] for shape in seen] == [6]


def test_shapes_are_few_whatever_the_sizes():
    shapes = set()

    def forward(tiles):
        shapes.add(tiles.shape[1:3])
        return tiles

    images = (random_image((height, 70)) for height in range(1, 100, 7))
    list(predict_images(images, forward, Tiling((32, 32), 0.5, 8), 4))
    assert shapes == {(8, 32), (16, 32), (32, 32)}


def test_images_are_taken_only_as_needed(monkeypatch):
    monkeypatch.setattr(blending, "PIXELS_AT_ONCE", 3 * 16 * 16)
    taken = []

    def images():
        for number in range(20):
            taken.append(number)
            yield random_image((16, 16), seed=number)

    results = predict_images(images(), identity, Tiling(None, 0, 8), 8)
    next(results)
    assert len(taken) <= 4
    assert len(list(results)) == 19


def test_one_image_above_the_limit_is_still_predicted(monkeypatch):
    monkeypatch.setattr(blending, "PIXELS_AT_ONCE", 10)
    images = [random_image((16, 16), seed=n) for n in range(3)]
    results = list(predict_images(images, identity, Tiling(None, 0, 8), 8))
    for image, result in zip(images, results, strict=True):
        np.testing.assert_array_equal(image, result)


def test_maps_may_be_more_than_channels():
    def forward(tiles):
        return np.concatenate([tiles, tiles * 2, tiles * 3], axis=-1)

    image = random_image((30, 20), channels=1)
    (result,) = predict_images([image], forward, Tiling((16, 16), 0.5, 8), 3)
    np.testing.assert_allclose(result, np.concatenate([image, image * 2, image * 3], -1), atol=1e-6)


def test_borders_of_tiles_count_least():
    """A network that is wrong along the borders of its tiles: blending hides most of it."""

    def wrong_at_borders(tiles):
        result = np.zeros_like(tiles)
        result[:, :2], result[:, -2:] = 1, 1
        return result

    image = random_image((96, 32), channels=1)
    (result,) = predict_images([image], wrong_at_borders, Tiling((32, 32), 0.5, 8), 4)
    inner = result[8:-8, 16, 0]
    assert inner.max() < 0.03
    assert result[0, 16, 0] == pytest.approx(1)


def test_no_images():
    assert list(predict_images([], identity, Tiling(None, 0.5, 8), 4)) == []


class Windows:
    """A volume that is asked for its pixels window by window."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape
        self.asked = []

    def window(self, start, stop):
        self.asked.append((tuple(start), tuple(stop)))
        return self.array[tuple(map(slice, start, stop))]


@given(volume_sizes, volume_tilings, st.integers(1, 9))
@settings(deadline=None)
def test_a_volume_comes_back(size, tiling, batch):
    volume = random_image(size)
    (result,) = predict_images([volume], identity, tiling, batch)
    assert result.shape == volume.shape
    np.testing.assert_allclose(result, volume, rtol=0, atol=1e-6)


@given(volume_sizes, volume_tilings, st.integers(1, 9))
@settings(deadline=None)
def test_windows_of_a_volume_are_the_volume(size, tiling, batch):
    volume = random_image(size)

    def position(tiles):
        return tiles * np.arange(tiles.shape[1], dtype=np.float32)[:, None, None, None]

    (whole,) = predict_images([volume], position, tiling, 1)
    (windows,) = predict_images([Windows(volume)], position, tiling, batch)
    np.testing.assert_array_equal(whole, windows)


@given(st.one_of(sizes, volume_sizes), st.data(), st.integers(1, 9))
@settings(deadline=None)
def test_bands_are_the_whole_bit_for_bit(size, data, batch):
    tiling = data.draw(tilings if len(size) == 2 else volume_tilings)
    image = random_image(size)

    def position(tiles):  # depends on the place in the tile, as networks do at borders
        return np.cumsum(tiles, axis=1)

    (whole,) = predict_images([image], position, tiling, batch)
    bands = list(predict_bands(Windows(image), position, 2, tiling, batch))
    assert [first for first, _ in bands] == np.cumsum(
        [0, *(len(b) for _, b in bands[:-1])]
    ).tolist()
    assert np.array_equal(np.concatenate([band for _, band in bands]), whole)


def test_a_band_is_no_deeper_than_a_tile():
    image = Windows(random_image((100, 20)))
    bands = [
        len(band) for _, band in predict_bands(image, identity, 2, Tiling((16, 16), 0.5, 1), 4)
    ]
    assert max(bands) <= 16
    assert sum(bands) == 100


def test_windows_lie_in_the_volume_and_are_asked_slab_by_slab():
    source = Windows(random_image((20, 12, 8), channels=1))
    (result,) = predict_images([source], identity, Tiling((8, 8, 16), 0.5, 4), 5)
    np.testing.assert_allclose(result, source.array, atol=1e-6)
    firsts = [start[0] for start, _ in source.asked]
    assert firsts == sorted(firsts)
    assert {tuple(np.subtract(b, a)) for a, b in source.asked} == {(8, 8, 8)}


def test_weights_of_a_volume_by_hand():
    """One dimension suffices: two tiles of 8 over 12 pixels, that say 0 and 1."""
    seen = []

    def number_of_tile(tiles):
        seen.append(len(tiles))
        return np.zeros_like(tiles) + np.float32([0, 1])[:, None, None, None, None]

    volume = np.zeros((12, 4, 4, 1), np.float32)
    tiling = Tiling((8, 4, 4), 0.5, 4, "gaussian")
    (result,) = predict_images([volume], number_of_tile, tiling, 2)
    place = np.arange(12) + 0.5
    one, two = (np.exp(-((place - middle) ** 2) / 2) for middle in (4, 8))
    wanted = np.r_[np.zeros(4), (two / (one + two))[4:8], np.ones(4)]
    np.testing.assert_allclose(result[:, 2, 3, 0], wanted, rtol=1e-6)
    assert seen == [2]


def test_whole_images_are_classified_in_their_order():
    shapes = []

    def mean(images):
        shapes.append(images.shape)
        return images.mean(axis=(1, 2))

    images = [random_image((8 + 4 * (n % 2), 8), channels=3, seed=n) for n in range(7)]
    results = list(classify_images(iter(images), mean, 2))
    assert [r.shape for r in results] == [(3,)] * 7
    for image, result in zip(images, results, strict=True):
        np.testing.assert_allclose(result, image.mean(axis=(0, 1)), rtol=1e-6)
    assert {shape[0] for shape in shapes} <= {1, 2}
    assert list(classify_images([], mean, 2)) == []
