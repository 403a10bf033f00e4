from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.reporting.formats import (
    NONE,
    duration,
    energy,
    linked,
    memory,
    number,
    percent,
    slug,
    sort_value,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (119.6, "2 min 00 s"),
        (3599.6, "1 h 00 min"),
        (90000, "25 h 00 min"),
    ],
)
def test_duration(seconds: float, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize("show", [duration, memory, energy, number, percent])
@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "x", True])
def test_what_is_no_number_is_a_dash(show, value: object):
    assert show(value) == NONE
    assert sort_value(value) == ""


def test_units():
    assert memory(1023.4) == "1023 MiB"
    assert memory(1536) == "1.5 GiB"
    assert energy(3.6e6) == "1.00 kWh"
    assert percent(0.5) == "50 %"
    assert number(1234567.5, 1) == "1\u202f234\u202f567.5"
    assert sort_value(5025.0) == "5025"


def test_links():
    assert linked("see https://a.org/x?y=1&z=2.") == (
        'see <a href="https://a.org/x?y=1&amp;z=2">https://a.org/x?y=1&amp;z=2</a>.'
    )
    assert linked("10.1038/s41592-019-0612-7") == (
        '<a href="https://doi.org/10.1038/s41592-019-0612-7">10.1038/s41592-019-0612-7</a>'
    )
    assert linked("https://doi.org/10.1000/x") == (
        '<a href="https://doi.org/10.1000/x">https://doi.org/10.1000/x</a>'
    )


@given(st.text(max_size=80))
def test_linked_text_is_escaped(text: str):
    shown = str(linked(text))
    bare = re.sub(r'<a href="https?://[^"<>]*">|</a>', "", shown, flags=re.IGNORECASE)
    assert "<" not in bare
    assert linked(text).striptags() == " ".join(text.split())


@given(st.text(max_size=100))
def test_slugs_are_plain(text: str):
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", slug(text))
