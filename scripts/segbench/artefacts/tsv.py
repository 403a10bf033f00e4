r"""Tab-separated tables: the one way in which segbench writes and reads them.

UTF-8 text with a header line; cells are separated by tabs, lines end with a line feed, and
nothing is quoted or escaped: what stands between two tabs is the text. Text that this cannot
hold (tabs, line ends and other control characters) is refused by the writer. In pandas::

    pd.read_csv(path, sep="\t", quoting=3, dtype=str, keep_default_na=False)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NoReturn, TypeVar

from segbench.cells import CONTROL, unfit
from segbench.errors import SegbenchError
from segbench.files import write_text

Row = TypeVar("Row")

#: What to do about a file of segbench's own that is not as it was written.
AGAIN = "delete the file and run the same command again"

_IN_TABLE = re.compile(f"[{CONTROL}]")
_ESCAPED = re.compile(r"\\(.)")
_NAME = re.compile(r"(?:[^\\,]|\\.)+")


def join_names(names: Iterable[str]) -> str:
    r"""Write a list of names into one cell, separated by commas.

    A comma or backslash in a name gets a backslash before it.

    Raises
    ------
    ValueError
        A name is empty.

    Examples
    --------
    >>> print(join_names(["kidney, left", "spleen"]))
    kidney\, left,spleen
    """
    listed = list(names)
    if "" in listed:
        raise ValueError("an empty name in a list")
    return ",".join(name.replace("\\", r"\\").replace(",", r"\,") for name in listed)


@lru_cache(maxsize=4096)
def split_names(cell: str) -> tuple[str, ...]:
    r"""Read what `join_names` wrote.

    Raises
    ------
    ValueError
        The cell is no such list.

    Examples
    --------
    >>> split_names(r"kidney\, left,spleen")
    ('kidney, left', 'spleen')
    """
    names = tuple(_ESCAPED.sub(r"\1", found) for found in _NAME.findall(cell))
    if (join_names(names) if names else "") != cell:
        raise ValueError(f"{cell!r} is no list of names separated by commas")
    return names


def whole_number(row: Mapping[str, str], column: str) -> int:
    """Read a cell that holds a whole number.

    Raises
    ------
    ValueError
        It holds something else.
    """
    cell = row[column]
    if not (cell.isascii() and cell.removeprefix("-").isdigit()):
        raise ValueError(f"{column} is {cell!r}, not a whole number")
    return int(cell)


def table_text(
    path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[str]], action: str = ""
) -> str:
    """Make the text of a table.

    Parameters
    ----------
    path : str or Path
        Named in errors.
    columns : sequence of str
    rows : iterable of sequence of str
        As many cells as columns.
    action : str, optional
        What the user can do about a text that no cell can hold.

    Raises
    ------
    SegbenchError
        A cell holds a tab, a line end or another control character; file, row and column
        are named.
    """
    table = [columns, *rows]
    text = "\n".join(["\t".join(cells) for cells in table]) + "\n"
    tabs = len(table) * (len(columns) - 1)
    if text.count("\n") != len(table) or text.count("\t") != tabs or _IN_TABLE.search(text):
        _refuse(path, columns, table, action)
    return text


def _refuse(
    path: str | Path, columns: Sequence[str], table: Iterable[Sequence[str]], action: str
) -> NoReturn:
    """Name the first cell that cannot be written."""
    for number, cells in enumerate(table):
        if len(cells) != len(columns):
            raise ValueError(f"{path}: row {number} has {len(cells)} cells for {columns}")
        for column, cell in zip(columns, cells, strict=True):
            if unfit(cell):
                raise SegbenchError(
                    f"{path}: row {number} ({cells[0]!a}), column {column}: {cell!a} holds "
                    f"the character {unfit(cell)}",
                    "text without tabs, line ends and other control characters",
                    action or f"remove the character where the {column} comes from",
                )
    raise ValueError(f"{path}: columns {columns}")


def write_table(
    path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[str]], action: str = ""
) -> None:
    """Write a table; parameters and errors as of `table_text`."""
    write_text(path, table_text(path, columns, rows, action))


def parse_table(
    text: str, path: str | Path, columns: Sequence[str], make: Callable[[dict[str, str]], Row]
) -> list[Row]:
    """Read the text of a table.

    Parameters
    ----------
    text : str
    path : str or Path
        Named in errors.
    columns : sequence of str
        Those that it must have, in this order.
    make : callable
        Makes a row of a mapping of column to text; raises ValueError for a wrong cell.

    Returns
    -------
    list
        What `make` made, a row for each line below the header.

    Raises
    ------
    SegbenchError
        The columns are others, a line has more or fewer cells, a cell is wrong, or the file
        was saved by a program that writes tables in another way; file and line are named.
    """
    lines = text.split("\n")
    header = lines[0].split("\t")
    if header != list(columns):
        raise SegbenchError(
            f"{path}: has the columns {', '.join(header) if text else 'none'}",
            f"the columns {', '.join(columns)}",
            AGAIN,
        )
    if lines.pop() or _IN_TABLE.search(text):
        raise SegbenchError(
            f"{path}: is cut short, or was saved by a program that ends lines in another way",
            "a table as segbench wrote it",
            AGAIN,
        )
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(header):
            raise SegbenchError(
                f"{path}: line {number} has {len(cells)} cells",
                f"{len(header)} cells, one for each column",
                AGAIN,
            )
        try:
            rows.append(make(dict(zip(header, cells, strict=True))))
        except ValueError as error:
            raise SegbenchError(
                f"{path}: line {number}: {error}", "a table as segbench wrote it", AGAIN
            ) from error
    return rows


def read_table(
    path: str | Path, columns: Sequence[str], make: Callable[[dict[str, str]], Row]
) -> list[Row]:
    """Read a table from a file; parameters and errors as of `parse_table`."""
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "a table of tab-separated UTF-8 text", AGAIN
        ) from error
    return parse_table(text, path, columns, make)
