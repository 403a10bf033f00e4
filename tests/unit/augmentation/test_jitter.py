"""Image and target move together; each knob does what its key says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.augmentation import Jitter

keras = pytest.importorskip("keras")

from segbench.augmentation import jitter as jitters  # noqa: E402 - needs Keras

#: Every knob that moves pixels, at once.
ALL_MOVES = {
    "flip_horizontal": 0.5,
    "flip_vertical": 0.5,
    "rotate90": 0.75,
    "rotation_degrees": (-30, 30),
    "shift_fraction": (-0.3, 0.3),
    "scale": (0.5, 2.0),
    "elastic_alpha_px": 3.0,
    "elastic_sigma_px": 4.0,
    "probability": 0.9,
}


def apply(config, image, target, seed=(0, 0)):
    """Jitter NumPy arrays (batch, y, x, channel)."""
    draw = jitters.Draw(keras.random.SeedGenerator(0), list(seed), len(image))
    image, target = jitters.jitter(
        Jitter(**config),
        keras.ops.convert_to_tensor(np.asarray(image, np.float32)),
        keras.ops.convert_to_tensor(target),
        draw,
    )
    return keras.ops.convert_to_numpy(image), keras.ops.convert_to_numpy(target)


def numbered(batch=1, height=8, width=8):
    """A picture in which every pixel has a value of its own, as image and as target."""
    one = np.arange(height * width, dtype=np.uint8).reshape(height, width, 1)
    target = np.repeat(one[None], batch, axis=0)
    return target.astype(np.float32), target


seeds = st.tuples(st.integers(0, 2**30 - 1), st.integers(0, 2**30 - 1))


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_target_is_looked_up_where_the_image_is(seed):
    """With the coordinates as image, the nearest target is the rounded image, exactly.

    Bilinear interpolation of a coordinate is that coordinate, whatever moved it there.
    """
    size = 24
    ramps = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), axis=-1)
    target = np.repeat(ramps[None].astype(np.uint8), 4, axis=0)
    image, moved = apply(ALL_MOVES, target, target, seed)
    tie = np.abs(image - np.floor(image) - 0.5) < 1e-3
    assert np.array_equal(np.floor(image + 0.5)[~tie], moved[~tie])
    assert tie.mean() < 0.2


@settings(max_examples=25, deadline=None)
@given(
    seed=seeds,
    blocks=st.lists(st.integers(0, 3), min_size=36, max_size=36),
    knobs=st.sets(st.sampled_from(sorted(jitters.GEOMETRY)), min_size=1),
)
def test_image_stays_a_function_of_any_label(seed, blocks, knobs):
    """Random labels, any set of knobs: where no border is near, image = f(label)."""
    values = np.float32([0.1, 0.35, 0.6, 0.85])
    label = np.kron(np.reshape(blocks, (6, 6)), np.ones((4, 4))).astype(np.uint8)
    label = np.repeat(label[None, ..., None], 2, axis=0)
    config = {key: ALL_MOVES[key] for key in knobs} | {"probability": 1.0}
    image, moved = apply(config, values[label], label, seed)
    distance = np.abs(image[..., None] - values)
    pure = distance.min(axis=-1) < 1e-6
    # A mixture can hit a value of f by accident; a lookup that parts from the image
    # would make half of the pure pixels wrong.
    wrong = (distance.argmin(axis=-1) != moved) & pure
    assert wrong.sum() <= 0.02 * pure.sum()
    if all(jitters.GEOMETRY[knob].exact for knob in knobs):
        assert np.array_equal(image, values[moved])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"flip_horizontal": 1.0}, lambda a: a[:, ::-1]),
        ({"flip_vertical": 1.0}, lambda a: a[::-1]),
        ({"flip_horizontal": 1.0, "flip_vertical": 1.0}, lambda a: a[::-1, ::-1]),
        ({"rotation_degrees": (90, 90), "probability": 1}, np.rot90),
        ({"shift_fraction": (0.25, 0.25), "probability": 1}, None),
    ],
)
def test_moves_against_numpy(config, expected):
    image, target = numbered(2)
    moved_image, moved = apply(config, image, target)
    if expected is None:  # 2 of 8 pixels down and right; the border is mirrored in
        expected = lambda a: np.pad(a, ((2, 0), (2, 0), (0, 0)), mode="symmetric")[:8, :8]  # noqa: E731
    for result in moved:
        assert np.array_equal(result, expected(target[0]))
    np.testing.assert_allclose(moved_image, moved, atol=1e-3)


def test_quarter_turns_are_numpys_and_all_occur():
    image, target = numbered(64)
    moved_image, moved = apply({"rotate90": 1.0}, image, target)
    kinds = [np.rot90(target[0], k) for k in (1, 2, 3)]
    seen = {next(k for k, kind in enumerate(kinds) if np.array_equal(m, kind)) for m in moved}
    assert seen == {0, 1, 2}
    assert np.array_equal(moved_image, moved)


def test_images_that_are_not_square_take_half_turns_only():
    image, target = numbered(16, 4, 8)
    _, moved = apply({"rotate90": 1.0}, image, target)
    for result in moved:
        assert np.array_equal(result, target[0, ::-1, ::-1])


def test_scale_zooms_about_the_centre():
    image = np.zeros((1, 9, 9, 1), np.float32)
    image[0, 3:6, 3:6] = 1
    _, moved = apply({"scale": (3.0, 3.0), "probability": 1}, image, (image > 0).astype(np.uint8))
    assert moved.all()
    _, moved = apply(
        {"scale": (1 / 3, 1 / 3), "probability": 1}, image, (image > 0).astype(np.uint8)
    )
    assert moved[0, 4, 4, 0] == 1
    assert moved[0, 3:6, 3:6].sum() == 1


def test_elastic_moves_no_farther_than_alpha():
    size = 32
    ramps = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), axis=-1)
    image = np.repeat(ramps[None].astype(np.float32), 8, axis=0)
    config = {"elastic_alpha_px": 2.0, "elastic_sigma_px": 6.0, "probability": 1.0}
    moved, _ = apply(config, image, image.astype(np.uint8))
    shift = (moved - image)[:, 4:-4, 4:-4]
    assert 0.5 < np.abs(shift).max() <= 2.0
    assert np.abs(np.diff(shift, axis=1)).max() < 1.0  # smooth


def test_nothing_on_changes_nothing():
    image, target = numbered()
    same_image, same = apply({}, image, target)
    assert np.array_equal(same_image, image)
    assert np.array_equal(same, target)


def test_every_knob_of_the_config_is_in_a_table():
    # What belongs to another knob, and the one move that images do not have.
    others = {"probability", "elastic_sigma_px", "shift_axes", "flip_depth"}
    assert {*jitters.GEOMETRY, *jitters.PHOTOMETRY} == set(Jitter.model_fields) - others


@pytest.mark.parametrize(
    ("axes", "moved"), [("horizontal", (0, 2)), ("vertical", (2, 0)), ("both", (2, 2))]
)
def test_shifts_along_the_axes_asked_for(axes, moved):
    image, target = numbered()
    config = {"shift_fraction": (0.25, 0.25), "shift_axes": axes, "probability": 1}
    _, shifted = apply(config, image, target)
    inner = shifted[0, 4:7, 4:7, 0]
    assert np.array_equal(
        inner, target[0, 4 - moved[0] : 7 - moved[0], 4 - moved[1] : 7 - moved[1], 0]
    )
