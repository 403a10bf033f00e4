"""The error type: three parts, printed and pickled whole."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError, all_of

PARTS = st.tuples(st.text(), st.text(), st.text())


@given(PARTS)
def test_the_three_parts_are_printed(parts):
    error = SegbenchError(*parts)
    assert (error.what, error.expected, error.action) == parts
    what, expected, action = parts
    assert str(error) == f"{what}\n  expected: {expected}\n  what to do: {action}"


@given(PARTS)
def test_errors_pass_between_processes(parts):
    for again in (
        pickle.loads(pickle.dumps(SegbenchError(*parts))),
        copy.copy(SegbenchError(*parts)),
    ):
        assert type(again) is SegbenchError
        assert (again.what, again.expected, again.action) == parts


def test_all_three_parts_are_needed():
    with pytest.raises(TypeError, match="action"):
        SegbenchError("a.png: is empty", "a PNG image")


def test_one_error_stays_as_it_is():
    one = SegbenchError("a.png: is empty", "an image", "fetch it again")
    assert str(all_of([one])) == str(one)


def test_each_part_of_several_errors_is_said_once_in_order():
    errors = [
        SegbenchError("b.png: is empty", "an image", "fetch it again"),
        SegbenchError("a.png: is empty", "an image", "fetch it again"),
        SegbenchError("c.txt: is no image", "an image", "remove it"),
    ]
    whole = all_of(errors)
    assert whole.what == "b.png: is empty\na.png: is empty\nc.txt: is no image"
    assert whole.expected == "an image"
    assert whole.action == "fetch it again; remove it"
