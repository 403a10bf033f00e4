"""Text that a cell can hold, and text that it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.cells import unfit


@pytest.mark.parametrize("letter", ["\t", "\n", "\r", "\0", "\x0b", "\x85", "\u2028", "\ud800"])
def test_what_no_cell_can_hold(letter):
    assert unfit(f"a{letter}b") == ascii(letter)


@pytest.mark.parametrize("text", ['"A', "NA", " p5 ", "a,b", "", "'", "Größe", "\u202e", "\ufeff"])
def test_what_a_cell_can_hold(text):
    assert unfit(text) == ""


@given(st.text(st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs"])))
def test_all_that_people_write_fits(text):
    assert unfit(text) == ""


@given(st.text(st.characters(codec="utf-8")))
def test_what_fits_is_one_cell_of_one_line(text):
    if not unfit(text):
        assert len(f"{text}\tx".split("\t")) == 2
        assert f"x{text}x".splitlines() == [f"x{text}x"]
        assert text.encode().decode() == text
