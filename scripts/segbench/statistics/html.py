"""A study's table as the HTML fragment that the report takes in as it is."""

from __future__ import annotations

from html import escape
from pathlib import Path

from segbench.errors import SegbenchError
from segbench.statistics.grid import Column, Grid, Row, Table

#: Stands before the answer where the data are generated.
BADGE = '<span class="badge generated">generated data</span> '
_START, _END = '<div class="study">', "</div>\n"


def render(table: Table) -> str:
    """Write a table as HTML.

    Parameters
    ----------
    table : Table
        Of a study.

    Returns
    -------
    str
        A ``div`` without styles, scripts or links, its text escaped. Each table stands in
        a frame that scrolls. Rows carry the classes ``ours`` or ``published``, and ``best``
        or ``tied``; cells of figures ``figure``. Title and question are left to the page
        around it.
    """
    badge = BADGE if table.generated else ""
    lines = [
        _START,
        f'<p class="answer">{badge}{_text(table.answer)}</p>',
        *(line for grid in table.grids for line in _grid(grid)),
        '<ul class="notes">',
        *(f"<li>{_text(note)}</li>" for note in table.notes),
        "</ul>",
    ]
    return "\n".join(lines) + f"\n{_END}"


def read_fragment(path: str | Path) -> str:
    """Read what `render` wrote.

    Raises
    ------
    SegbenchError
        The file is unreadable or not a whole fragment.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        reason = "" if text.startswith(_START) and text.endswith(_END) else "cut short"
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error)
    if reason:
        raise SegbenchError(
            f"{path}: not the table of a study ({reason})",
            "the HTML fragment that the table stage writes",
            "delete it and run again",
        )
    return text


def _text(text: str) -> str:
    """Make text safe between tags; quotes stay as they are."""
    return escape(text, quote=False)


def _grid(grid: Grid) -> list[str]:
    return [
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(grid.caption)}">',
        "<table>",
        f'<caption><span class="stay">{_text(grid.caption)}</span></caption>',
        "<thead>",
        "<tr>",
        *(_heading(column) for column in grid.columns),
        "</tr>",
        "</thead>",
        "<tbody>",
        *(line for row in grid.rows for line in _row(row, grid)),
        "</tbody>",
        "</table>",
        "</div>",
    ]


def _heading(column: Column) -> str:
    identifier = f"<br><code>{_text(column.identifier)}</code>" if column.identifier else ""
    style = ' class="figure"' if column.figures else ""
    return f'<th scope="col"{style}>{_text(column.heading)}{identifier}</th>'


def _row(row: Row, grid: Grid) -> list[str]:
    kind = row.kind + (" best" if row.best else " tied" if row.tied else "")
    lines = [f'<tr class="{kind}">']
    for n, (cell, column) in enumerate(zip(row.cells, grid.columns, strict=True)):
        if n < grid.leading:
            lines.append(f'<th scope="row">{_text(cell)}</th>')
        else:
            style = ' class="figure"' if column.figures else ""
            lines.append(f"<td{style}>{_text(cell)}</td>")
    return [*lines, "</tr>"]
