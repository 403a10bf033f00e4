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
    significant,
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


@pytest.mark.parametrize(
    ("value", "digits", "factor", "text"),
    [
        (0.000123456, 3, 1, "0.000123"),
        (12.3456, 3, 1, "12.3"),
        (12.0, 3, 1, "12"),
        (1234.56, 3, 1, "1\u202f235"),
        (0.6543, 4, 1, "0.6543"),
        (0.125, 3, 100, "12.5"),
        (-0.5, 3, 1, "-0.5"),
        (0, 3, 1, "0"),
    ],
)
def test_significant_digits(value: float, digits: int, factor: float, text: str):
    assert significant(value, digits, factor) == text


@given(st.floats(1e-6, 1e6))
def test_significant_digits_are_close_to_the_value(value: float):
    shown = float(significant(value).replace("\u202f", ""))
    assert shown == pytest.approx(value, rel=0.006)


@given(st.floats(0, 1e7))
def test_durations_are_close_to_the_value(seconds: float):
    units = {"s": 1, "min": 60, "h": 3600}
    words = duration(seconds).split()
    total = sum(float(n) * units[unit] for n, unit in zip(words[::2], words[1::2], strict=True))
    assert total == pytest.approx(seconds, rel=0.01, abs=0.051)


@given(st.integers(-(10**12), 10**12))
def test_numbers_are_grouped_by_thousands(value: int):
    groups = number(value).lstrip("-").split("\u202f")
    assert all(len(group) == 3 for group in groups[1:])
    assert 1 <= len(groups[0]) <= 3
    assert int("".join(groups)) == abs(value)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_columns_are_sorted_by_their_values(first: float, second: float):
    if abs(first - second) > 1e-4 * max(abs(first), abs(second), 1):
        assert (float(sort_value(first)) < float(sort_value(second))) == (first < second)
