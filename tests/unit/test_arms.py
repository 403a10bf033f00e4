"""The names of an arm, in one order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segbench.arms import RUN_LABELS, WITHIN_STUDY, Arm, Recipes, is_part_of
from unit.statistics.made import study

NAMES = st.lists(st.text("abc", min_size=1), min_size=1, max_size=3, unique=True).map(tuple)


def test_the_order_is_that_of_the_folders():
    assert Arm._fields == (
        "dataset", "preprocessing", "augmentation", "model", "seed", "protocol",
    )  # fmt: skip
    assert (*Arm._fields, "fold") == RUN_LABELS
    assert WITHIN_STUDY == ("preprocessing", "augmentation", "model", "seed")


def test_arms_are_the_product_of_the_lists_seeds_last():
    one = study(augmentation=("none", "jitter"), seeds=(0, 3))
    assert one.rows() == (
        Recipes("em-128", "none", "unet"),
        Recipes("em-128", "jitter", "unet"),
        Recipes("em-256", "none", "unet"),
        Recipes("em-256", "jitter", "unet"),
    )
    assert one.arms()[:3] == (
        Arm("kidney_nuclei", "em-128", "none", "unet", 0, "published"),
        Arm("kidney_nuclei", "em-128", "none", "unet", 3, "published"),
        Arm("kidney_nuclei", "em-128", "jitter", "unet", 0, "published"),
    )


@given(NAMES, NAMES, NAMES, st.lists(st.integers(0, 9), min_size=1, unique=True).map(tuple))
def test_each_row_is_there_once_a_seed(preprocessing, augmentation, models, seeds):
    one = study(preprocessing=preprocessing, augmentation=augmentation, models=models, seeds=seeds)
    arms = one.arms()
    assert len(set(arms)) == len(arms) == len(one.rows()) * len(seeds)
    assert [arm.recipes for arm in arms[:: len(seeds)]] == list(one.rows())
    assert {arm.seed for arm in arms} == set(seeds)


@given(
    st.builds(Arm, *[st.sampled_from("ab")] * 4, st.integers(0, 1), st.sampled_from("ab")),
    st.dictionaries(st.sampled_from([*RUN_LABELS, "shard"]), st.sampled_from(["a", "b", "0"])),
)
def test_a_job_is_part_of_an_arm_if_no_name_differs(arm, wildcards):
    names = {name: str(value) for name, value in arm._asdict().items()}
    own = {name: value for name, value in wildcards.items() if name in names}
    assert is_part_of(wildcards, arm) == (bool(own) and {**names, **own} == names)
    assert is_part_of({**names, "fold": "1"}, arm)
    assert not is_part_of({"shard": "0"}, arm)
