from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from segbench.artefacts.samples import Sample
from segbench.exploration.selection import kinds_of, spread, stable_order

NAMES = st.lists(st.text(min_size=1, max_size=6), unique=True, max_size=20)


def test_the_order_is_that_of_the_digests():
    # sha256 of a, b, c begins with ca97, 3e23, 2e7d.
    assert stable_order(["a", "b", "c"]) == ["c", "b", "a"]


@given(NAMES, st.randoms())
def test_the_order_of_the_input_does_not_matter(names: list[str], rng: random.Random):
    turned = list(names)
    rng.shuffle(turned)
    assert stable_order(turned) == stable_order(names)
    assert sorted(stable_order(names)) == sorted(names)


@given(NAMES.filter(bool))
def test_a_sample_less_moves_no_other(names: list[str]):
    whole = stable_order(names)
    assert stable_order(names[1:]) == [name for name in whole if name != names[0]]


def test_kinds_take_turns_the_most_frequent_first():
    kinds = dict.fromkeys("abcdef", "dark") | dict.fromkeys("uv", "bright") | {"z": "purple"}
    chosen = spread(kinds, 6)
    assert [kinds[s] for s in chosen] == ["dark", "bright", "purple", "dark", "bright", "dark"]
    assert len(set(chosen)) == 6


@given(
    st.dictionaries(st.text(max_size=3), st.sampled_from("xyz"), max_size=15), st.integers(0, 20)
)
def test_as_many_as_asked_for_and_of_every_kind(kinds: dict[str, str], count: int):
    chosen = spread(kinds, count)
    assert len(chosen) == len(set(chosen)) == min(count, len(kinds))
    if count >= len(set(kinds.values())):
        assert {kinds[s] for s in chosen} == set(kinds.values())


def test_the_kind_is_the_first_column_that_tells_some_apart():
    strata = [Sample("a", "a", stratum="x"), *(Sample(n, n, stratum="y") for n in "bc")]
    assert kinds_of(strata) == {"a": ("x",), "b": ("y",), "c": ("y",)}
    held = {"a": ("skin",), "b": ("skin", "hat"), "c": ("skin",)}
    assert kinds_of([Sample(n, n, classes=classes) for n, classes in held.items()]) == held
    groups = [Sample("a", "1"), Sample("b", "1"), Sample("c", "2")]
    assert kinds_of(groups) == {"a": ("1",), "b": ("1",), "c": ("2",)}


def test_two_classes_are_not_one_with_a_comma():
    held = {"a": ("kidney, left",), "b": ("kidney", "left"), "c": ("kidney, left",)}
    assert kinds_of([Sample(n, n, classes=classes) for n, classes in held.items()]) == held


def test_columns_with_a_value_for_every_sample_tell_nothing():
    rows = [Sample("a", "a", stratum="1"), Sample("b", "b", stratum="2")]
    assert kinds_of(rows) == {"a": (), "b": ()}
    assert kinds_of([]) == {}
