"""Ages and sizes are read and written in the units that people use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.maintenance.units import aligned, bytes_of, seconds_of, size_text, time_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("2m", 120), ("1h", 3600), (" 90d ", 90 * 86400), ("0.5 w", 302400)],
)
def test_ages(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1y", "1 d 2 h", "1e3d"])
def test_what_is_no_age_is_refused(text):
    with pytest.raises(SegbenchError, match="is not an age"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("12B", 12),
        ("1k", 1000),
        ("1.5 MB", 1_500_000),
        ("2GiB", 2**31),
        ("1T", 10**12),
        ("1 pib", 2**50),
    ],
)
def test_sizes(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize("text", ["", "G", "-1G", "1X", "1 G B", "1Ki Mi", "1I"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(SegbenchError, match="is not a size"):
        bytes_of(text)


@given(st.integers(0, 10**18))
def test_a_size_comes_back_to_three_digits(size):
    assert bytes_of(size_text(size).replace("k", "K")) == pytest.approx(size, rel=0.006, abs=0.5)


@given(st.integers(0, 10**17), st.integers(0, 10**17))
def test_the_larger_size_never_reads_smaller(one, two):
    low, high = sorted((one, two))
    assert bytes_of(size_text(low)) <= bytes_of(size_text(high))


def test_times():
    assert [time_text(s) for s in (0, 59.94, 60, 3599, 3600, 172_799, 172_800)] == [
        "0.0 s", "59.9 s", "1.0 min", "60.0 min", "1.0 h", "48.0 h", "2.0 d",
    ]  # fmt: skip


def test_columns_are_aligned():
    assert aligned([("a", "1", ""), ("bcd", "100", "x")]) == "a      1\nbcd  100  x"


@given(st.integers(0, 10**17))
def test_sizes_are_short_and_right_to_three_digits(size):
    text = size_text(size)
    assert len(text) <= 8 or text.endswith("PB")
    number, unit = text.split()
    factor = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}[unit]
    assert abs(float(number) * factor - size) <= 0.006 * size


@given(st.floats(0, 1e8))
def test_times_are_positive_and_short(seconds):
    assert len(time_text(seconds)) <= 9


@given(st.lists(st.tuples(st.text("ab ", max_size=4), st.text("12", max_size=4)), min_size=1))
def test_columns_line_up(lines):
    width = max(len(first) for first, _ in lines)
    for line, (first, last) in zip(aligned(lines).split("\n"), lines, strict=True):
        assert line.startswith(first.rstrip())
        assert line.endswith(last.rstrip())
        assert len(line) <= width + 6
