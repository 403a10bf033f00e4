"""The compiled step."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.models.losses import Loss

keras = pytest.importorskip("keras")

from segbench.training.step import Step, dropouts  # noqa: E402
from segbench.training.task import Task  # noqa: E402

# Keras's own conversion of tensors to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_dropout_draws_from_the_seed_alone():
    """Two steps with one seed drop the same units, whatever was drawn in between."""
    image = keras.Input((4, 4, 1), name="image")
    network = keras.Model(image, keras.layers.Dropout(0.5, seed=0)(image))
    task = Task(1, ("nucleus",), False, 1.0, 1.0, (0,))
    step = Step(network, task, Loss(name="bce"), None)
    blank = np.zeros((2, 4, 4, 1), np.uint8)

    def loss(*seed):
        batch = {"image": blank + 3, "target": blank, "seed": np.array(seed, np.int32)}
        return np.asarray(step(batch, training=True)).tolist()

    first = loss(1, 2)
    assert loss(1, 3) != first
    assert loss(1, 2) == first


def identity(channels, outputs=1):
    """A network whose logits are its image, at one or more resolutions."""
    image = keras.Input((4, 4, channels), name="image")
    heads = [image[:, :: 2**level, :: 2**level] for level in range(outputs)]
    return keras.Model(image, heads if outputs > 1 else heads[0])


def test_counts_are_pixels_in_both_in_the_guess_and_in_the_truth():
    task = Task(1, ("nucleus",), False, 1.0, 1.0, (0,))
    step = Step(identity(1), task, Loss(name="bce"), None)
    logits, target = np.full((1, 4, 4, 1), -1, np.float32), np.zeros((1, 4, 4, 1), np.uint8)
    logits[0, 0], target[0, :, 0] = 1, 1
    weight = np.ones((1, 4, 4, 1), np.uint8)
    found = step({"image": logits, "target": target, "weight": weight})
    assert np.asarray(found["counts"]).tolist() == [[[1, 4, 4]]]
    right, wrong = np.log1p(np.exp(-1)), np.log1p(np.exp(1))
    expected = (10 * right + 6 * wrong) / 16
    assert float(found["loss"][0]) == pytest.approx(expected, rel=1e-5)
    weight[0, 0] = 0
    found = step({"image": logits, "target": target, "weight": weight})
    assert np.asarray(found["counts"]).tolist() == [[[0, 0, 3]]]


def test_exclusive_maps_are_counted_by_the_likeliest():
    task = Task(3, ("background", "a", "b"), True, 1.0, 1.0, (1, 2))
    step = Step(identity(3), task, Loss(name="ce"), None)
    logits = np.zeros((1, 4, 4, 3), np.float32)
    logits[..., 1] = 5
    target = np.full((1, 4, 4, 1), 2, np.uint8)
    target[0, 0] = 1
    found = step({"image": logits, "target": target, "weight": np.ones_like(target)})
    assert np.asarray(found["counts"]).tolist() == [[[0, 0, 0], [4, 16, 4], [0, 0, 12]]]


def test_each_head_counts_half_of_the_next_finer_one():
    task = Task(1, ("nucleus",), False, 1.0, 1.0, (0,))
    step = Step(identity(1, outputs=3), task, Loss(name="bce"), None)
    logits = np.random.default_rng(0).normal(size=(1, 4, 4, 1)).astype(np.float32)
    target = np.ones((1, 4, 4, 1), np.uint8)
    batch = {"image": logits, "target": target, "seed": np.array([1, 2], np.int32)}
    losses = np.log1p(np.exp(-logits.astype(np.float64)))
    # The coarser targets are the pixels 1 and 3, and 2, of which all are 1 here.
    heads = [losses[:, :: 2**level, :: 2**level].mean() for level in range(3)]
    expected = (4 * heads[0] + 2 * heads[1] + heads[2]) / 7
    assert float(step(batch, training=True)[0]) == pytest.approx(expected, rel=1e-5)


def test_dropout_layers_are_found_inside_a_backbone():
    inner = keras.Input((4,))
    backbone = keras.Model(inner, keras.layers.Dropout(0.1, name="inside")(inner))
    image = keras.Input((4,))
    network = keras.Model(image, keras.layers.Dropout(0.2, name="outside")(backbone(image)))
    assert [layer.name for layer in dropouts(network)] == ["inside", "outside"]
