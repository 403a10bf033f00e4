"""Protocols that take samples in the order of the listing: nothing is drawn."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from segbench.artefacts.samples import Sample
from segbench.config.dataset import Fixed, Protocol
from segbench.folds.protocol import assign_roles
from unit.folds.sheets import by_role, singles


def count(n: int) -> Fixed:
    return Fixed(by="count", count=n)


def listed(**keys: object) -> Protocol:
    return Protocol.model_validate({"order": "listed", **keys})


def clothes() -> list[Sample]:
    """The published clothes: 1,004 photos, each on its own."""
    return [Sample(f"{n:04d}", f"{n:04d}", "train", "", f"{n:064x}") for n in range(1, 1005)]


def test_the_published_clothes():
    rows = assign_roles(clothes(), listed(test=count(200), validation=count(100)))
    roles = by_role(rows)
    assert roles["train"] == [f"{n:04d}" for n in range(1, 705)]
    assert roles["validation"] == [f"{n:04d}" for n in range(705, 805)]
    assert roles["test"] == [f"{n:04d}" for n in range(805, 1005)]


def test_neither_the_order_of_the_rows_nor_the_seed_matters():
    mixed = clothes()
    random.Random(3).shuffle(mixed)
    protocol = listed(test=count(200), validation=count(100), seed=7)
    straight = listed(test=count(200), validation=count(100))
    assert assign_roles(mixed, protocol) == assign_roles(clothes(), straight)


def test_fractions():
    fraction = Fixed(by="fraction", fraction=0.25)
    roles = by_role(assign_roles(singles(20), listed(test=fraction, validation=fraction)))
    assert roles["test"] == [f"s{n:03d}" for n in range(15, 20)]
    assert roles["validation"] == [f"s{n:03d}" for n in range(11, 15)]


def test_after_the_publishers_test_set():
    rows = singles(10) + singles(3, split="test", prefix="a")
    roles = by_role(assign_roles(rows, listed(test=Fixed(by="publisher"), validation=count(2))))
    assert roles["test"] == ["a000", "a001", "a002"]
    assert roles["validation"] == ["s008", "s009"]


def test_a_group_stands_where_its_last_sample_does():
    # The first and the last photo are copies of each other: one group.
    rows = [
        Sample(f"s{n}", "s0" if n in (0, 9) else f"s{n}", "train", "", f"{n:064x}")
        for n in range(10)
    ]
    roles = by_role(assign_roles(rows, listed(test=count(3), validation=count(2))))
    assert roles["test"] == ["s0", "s8", "s9"]
    assert roles["validation"] == ["s6", "s7"]


def test_the_names_of_groups_do_not_matter():
    rows = [Sample(f"s{n}", f"g{9 - n}", "train", "", f"{n:064x}") for n in range(10)]
    roles = by_role(assign_roles(rows, listed(test=count(2), validation=count(1))))
    assert (roles["test"], roles["validation"]) == (["s8", "s9"], ["s7"])


def test_shuffled_is_the_default_and_draws():
    drawn = by_role(assign_roles(clothes(), Protocol(test=count(200), validation=count(100))))
    assert Protocol().order == "shuffled"
    assert drawn["test"] != [f"{n:04d}" for n in range(805, 1005)]


@given(st.integers(3, 40), st.data())
def test_training_comes_before_validation_and_that_before_the_test(total, data):
    test = data.draw(st.integers(1, total - 2))
    validation = data.draw(st.integers(1, total - test - 1))
    protocol = listed(test=count(test), validation=count(validation))
    roles = by_role(assign_roles(singles(total), protocol))
    assert [len(roles[name]) for name in ("validation", "test")] == [validation, test]
    assert roles["train"] + roles["validation"] + roles["test"] == [
        f"s{n:03d}" for n in range(total)
    ]
