"""Ages and sizes in readable units."""

from __future__ import annotations

import re

from segbench.errors import SegbenchError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {
    "": 1, "B": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15,
    "KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40, "PI": 2**50,
}  # fmt: skip


def seconds_of(text: str) -> float:
    """An age in seconds.

    Raises
    ------
    SegbenchError
        It is not an age.

    Examples
    --------
    >>> seconds_of("90d"), seconds_of("12h"), seconds_of("1.5w")
    (7776000.0, 43200.0, 907200.0)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip())
    if match is None:
        raise SegbenchError(
            f"{text!r} is not an age", "a number and one of s, m, h, d, w", "write e.g. 90d"
        )
    return float(match[1]) * _SECONDS[match[2]]


def bytes_of(text: str) -> int:
    """A size in bytes; K, M, G, T are powers of 1000, KiB, MiB, ... of 1024.

    Raises
    ------
    SegbenchError
        It is not a size.

    Examples
    --------
    >>> bytes_of("500G"), bytes_of("1.5 TB"), bytes_of("2GiB"), bytes_of("0")
    (500000000000, 1500000000000, 2147483648, 0)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGTP]?I?)B?", text.strip().upper())
    if match is None or match[2] not in _BYTES:
        raise SegbenchError(
            f"{text!r} is not a size", "a number and one of K, M, G, T, KiB, ...", "write e.g. 500G"
        )
    return int(float(match[1]) * _BYTES[match[2]])


def size_text(size: float) -> str:
    """A size with three digits.

    Examples
    --------
    >>> size_text(0), size_text(999), size_text(4380), size_text(3.14e9), size_text(152e6)
    ('0 B', '999 B', '4.38 kB', '3.14 GB', '152 MB')
    """
    units = ["B", "kB", "MB", "GB", "TB", "PB"]
    while size >= 999.5 and len(units) > 1:
        size /= 1000
        del units[0]
    digits = 0 if units[0] == "B" or size >= 99.95 else 1 if size >= 9.995 else 2
    return f"{size:.{digits}f} {units[0]}"


def time_text(seconds: float) -> str:
    """A duration in the unit that fits.

    Examples
    --------
    >>> time_text(0.36), time_text(75), time_text(5400), time_text(400000)
    ('0.4 s', '1.2 min', '1.5 h', '4.6 d')
    """
    for unit, length, limit in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 86400 * 2)):
        if seconds < limit:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds / 86400:.1f} d"


def aligned(lines: list[tuple[str, ...]]) -> str:
    """Lines of cells as a table: the first column to the left, the others to the right.

    Examples
    --------
    >>> print(aligned([("stage", "entries"), ("train", "12")]))
    stage  entries
    train       12
    """
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
