"""Text that a cell can hold, and text that it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.cells import lookalikes, unfit, visible


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A\u0308", "\u00c4"),
        ("\ufeffP1", "P1"),
        ("P\u00a0\u20091", "P 1"),
        (" \u200b\u00a0", ""),
        ("P1", "P1"),
        ("p1", "p1"),
        ('=1+"1"', '=1+"1"'),
    ],
)
def test_a_text_as_it_looks(text, shown):
    assert visible(text) == shown


@given(st.text())
def test_what_is_visible_looks_like_itself(text):
    assert visible(visible(text)) == visible(text)


@given(st.lists(st.text(alphabet="aA \u00a0\u200b\u0308\u00c4", max_size=3)))
def test_lookalikes_are_found_exactly_where_looks_repeat(texts):
    different = dict.fromkeys(texts)
    pairs = lookalikes(texts)
    assert len(pairs) == len(different) - len({visible(text) for text in different})
    assert all(one != other and visible(one) == visible(other) for one, other in pairs)
