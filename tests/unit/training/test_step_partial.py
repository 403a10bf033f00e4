"""No loss, gradient or validation figure sees what was not annotated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segbench.models.losses import LOSSES, Loss
from segbench.unannotated import UNANNOTATED

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from segbench.config.augmentation import Jitter  # noqa: E402
from segbench.training.step import Step  # noqa: E402 - needs Keras
from segbench.training.task import Task  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

#: Kind of maps -> the task that learns them.
TASKS = {
    "one class": Task(1, ("a",), False, 1.0, 1.0, (0,), partial=True),
    "exclusive": Task(3, ("background", "a", "b"), True, 1.0, 1.0, (1, 2), partial=True),
    "scored background": Task(
        3, ("sky", "a", "b"), True, 1.0, 1.0, (0, 1, 2), background=False, partial=True
    ),
    "overlapping": Task(2, ("a", "b"), False, 1.0, 1.0, (0, 1), partial=True),
    "boundary": Task(2, ("foreground", "boundary"), False, 1.0, 1.0, (0,), partial=True),
    "distance": Task(2, ("foreground", "distance"), False, 1.0, 1 / 254, (0,), partial=True),
}


def step_of(task, loss, sides):
    """A step of a network whose logits are its image."""
    image = keras.Input((*sides, len(task.maps)), name="image")
    network = keras.Model(image, keras.layers.Activation("linear", dtype="float32")(image))
    return Step(network, task, Loss(name=loss, label_smoothing=0.1), None)


def batch_of(kind, sides, seed=0, share=0.4):
    """A batch with pixels that were not annotated, and where they are, (batch, ..., map)."""
    task, rng = TASKS[kind], np.random.default_rng(seed)
    maps = len(task.maps)
    if task.exclusive:
        target = rng.integers(0, maps, (2, *sides, 1)).astype(np.uint8)
        hidden = rng.random(target.shape) < share
    else:
        top = 254 if kind == "distance" else 1
        target = (rng.integers(0, 2, (2, *sides, maps)) * top).astype(np.uint8)
        by_map = maps if kind == "overlapping" else 1
        hidden = np.broadcast_to(rng.random((2, *sides, by_map)) < share, target.shape)
    target[hidden] = UNANNOTATED
    image = rng.normal(size=(2, *sides, maps)).astype(np.float32)
    batch = {
        "image": image,
        "target": target,
        "seed": np.array([1, 2], np.int32),
        "weight": np.ones((2, *sides, 1), np.uint8),
    }
    return batch, np.broadcast_to(hidden, image.shape)


def figures(step, batch):
    """The losses of training and validation, and the counts, as bytes."""
    found = step(batch)
    parts = step(batch, training=True), found["loss"], found["counts"]
    return [np.asarray(part).tobytes() for part in parts]


#: Objects are numbered in images only.
VOLUMES = ("one class", "exclusive", "overlapping")


@pytest.mark.parametrize(
    ("kind", "sides"), [(kind, (4, 6)) for kind in TASKS] + [(kind, (2, 4, 4)) for kind in VOLUMES]
)
@pytest.mark.parametrize("loss", LOSSES)
def test_no_loss_depends_on_them(loss, kind, sides):
    step = step_of(TASKS[kind], loss, sides)
    batch, hidden = batch_of(kind, sides)
    before = figures(step, batch)
    assert np.isfinite(np.asarray(step(batch, training=True))).all()
    for other in (1e4, np.nan):
        image = np.where(hidden, np.float32(other), batch["image"])
        assert figures(step, {**batch, "image": image}) == before
    image = tf.Variable(batch["image"])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(step({**batch, "image": image}, training=True))
    gradient = tape.gradient(value, image).numpy()
    assert not gradient[hidden].any()
    assert gradient[~hidden].any()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_batch_without_any_has_no_loss_and_no_gradient(loss):
    batch, _ = batch_of("exclusive", (4, 4), share=2)
    step = step_of(TASKS["exclusive"], loss, (4, 4))
    image = tf.Variable(batch["image"])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(step({**batch, "image": image}, training=True))
    assert float(value) == 0
    assert not tape.gradient(value, image).numpy().any()


@pytest.mark.parametrize("kind", ["exclusive", "scored background"])
@pytest.mark.parametrize("loss", LOSSES)
def test_classes_that_were_not_annotated_are_learnt_as_background(loss, kind):
    """Only the sum with the background's probability matters, and neither of them is watched."""
    step = step_of(TASKS[kind], loss, (4, 4))
    batch, _ = batch_of(kind, (4, 4), share=0)
    batch["target"][batch["target"] == 2] = 0
    batch["annotated"] = np.uint8([[1, 1, 0], [1, 1, 0]])
    swapped = {**batch, "image": batch["image"][..., [2, 1, 0]]}
    losses = [np.asarray(step(one, training=True)) for one in (batch, swapped)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    counts = np.asarray(step(batch)["counts"])
    assert not counts[:, [0, 2]].any()
    assert counts[:, 1, 2].sum() == (batch["target"] == 1).sum()
    whole = {**batch, "annotated": np.ones((2, 3), np.uint8)}
    plain = {name: array for name, array in batch.items() if name != "annotated"}
    np.testing.assert_allclose(
        np.asarray(step(whole, training=True)), np.asarray(step(plain, training=True)), rtol=1e-5
    )


@pytest.mark.parametrize("kind", TASKS)
def test_a_partial_task_of_annotated_samples_has_the_usual_loss(kind):
    batch, _ = batch_of(kind, (4, 4), share=0)
    usual = replace(TASKS[kind], partial=False)
    found = [step_of(task, "bce_dice", (4, 4)) for task in (usual, TASKS[kind])]
    one, other = (np.asarray(step(batch, training=True)) for step in found)
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_deep_heads_and_jitter_keep_the_mark():
    """Moved targets hold no value but those that were there; coarse heads see no hidden pixel."""
    task = TASKS["exclusive"]
    image = keras.Input((8, 8, 3), name="image")
    picks = [slice(2**level // 2, None, 2**level) for level in range(3)]
    network = keras.Model(image, [image[:, pick, pick] for pick in picks])
    change = Jitter(rotation_degrees=(-40, 40), scale=(0.5, 2), shift_fraction=(-0.4, 0.4),
                    elastic_alpha_px=2, elastic_sigma_px=3, probability=1)  # fmt: skip
    step = Step(network, task, Loss(name="ce_dice"), change)
    batch, hidden = batch_of("exclusive", (8, 8))
    _, moved = step.changed(batch["image"], batch["target"], step.draw(batch["seed"], 2))
    assert set(np.unique(moved)) <= {0, 1, 2, UNANNOTATED}
    assert (np.asarray(moved) == UNANNOTATED).any()
    still = Step(network, task, Loss(name="ce_dice"), None)
    other = {**batch, "image": np.where(hidden, np.float32(99), batch["image"])}
    one, two = (np.asarray(still(b, training=True)).tobytes() for b in (batch, other))
    assert one == two
