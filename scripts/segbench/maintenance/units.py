"""Ages and sizes as people write them, e.g. 90d and 500G."""

from __future__ import annotations

import re

import humanfriendly

from segbench.errors import SegbenchError


def seconds_of(text: str) -> float:
    """Read an age; the unit is required, so that 90 does not mean 90 seconds.

    Examples
    --------
    >>> seconds_of("90d"), seconds_of("12 hours"), seconds_of("1.5w")
    (7776000.0, 43200.0, 907200.0)
    """
    try:
        if text.strip()[-1:].isalpha():
            return float(humanfriendly.parse_timespan(text))
    except humanfriendly.InvalidTimespan:
        pass
    raise SegbenchError(
        f"{text!r} is not an age", "a number and one of s, m, h, d, w, y", "write e.g. 90d"
    )


def bytes_of(text: str) -> int:
    """Read a size in bytes; K, M, G, T are powers of 1000, Ki or KiB, ... of 1024.

    Examples
    --------
    >>> bytes_of("500G"), bytes_of("1.5 TB"), bytes_of("2GiB"), bytes_of("0")
    (500000000000, 1500000000000, 2147483648, 0)
    """
    try:
        # humanfriendly takes Ki for K.
        return int(humanfriendly.parse_size(re.sub(r"(?i)(?<=[kmgtp]i)$", "B", text.strip())))
    except humanfriendly.InvalidSize as error:
        raise SegbenchError(
            f"{text!r} is not a size", "a number and one of K, M, G, T, KiB, ...", "write e.g. 500G"
        ) from error
