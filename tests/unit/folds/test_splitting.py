from __future__ import annotations

import random
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.artefacts.samples import Sample
from segbench.folds.splitting import (
    Group,
    draw,
    groups_of,
    interleave,
    rank,
    split_into_folds,
)


def group(name: str, **strata: int) -> Group:
    return Group(name, strata)


def test_groups_are_gathered_and_sorted():
    rows = [Sample("c", "y", stratum="b"), Sample("a", "x", stratum="a"), Sample("b", "y")]
    assert groups_of(rows, stratify=True) == [group("x", a=1), Group("y", {"b": 1, "": 1})]
    assert groups_of(rows, stratify=False) == [Group("x", {"": 1}), Group("y", {"": 2})]


def test_stratum_of_a_mixed_group_is_the_commonest_then_the_first():
    assert group("g", a=1, b=2).stratum == "b"
    assert group("g", b=2, a=2).stratum == "a"


def test_rank_is_the_same_on_every_machine():
    # printf '0\0folds\0a' | sha256sum | cut -c1-16
    assert rank(0, "folds", "a") == 0x1CEF9FD4770C7014
    assert len({rank(s, p, n) for s in (0, 1) for p in ("a", "b") for n in ("x", "y")}) == 8


def test_folds_have_equal_sizes():
    folds = split_into_folds([group(f"g{n:02d}", a=1) for n in range(11)], 4, seed=0)
    assert sorted(map(len, folds)) == [2, 3, 3, 3]
    assert sorted(chain(*folds)) == [f"g{n:02d}" for n in range(11)]


def test_folds_have_the_make_up_of_the_whole():
    groups = [group(f"a{n:02d}", a=1) for n in range(20)] + [group(f"b{n}", b=1) for n in range(10)]
    for fold in split_into_folds(groups, 5, seed=3):
        assert [name[0] for name in fold] == ["a"] * 4 + ["b"] * 2


def test_large_groups_are_balanced_by_small_ones():
    groups = [group("big", a=6)] + [group(f"s{n}", a=1) for n in range(6)]
    folds = split_into_folds(groups, 2, seed=0)
    assert ["big"] in folds
    assert [f"s{n}" for n in range(6)] in folds


def test_no_fold_is_empty_where_few_groups_fill_many_folds():
    groups = [group("a", x=1), group("b", y=9), group("c", x=1, y=1)]
    assert sorted(split_into_folds(groups, 3, seed=0)) == [["a"], ["b"], ["c"]]


def test_the_seed_changes_the_folds():
    groups = [group(f"g{n:02d}", a=1) for n in range(12)]
    assert split_into_folds(groups, 3, 0) != split_into_folds(groups, 3, 1)


def test_a_rare_stratum_is_spread():
    groups = [group(f"a{n:02d}", a=1) for n in range(40)] + [
        group(f"r{n}", rare=1) for n in range(4)
    ]
    folds = split_into_folds(groups, 4, seed=1)
    assert [sum(name.startswith("r") for name in fold) for fold in folds] == [1, 1, 1, 1]


@given(st.lists(st.integers(1, 6), min_size=2, max_size=20), st.integers(2, 5), st.integers(0, 99))
def test_every_group_is_in_one_fold_and_sizes_differ_by_the_largest_group_at_most(
    group_sizes, folds, seed
):
    groups = [group(f"g{n:02d}", a=size) for n, size in enumerate(group_sizes)]
    folds = min(folds, len(groups))
    result = split_into_folds(groups, folds, seed)
    assert sorted(chain(*result)) == [g.name for g in groups]
    assert all(result)
    counts = [sum(group_sizes[int(name[1:])] for name in fold) for fold in result]
    assert max(counts) - min(counts) <= max(group_sizes)
    assert result == split_into_folds(random.Random(seed).sample(groups, len(groups)), folds, seed)


def test_every_beginning_of_the_interleaved_list_has_the_make_up_of_the_whole():
    groups = [group(f"a{n:02d}", a=1) for n in range(30)] + [
        group(f"b{n:02d}", b=1) for n in range(10)
    ]
    order = interleave(groups, 0, "test")
    assert sorted(order, key=lambda g: g.name) == groups
    for end in range(1, 41):
        share = sum(g.stratum == "b" for g in order[:end])
        assert abs(share - end / 4) <= 1


def test_interleaving_does_not_depend_on_the_order_given():
    groups = [group(f"g{n:02d}", a=1) for n in range(9)]
    assert interleave(groups, 4, "x") == interleave(groups[::-1], 4, "x")
    assert interleave(groups, 4, "x") != interleave(groups, 4, "y")


def test_those_drawn_least_come_first():
    groups = [group(f"g{n}", a=1) for n in range(4)]
    order = interleave(groups, 0, "x", used={"g0": 2, "g3": 1})
    assert [g.name for g in order][2:] == ["g3", "g0"]


def test_drawing_prefers_the_first():
    order = [group("c", a=1), group("a", a=1), group("b", a=1)]
    assert draw(order, 2) == ["a", "c"]


def test_drawing_finds_a_set_of_exactly_the_size():
    order = [group("a", x=4), group("b", x=3), group("c", x=5)]
    assert draw(order, 8) == ["b", "c"]
    assert draw(order, 12) == ["a", "b", "c"]
    assert draw(order, 6) is None
    assert draw(order, 13) is None


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(1, 30))
def test_drawing_agrees_with_trying_all_sets(group_sizes, count):
    order = [group(f"g{n}", a=size) for n, size in enumerate(group_sizes)]
    sums = {
        sum(chosen)
        for k in range(1, len(group_sizes) + 1)
        for chosen in combinations(group_sizes, k)
    }
    chosen = draw(order, count)
    assert (chosen is not None) == (count in sums)
    if chosen is not None:
        assert sum(group_sizes[int(name[1:])] for name in chosen) == count


@pytest.mark.parametrize("folds", [1, 2])
def test_one_or_more_folds(folds):
    result = split_into_folds([group("a", x=1), group("b", x=2)], folds, 0)
    assert len(result) == folds
