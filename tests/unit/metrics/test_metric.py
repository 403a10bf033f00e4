"""What a metric is: how a definition reads under a policy, and how a metric is defined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.metrics.metric import (
    EMPTY_POLICIES,
    EMPTY_VALUE,
    MASKS,
    OBJECTS,
    PIXELS,
    Definition,
)

F2 = Definition("f2", "F2", "f2/per-image", "5 TP / (5 TP + 4 FN + FP)", "Rijsbergen", "pixels")


@pytest.mark.parametrize(
    ("empty", "policy", "end", "words"),
    [
        ("pixels", "one", "/empty-one", "; 1 where both are empty, 0 where only one has pixels"),
        ("objects", "zero", "/empty-zero",
         "; 0 where both are empty, 0 where only one has objects"),
        ("surface", "one", "/empty-0mm", "; 0 mm where both are empty, the image's diagonal where "
         "only one has pixels (as the 374 mm of BraTS 2023)"),
        ("", "one", "", ""),
    ],
)  # fmt: skip
def test_a_definition_under_a_policy(empty, policy, end, words):
    found = Definition("m", "M", "m", "what", "who", empty).under(policy)
    assert (found.identifier, found.text) == (f"m{end}", f"what{words}")
    assert (found.name, found.title, found.source, found.empty) == ("m", "M", "who", empty)


@given(st.text(max_size=9).filter(lambda text: text not in EMPTY_POLICIES))
def test_another_policy_is_refused(policy):
    with pytest.raises(SegbenchError, match="policy for empty images"):
        F2.under(policy)


def test_every_policy_has_a_value_and_an_id_of_its_own():
    assert set(EMPTY_VALUE) == set(EMPTY_POLICIES)
    assert len({F2.under(policy).identifier for policy in EMPTY_POLICIES}) == 3


def test_the_tasks_are_disjoint_where_they_should_be():
    assert set(MASKS) | set(OBJECTS) == set(PIXELS)
    assert not set(MASKS) & set(OBJECTS)
