"""A study's table as an HTML fragment."""

from __future__ import annotations

from html import escape as _escape

from segbench.statistics.grid import Column, Grid, Row, Table


def escape(text: str) -> str:
    """Make text safe between tags; quotes stay as they are."""
    return _escape(text, quote=False)


def render(table: Table) -> str:
    """Write a table as HTML.

    Parameters
    ----------
    table : Table
        Of a study.

    Returns
    -------
    str
        A ``section`` without styles or scripts. Rows carry the classes ``ours`` or
        ``published``, and ``best`` or ``tied``; cells of figures ``figure``.
    """
    lines = [
        f'<section class="study" id="study-{_escape(table.name)}">',
        f'<p class="question">{escape(table.question)}</p>',
        f'<p class="answer">{escape(table.answer)}</p>',
        *(line for grid in table.grids for line in _grid(grid)),
        '<ul class="notes">',
        *(f"<li>{escape(note)}</li>" for note in table.notes),
        "</ul>",
        "</section>",
    ]
    return "\n".join(lines) + "\n"


def _grid(grid: Grid) -> list[str]:
    return [
        "<table>",
        f"<caption>{escape(grid.caption)}</caption>",
        "<thead>",
        "<tr>",
        *(_heading(column) for column in grid.columns),
        "</tr>",
        "</thead>",
        "<tbody>",
        *(line for row in grid.rows for line in _row(row, grid)),
        "</tbody>",
        "</table>",
    ]


def _heading(column: Column) -> str:
    identifier = f"<br><code>{escape(column.identifier)}</code>" if column.identifier else ""
    style = ' class="figure"' if column.figures else ""
    return f'<th scope="col"{style}>{escape(column.heading)}{identifier}</th>'


def _row(row: Row, grid: Grid) -> list[str]:
    kind = row.kind + (" best" if row.best else " tied" if row.tied else "")
    lines = [f'<tr class="{kind}">']
    for n, (cell, column) in enumerate(zip(row.cells, grid.columns, strict=True)):
        if n < grid.leading:
            lines.append(f'<th scope="row">{escape(cell)}</th>')
        else:
            style = ' class="figure"' if column.figures else ""
            lines.append(f"<td{style}>{escape(cell)}</td>")
    return [*lines, "</tr>"]
