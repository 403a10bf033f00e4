"""Remarks on prepared images."""

from __future__ import annotations

import logging

from segbench.imaging.remarks import EQUAL_PERCENTILES, UNKNOWN, Remarks


def test_remarks_are_counted_and_three_samples_named(caplog):
    remarks = Remarks()
    for name in ("d", "b", "a", "c", "a"):
        with remarks.on(name) as found:
            found.add(EQUAL_PERCENTILES)
    with remarks.on("e") as found:
        found |= {UNKNOWN, EQUAL_PERCENTILES}
    with remarks.on("f"):
        pass
    equal, unknown = remarks.lines(9)
    assert equal == f"5 of 9 samples: {EQUAL_PERCENTILES}: a, b, c, ..."
    assert unknown == f"1 of 9 samples: {UNKNOWN}: e"
    with caplog.at_level(logging.WARNING):
        remarks.warn(9)
    assert caplog.messages == [f"preprocess: {equal}", f"preprocess: {unknown}"]


def test_without_remarks_nothing_is_logged(caplog):
    Remarks().warn(3)
    assert not caplog.messages
