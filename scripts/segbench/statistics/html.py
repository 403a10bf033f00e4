"""A study's table as an HTML fragment."""

from __future__ import annotations

from html import escape

from segbench.statistics.layout import Column, Row, Table


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
        f'<section class="study" id="study-{escape(table.name)}">',
        f'<p class="question">{escape(table.question)}</p>',
        f'<p class="answer">{escape(table.answer)}</p>',
        "<table>",
        f"<caption>{escape(table.title)}</caption>",
        "<thead>",
        "<tr>",
        *(_heading(column) for column in table.columns),
        "</tr>",
        "</thead>",
        "<tbody>",
        *(line for row in table.rows for line in _row(row, table)),
        "</tbody>",
        "</table>",
        '<ul class="notes">',
        *(f"<li>{escape(note)}</li>" for note in table.notes),
        "</ul>",
        "</section>",
    ]
    return "\n".join(lines) + "\n"


def _heading(column: Column) -> str:
    identifier = f"<br><code>{escape(column.identifier)}</code>" if column.identifier else ""
    style = ' class="figure"' if column.figures else ""
    return f'<th scope="col"{style}>{escape(column.heading)}{identifier}</th>'


def _row(row: Row, table: Table) -> list[str]:
    kind = row.kind + (" best" if row.best else " tied" if row.tied else "")
    lines = [f'<tr class="{kind}">']
    for n, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True)):
        if n < table.leading:
            lines.append(f'<th scope="row">{escape(cell)}</th>')
        else:
            style = ' class="figure"' if column.figures else ""
            lines.append(f"<td{style}>{escape(cell)}</td>")
    return [*lines, "</tr>"]
