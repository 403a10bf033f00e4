"""Ages and sizes are read in the units that people use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.maintenance.units import bytes_of, seconds_of
from segbench.os_errors import readable_bytes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5),
        ("2m", 120),
        ("1h", 3600),
        (" 90d ", 90 * 86400),
        ("0.5 w", 302400),
        ("2 days", 172800),
    ],
)
def test_ages(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1 month", "1 d 2 h", "1e3d"])
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
        ("2gi", 2**31),
        ("3Ki", 3072),
        ("1T", 10**12),
        ("1 pib", 2**50),
        ("2 megabytes", 2_000_000),
    ],
)
def test_sizes(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize("text", ["", "G", "-1G", "1X", "1I", "1G 2M"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(SegbenchError, match="is not a size"):
        bytes_of(text)


@given(st.integers(0, 10**15))
def test_a_printed_size_can_be_typed(size):
    assert bytes_of(readable_bytes(size)) == pytest.approx(size, rel=0.051, abs=0.5)


@given(st.integers(1, 10**6), st.sampled_from(["s", "m", "h", "d", "w"]))
def test_a_unit_multiplies(number, unit):
    assert seconds_of(f"{number}{unit}") == pytest.approx(number * seconds_of(f"1{unit}"))
