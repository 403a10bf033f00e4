"""A study's table as Markdown (GitHub's)."""

from __future__ import annotations

import re

from segbench.statistics.grid import Column, Grid, Table

_STYLES = {"published": "*{}*", "best": "**{}**", "ours": "{}"}
#: What Markdown would read as markup: an underscore at a word's end, a bracket of a link.
_SPECIAL = re.compile(r"([\\`*<>|~$]|(?<!\w)_|_(?!\w)|\](?=\())")


def escape(text: str) -> str:
    r"""Make text safe in a cell or a paragraph.

    Examples
    --------
    >>> print(escape("a_b | c_"))
    a_b \| c\_
    """
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))


def render(table: Table) -> str:
    """Write a table: heading, question and answer, the table, the notes."""
    lines = [
        f"# {escape(table.title)}",
        "",
        f"**{escape(table.question)}** {escape(table.answer)}",
    ]
    for n, grid in enumerate(table.grids):
        lines += ["", *([f"{escape(grid.caption)}:", ""] if n else []), *_grid(grid)]
    lines.append("")
    lines += [f"- {escape(note)}" for note in table.notes]
    return "\n".join(lines) + "\n"


def _grid(grid: Grid) -> list[str]:
    return [
        _line([_heading(column) for column in grid.columns]),
        _line(["---:" if column.figures else "---" for column in grid.columns]),
        *(_line(row.written(_STYLES, escape)) for row in grid.rows),
    ]


def _heading(column: Column) -> str:
    identifier = f"<br>`{column.identifier}`" if column.identifier else ""
    return escape(column.heading) + identifier


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
