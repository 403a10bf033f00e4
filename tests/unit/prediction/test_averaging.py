from __future__ import annotations

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.prediction.averaging import (
    View,
    activated,
    check_finite,
    over_models,
    over_views,
    views,
)

ALL = views(True, True)


@pytest.fixture
def tiles():
    return np.random.default_rng(1).random((3, 8, 12, 2), dtype=np.float32)


@pytest.mark.parametrize(
    ("flips", "rotations", "count"),
    [(False, False, 1), (True, False, 4), (False, True, 4), (True, True, 8)],
)
def test_number_of_views(flips, rotations, count):
    chosen = views(flips, rotations)
    assert len(chosen) == len(set(chosen)) == count
    assert chosen[0] == View()


@pytest.mark.parametrize("view", ALL)
def test_a_view_and_back(tiles, view):
    np.testing.assert_array_equal(view.back(view.of(tiles)), tiles)


def test_the_eight_views_differ():
    tile = np.arange(9.0).reshape(1, 3, 3, 1)
    assert len({view.of(tile).tobytes() for view in ALL}) == 8


def test_flips_are_the_mirrors_along_x_y_and_both():
    tile = np.arange(6.0).reshape(1, 2, 3, 1)
    seen = {view.of(tile).tobytes() for view in views(True, False)}
    wanted = {
        np.ascontiguousarray(a).tobytes()
        for a in (tile, tile[:, ::-1], tile[:, :, ::-1], tile[:, ::-1, ::-1])
    }
    assert seen == wanted


@pytest.mark.parametrize("flips", [False, True])
@pytest.mark.parametrize("rotations", [False, True])
def test_a_network_that_looks_at_single_pixels_is_not_changed(tiles, flips, rotations):
    forward = over_views(lambda x: x * 2, flips, rotations)
    np.testing.assert_allclose(forward(tiles), tiles * 2, rtol=1e-6)
    assert forward(tiles).dtype == np.float32


def test_averages_over_views_commute_with_views(tiles):
    """Whatever the network does, the average turns and mirrors with the image."""
    weights = np.random.default_rng(2).random((8, 12, 1), dtype=np.float32)

    def lopsided(x):
        w = weights if x.shape[1:3] == (8, 12) else weights.transpose(1, 0, 2)
        return (x * w)[..., :1]

    averaged = over_views(lopsided, True, True)
    for view in ALL:
        np.testing.assert_allclose(averaged(view.of(tiles)), view.of(averaged(tiles)), rtol=1e-5)


def test_literal_average_of_two_sides():
    def left_only(x):
        result = np.zeros_like(x)
        result[:, :, 0] = 1
        return result

    result = over_views(left_only, True, False)(np.zeros((1, 2, 4, 1), np.float32))
    assert result[0, :, :, 0].tolist() == [[0.5, 0, 0, 0.5]] * 2


def test_mean_of_models(tiles):
    forward = over_models([lambda x: x, lambda x: x * 3])
    np.testing.assert_allclose(forward(tiles), tiles * 2, rtol=1e-6)


def test_one_model_is_left_alone():
    def forward(x):
        return x

    assert over_models([forward]) is forward
    assert over_views(forward, False, False) is forward


def test_sigmoid():
    forward = activated(lambda x: x, "sigmoid")
    result = forward(np.float32([[[[0.0, 1.0, -1000.0, 1000.0]]]]))
    np.testing.assert_allclose(result.ravel(), [0.5, 0.7310586, 0, 1], rtol=1e-6)
    assert result.dtype == np.float32


def test_softmax():
    forward = activated(lambda x: x, "softmax")
    result = forward(np.float32([[[[0.0, np.log(3.0)], [1e4, -1e4]]]]))
    np.testing.assert_allclose(result[0, 0], [[0.25, 0.75], [1, 0]], rtol=1e-6)


VOLUMES = np.arange(2 * 2 * 3 * 4.0, dtype=np.float32).reshape(2, 2, 3, 4, 1)


def test_the_eight_mirrors_of_a_volume():
    chosen = views(True, False, axes=3)
    seen = {view.of(VOLUMES).tobytes() for view in chosen}
    flips = [slice(None), slice(None, None, -1)]
    wanted = {
        np.ascontiguousarray(VOLUMES[:, z, y, x]).tobytes()
        for z in flips
        for y in flips
        for x in flips
    }
    assert seen == wanted
    assert len(seen) == 8
    for view in chosen:
        np.testing.assert_array_equal(view.back(view.of(VOLUMES)), VOLUMES)


def test_a_volume_that_is_not_flipped_has_one_view():
    assert views(False, False, axes=3) == [View()]


def test_volumes_are_not_turned():
    with pytest.raises(SegbenchError, match="rotations on volumes") as error:
        over_views(lambda x: x, True, True, axes=3)
    assert "flips" in error.value.action


def test_literal_average_of_a_volume():
    def corner_only(x):
        result = np.zeros_like(x)
        result[:, 0, 0, 0] = 1
        return result

    result = over_views(corner_only, True, False, axes=3)(np.zeros((1, 2, 2, 2, 1), np.float32))
    assert (result == 1 / 8).all()


def test_what_is_said_of_whole_images_is_averaged_and_not_turned_back():
    def left_and_top(x):
        return np.stack([x[:, 0, 0, 0], x[:, 0, -1, 0]], axis=-1)

    image = np.float32([[1, 2], [3, 4]])[None, ..., None]
    flipped = over_views(left_and_top, True, False, whole=True)(image)
    assert flipped.tolist() == [[2.5, 2.5]]
    mirrored_once = over_views(lambda x: x[:, 0, 0], False, True, whole=True)(image)
    assert mirrored_once.tolist() == [[2.5]]


def test_softmax_of_whole_images():
    forward = activated(lambda x: x, "softmax")
    np.testing.assert_allclose(forward(np.float32([[0, np.log(3.0)]])), [[0.25, 0.75]], rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_output_that_is_not_finite(value):
    probability = np.zeros((2, 2, 1), np.float32)
    check_finite("a.png", probability, "mend it")
    probability[1, 1] = value
    with pytest.raises(SegbenchError, match=r"a\.png: the network's output is not a number"):
        check_finite("a.png", probability, "mend it")
