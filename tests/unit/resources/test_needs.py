"""Needs are rounded up, have their margins, and grow with each attempt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segbench.resources import Needs
from segbench.resources import constants as c
from segbench.resources.needs import needs


def test_needs_are_rounded_up():
    assert needs(2000, 60 * 10, 900) == Needs(2600, 900, 30, 1, 600)
    assert needs(2000, 0).runtime_min == 10, "never less than ten minutes"
    assert needs(1, 0).mem_mb == 1000, "Snakemake itself takes 300 MB of it under Slurm"
    assert needs(1, 1e9).runtime_min == c.MAX_RUNTIME_MIN


def test_each_attempt_asks_for_more():
    first = Needs(1500, 3000, 600, 4, 99)
    assert first.at(1) == first
    assert first.at(3) == Needs(4500, 3000, 1800, 4, 99), "no more is expected of it"
    assert first.at(9).runtime_min == c.MAX_RUNTIME_MIN


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(1, 20))
def test_nothing_asks_for_less_than_is_expected(memory, seconds, margin):
    found = needs(memory, seconds, time_margin=margin)
    assert found.mem_mb >= memory + c.SNAKEMAKE_MB
    assert found.runtime_min * 60 >= seconds * margin or found.runtime_min == c.MAX_RUNTIME_MIN
    assert found.expected_s == max(round(seconds), 1)
