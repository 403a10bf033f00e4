"""What names say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.inspection.names import MASK_SUFFIX, guessed_groups, role_of, split_of, words


def test_words_of_a_name():
    assert words("Train_Masks-2 (old)") == ["train", "masks", "old"]


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["images"], ("image", 0)),
        (["data", "train_masks"], ("mask", 1)),
        (["segmentation of cells", "images"], ("image", 1)),
        (["labelsTr"], ("mask", 0)),
        (["cats"], ("", -1)),
        ([], ("", -1)),
    ],
)
def test_the_last_folder_that_says_it_counts(folders, expected):
    assert role_of(folders) == expected


@pytest.mark.parametrize(
    ("folders", "part"),
    [(["train", "images"], "train"), (["images", "val"], "val"), (["test_set"], "test"),
     (["latest"], ""), (["training"], "training")],
)  # fmt: skip
def test_parts_of_a_split(folders, part):
    assert split_of(folders) == part


@pytest.mark.parametrize(
    "name", ["a_mask", "a-seg", "a.label", "a_GT", "a_ground_truth", "a mask2"]
)
def test_ends_of_masks(name):
    assert MASK_SUFFIX.search(name)
    assert not MASK_SUFFIX.search(name + "ed_cat")


@pytest.mark.parametrize(
    ("keys", "groups"),
    [
        (["patient01_s1", "patient01_s2", "patient02_s1"], ["patient01", "patient01", "patient02"]),
        (["x_Mouse-3_a", "x_Mouse-3_b", "x_Mouse-4_a"], ["mouse-3", "mouse-3", "mouse-4"]),
        (["m1/a", "m1/b", "m2/a"], ["m1", "m1", "m2"]),
        (
            ["brain_z01", "brain_z02", "liver_z01", "liver_z02"],
            ["brain", "brain", "liver", "liver"],
        ),
    ],
)
def test_groups_that_names_suggest(keys, groups):
    assert list(guessed_groups(keys)[0].values()) == groups


@pytest.mark.parametrize(
    "keys",
    [
        ["cell_01", "cell_02", "cell_03"],
        ["a", "b", "c"],
        [],
        ["p1", "p2", "p3"],
        ["train/train_0", "train/train_1", "val/val_0", "val/val_1"],
    ],
)
def test_no_groups_where_names_suggest_none(keys):
    assert guessed_groups(keys) == ({}, "")


@given(st.lists(st.text("ab_0123/", min_size=1, max_size=6), unique=True, max_size=8))
def test_groups_are_of_all_images_or_none(keys):
    groups, why = guessed_groups(keys)
    assert not groups or (set(groups) == set(keys) and len(set(groups.values())) > 1)
    assert bool(groups) == bool(why)
