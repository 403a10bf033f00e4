"""Group normalisation is Keras's own, in fewer passes."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from segbench.models.normalisation import GroupNorm, largest_divisor  # noqa: E402 - needs Keras


def normal(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(("channels", "groups"), [(8, 4), (8, 8), (6, 1), (12, 6)])
def test_group_normalisation_is_keras_own(channels, groups):
    ours = GroupNorm(groups)
    theirs = keras.layers.GroupNormalization(groups, epsilon=1e-3)
    x = 3 * normal((2, 5, 7, channels)) + 2
    ours.build(x.shape)
    theirs.build(x.shape)
    gamma, beta = normal(channels, 1), normal(channels, 2)
    ours.set_weights([gamma, beta])
    theirs.set_weights([gamma, beta])
    np.testing.assert_allclose(ours(x), theirs(x), atol=2e-5)


def test_group_normalisation_of_volumes_is_keras_own():
    ours, theirs = GroupNorm(2), keras.layers.GroupNormalization(2, epsilon=1e-3)
    x = 3 * normal((2, 3, 4, 5, 6)) + 2
    np.testing.assert_allclose(ours(x), theirs(x), atol=2e-5)


def test_group_normalisation_by_hand():
    layer = GroupNorm(1, epsilon=0.0)
    x = np.float32([1, 2, 3, 4]).reshape(1, 2, 1, 2)
    expected = (np.array([1, 2, 3, 4]) - 2.5) / np.sqrt(1.25)
    np.testing.assert_allclose(np.ravel(layer(x)), expected, rtol=1e-5)


def test_group_normalisation_of_a_constant_is_zero():
    assert np.abs(GroupNorm(2)(np.full((1, 4, 4, 4), 1e4, np.float32))).max() < 1


def test_group_normalisation_survives_its_config():
    layer = GroupNorm(3, epsilon=0.5, name="n")
    again = GroupNorm.from_config(layer.get_config())
    assert (again.groups, again.epsilon, again.name) == (3, 0.5, "n")


@pytest.mark.parametrize(
    ("number", "limit", "expected"), [(12, 8, 6), (16, 8, 8), (7, 4, 1), (1, 8, 1), (6, 6, 6)]
)
def test_largest_divisor(number, limit, expected):
    assert largest_divisor(number, limit) == expected
