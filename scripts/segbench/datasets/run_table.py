"""Tables of run-length codes, as publishers write them: comma-separated, one mask per row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from segbench.errors import SegbenchError

FETCH = "fetch the table again"


def read_rows(path: Path, header: str) -> Iterator[tuple[int, list[str]]]:
    """Read a table row by row; blank lines are skipped.

    Not by the csv module: it refuses fields of more than 131,072 characters, and one publisher
    has a row of 190,000.

    Parameters
    ----------
    path : Path
        CSV in UTF-8.
    header : str
        Its first line.

    Yields
    ------
    line : int
        Number of the line, from 1.
    fields : list of str
        As many as `header` has, without quotes around them.

    Raises
    ------
    SegbenchError
        The file cannot be read, begins with another line, or a row has more or fewer fields.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SegbenchError(f"{path}: cannot be read ({error})", header, FETCH) from error
    first = lines[0].strip() if lines else ""
    if first != header:
        raise SegbenchError(f"{path}: line 1 is {first[:60]!r}", header, FETCH)
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = [field.strip().strip('"') for field in line.split(",")]
        if len(fields) != header.count(",") + 1:
            raise SegbenchError(f"{path}: line {number} has {len(fields)} fields", header, FETCH)
        yield number, fields
