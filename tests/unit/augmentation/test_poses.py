"""Poses: how many, what they are called, and that image and label move together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segbench.augmentation.poses import Pose, apply_pose, poses
from segbench.config.augmentation import Amplification
from segbench.errors import SegbenchError

FILLS = ("wrap", "reflect", "zero")
ROTATIONS = (0, 90, 180, 270)
FLIPS = ("none", "horizontal", "vertical")
SHIFTS = tuple(k / 8 for k in range(8))
POSES = st.builds(
    Pose, st.sampled_from(ROTATIONS), st.sampled_from(FLIPS), st.floats(0, 1), st.floats(0, 1)
)
SIDES = st.integers(1, 12)
LABELS = hnp.arrays(np.uint8, st.tuples(SIDES, SIDES), elements=st.integers(0, 5))


def naive(array: np.ndarray, pose: Pose, fill: str) -> np.ndarray:
    """The same by the book: np.rot90, np.flip, np.pad."""
    array = np.rot90(array, pose.rotation // 90)
    if pose.flip != "none":
        array = np.flip(array, 1 if pose.flip == "horizontal" else 0)
    right = int(np.floor(pose.dx * array.shape[1] + 0.5))
    down = int(np.floor(pose.dy * array.shape[0] + 0.5))
    mode = {"wrap": "wrap", "reflect": "symmetric", "zero": "constant"}[fill]
    pad = [(down, 0), (right, 0)] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, pad, mode=mode)[: array.shape[0], : array.shape[1]]


# ---- counting


def test_the_kidney_protocol_has_exactly_113_poses():
    every = poses(Amplification())
    assert len(every) == 113
    assert every[0] == Pose()
    assert len(set(every)) == 113
    assert len({pose.name for pose in every}) == 113


def test_the_113_are_the_product():
    every = poses(Amplification())[1:]
    for rotation in ROTATIONS:
        for flip in ("none", "horizontal"):
            shifts = [(p.dx, p.dy) for p in every if (p.rotation, p.flip) == (rotation, flip)]
            horizontal = [(k / 8, 0.0) for k in range(1, 8)]
            assert shifts == horizontal + [(y, x) for x, y in horizontal]


@pytest.mark.parametrize("fill", ["wrap", "reflect"])
def test_the_113_pictures_all_differ(fill):
    image = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    pictures = {apply_pose(image, pose, fill).tobytes() for pose in poses(Amplification())}
    assert len(pictures) == 113


def test_a_symmetric_image_has_fewer_pictures():
    y, x = np.mgrid[-32:32, -32:32] + 0.5
    disc = (y**2 + x**2 < 100).astype(np.uint8)
    pictures = {apply_pose(disc, pose, "zero").tobytes() for pose in poses(Amplification())}
    # The original, 2 x 5 shifts that leave something of the disc, and nothing at all.
    assert len(pictures) == 12


def test_the_number_must_agree():
    with pytest.raises(SegbenchError, match="give 113 copies") as caught:
        poses(Amplification(copies=112))
    assert "set `copies: 113`" in str(caught.value)


@pytest.mark.parametrize(
    "keys",
    [
        {"horizontal_shifts": (0.5, 0.5), "vertical_shifts": ()},
        {"horizontal_shifts": (0.0,), "vertical_shifts": (0.5,)},
    ],
)
def test_repeated_poses_are_refused(keys):
    recipe = Amplification(rotations_degrees=(0,), flips=("none",), copies=3, **keys)
    with pytest.raises(SegbenchError, match="occurs twice"):
        poses(recipe)


def test_other_recipes():
    recipe = Amplification(
        rotations_degrees=(0, 180), flips=("vertical",), horizontal_shifts=(0.1,),
        vertical_shifts=(), copies=3,
    )  # fmt: skip
    assert [pose.name for pose in poses(recipe)] == ["r000-fn", "r000-fv-x1of10", "r180-fv-x1of10"]


@pytest.mark.parametrize(
    ("pose", "name"),
    [
        (Pose(), "r000-fn"),
        (Pose(90, "horizontal", dx=3 / 8), "r090-fh-x3of8"),
        (Pose(270, "vertical", dy=0.5), "r270-fv-y1of2"),
        (Pose(dx=1 / 3, dy=1.0), "r000-fn-x1of3-y1of1"),
    ],
)
def test_names(pose, name):
    assert pose.name == name


def test_record():
    assert Pose(90, "vertical", 0.25).record() == {
        "rotation": 90, "flip": "vertical", "dx": 0.25, "dy": 0.0,
    }  # fmt: skip


# ---- what is done


@pytest.mark.parametrize(
    ("pose", "expected"),
    [
        (Pose(), [[1, 2, 3], [4, 5, 6]]),
        (Pose(90), [[3, 6], [2, 5], [1, 4]]),
        (Pose(180), [[6, 5, 4], [3, 2, 1]]),
        (Pose(270), [[4, 1], [5, 2], [6, 3]]),
        (Pose(0, "horizontal"), [[3, 2, 1], [6, 5, 4]]),
        (Pose(0, "vertical"), [[4, 5, 6], [1, 2, 3]]),
        (Pose(90, "horizontal"), [[6, 3], [5, 2], [4, 1]]),
    ],
)
def test_turns_and_flips_by_hand(pose, expected):
    array = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    for fill in FILLS:
        assert apply_pose(array, pose, fill).tolist() == expected


@pytest.mark.parametrize(
    ("fill", "dx", "expected"),
    [
        ("wrap", 0.25, [4, 1, 2, 3]), ("wrap", 0.75, [2, 3, 4, 1]), ("wrap", 1.0, [1, 2, 3, 4]),
        ("reflect", 0.25, [1, 1, 2, 3]), ("reflect", 0.75, [3, 2, 1, 1]),
        ("reflect", 1.0, [4, 3, 2, 1]),
        ("zero", 0.25, [0, 1, 2, 3]), ("zero", 0.75, [0, 0, 0, 1]), ("zero", 1.0, [0, 0, 0, 0]),
        ("zero", 0.124, [1, 2, 3, 4]), ("zero", 0.125, [0, 1, 2, 3]),
    ],
)  # fmt: skip
def test_shifts_by_hand(fill, dx, expected):
    row = np.array([[1, 2, 3, 4]], np.int16)
    assert apply_pose(row, Pose(dx=dx), fill).tolist() == [expected]
    column = apply_pose(row.T, Pose(dy=dx), fill)
    assert column.ravel().tolist() == expected
    assert column.shape == (4, 1)


@settings(deadline=None)
@given(LABELS, POSES, st.sampled_from(FILLS))
def test_equals_the_same_by_the_book(label, pose, fill):
    ours = apply_pose(label, pose, fill)
    assert ours.dtype == label.dtype
    assert ours.tolist() == naive(label, pose, fill).tolist()


@settings(deadline=None)
@given(LABELS, POSES, st.sampled_from(FILLS), st.integers(0, 2**32 - 1))
def test_image_and_label_move_together(label, pose, fill, seed):
    """The image shows the label in colours; after any pose it still does."""
    colours = np.random.default_rng(seed).permutation(256)[:18].reshape(6, 3).astype(np.uint8)
    colours[0] = 0  # what `zero` fills in
    image = colours[label]
    assert (colours[apply_pose(label, pose, fill)] == apply_pose(image, pose, fill)).all()


@settings(deadline=None)
@given(LABELS, st.sampled_from(ROTATIONS), st.sampled_from(FLIPS), st.sampled_from(SHIFTS))
def test_wrapping_loses_nothing(label, rotation, flip, dx):
    moved = apply_pose(label, Pose(rotation, flip, dx=dx), "wrap")
    assert sorted(moved.ravel()) == sorted(label.ravel())


@settings(deadline=None)
@given(LABELS, POSES, st.sampled_from(FILLS))
def test_nothing_new_appears(label, pose, fill):
    allowed = set(np.unique(label)) | ({0} if fill == "zero" else set())
    assert set(np.unique(apply_pose(label, pose, fill))) <= allowed


@given(LABELS, st.sampled_from(ROTATIONS))
def test_turning_on_to_360_degrees_gives_the_image_back(label, rotation):
    there = apply_pose(label, Pose(rotation), "zero")
    assert (apply_pose(there, Pose((360 - rotation) % 360), "zero") == label).all()


def test_the_result_is_new_and_contiguous():
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for pose in (Pose(), Pose(90), Pose(180, "horizontal", dx=0.5), Pose(dx=0.5, dy=0.5)):
        moved = apply_pose(array, pose, "reflect")
        assert moved.flags.c_contiguous
        assert not np.shares_memory(moved, array)
    array.flags.writeable = False  # archives give read-only arrays
    assert apply_pose(array, Pose(90), "wrap").flags.writeable
