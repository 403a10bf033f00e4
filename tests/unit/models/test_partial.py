"""Losses over what was annotated: hidden pixels, maps without weight, joined maps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.models.losses import LOSSES, Loss, make_loss, probabilities

keras = pytest.importorskip("keras")

from segbench.models.partial import hidden, joined, over_pixels  # noqa: E402 - needs Keras

seeds = st.integers(0, 2**32 - 1)


def drawn(seed, maps, shape=(2, 3, 4)):
    """Logits, a target of exclusive classes, weights of some pixels."""
    rng = np.random.default_rng(seed)
    logits = (3 * rng.normal(size=(*shape, maps))).astype(np.float32)
    target = np.eye(maps, dtype=np.float32)[rng.integers(0, maps, shape)]
    weight = (rng.random((*shape, 1)) < 0.7).astype(np.float32)
    return logits, target, weight


def array(tensor):
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_maps_that_were_not_annotated_are_added_to_the_background(seed):
    logits, _, _ = drawn(seed, 4)
    annotated = np.uint8([[1, 0, 1, 0], [1, 1, 1, 1]])
    plain = array(probabilities(logits, True)).astype(np.float64)
    found = array(probabilities(joined(logits, annotated), True))
    np.testing.assert_allclose(found[0, ..., 0], plain[0][..., [0, 1, 3]].sum(-1), atol=1e-6)
    np.testing.assert_allclose(found[0, ..., 2], plain[0, ..., 2], atol=1e-6)
    assert not found[0][..., [1, 3]].any()
    assert np.array_equal(array(joined(logits, annotated))[1], logits[1]), "annotated whole"


def test_what_is_hidden_is_0_and_float32():
    logits = keras.ops.cast(np.float32([[[[1, 2]], [[3, np.nan]]]]), "bfloat16")
    found = hidden(logits, np.float32([[[[1, 0]], [[1, 0]]]]))
    assert array(found).tolist() == [[[[1, 0]], [[3, 0]]]]
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    assert over_pixels(np.uint8([[1, 0]]), np.zeros((1, 5, 6, 7, 2))).shape == (1, 1, 1, 1, 2)


@pytest.mark.parametrize("factors", [None, [1.0, 2.0, 5.0]])
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("exclusive", [False, True])
def test_equal_weights_of_all_maps_are_weights_of_pixels(name, exclusive, factors):
    logits, target, weight = drawn(0, 3)
    made = make_loss(Loss(name=name, label_smoothing=0.1), exclusive, factors=factors)
    one, other = (array(made(logits, target, w)) for w in (weight, np.repeat(weight, 3, -1)))
    np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("factors", [None, [1.0, 2.0, 5.0]])
@pytest.mark.parametrize("name", LOSSES)
def test_a_map_without_weight_is_as_if_there_were_none(name, factors):
    logits, target, weight = drawn(1, 3)
    recipe = Loss(name=name, label_smoothing=0.1)
    weights = weight * np.float32([1, 0, 1])
    found = make_loss(recipe, False, factors=factors)(logits, target, weights)
    two = factors and [factors[0], factors[2]]
    kept = [0, 2]
    made = make_loss(recipe, False, factors=two)
    expected = made(logits[..., kept], target[..., kept], np.repeat(weight, 2, -1))
    np.testing.assert_allclose(array(found), array(expected), rtol=1e-5)
    nothing = make_loss(recipe, False, factors=factors)(logits, target, 0 * weights)
    assert array(nothing).tolist() == [0, 0]


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("name", LOSSES)
def test_joined_maps_are_learnt_as_one(name, background):
    """The marginal loss of three maps is the plain loss of the two that are left."""
    logits, target, weight = drawn(2, 3)
    target = target * np.float32([1, 1, 0]) + target[..., 2:] * np.float32([1, 0, 0])
    annotated = np.uint8([[1, 1, 0], [1, 1, 0]])
    recipe = Loss(name=name, label_smoothing=0.1)
    weights = weight * np.float32([1, 1, 0])
    made = make_loss(recipe, True, background=background)
    found = made(joined(logits, annotated), target, weights)
    two = np.stack([np.logaddexp(logits[..., 0], logits[..., 2]), logits[..., 1]], -1)
    expected = made(two, target[..., :2], weight)
    np.testing.assert_allclose(array(found), array(expected), rtol=2e-5)


def test_degrees_do_not_enter_the_overlap_with_weights_of_maps():
    logits, target, weight = drawn(3, 2)
    made = make_loss(Loss(name="bce_dice", dice_weight=1.0), False, overlap_maps=1)
    expected = make_loss(Loss(name="dice"), False)(logits[..., :1], target[..., :1], weight)
    found = made(logits, target, np.repeat(weight, 2, -1))
    np.testing.assert_allclose(array(found), array(expected), rtol=1e-6)
