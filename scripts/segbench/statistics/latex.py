"""A study's table as LaTeX with booktabs."""

from __future__ import annotations

from segbench.statistics.layout import Column, Row, Table

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "[": "{[}",
    "]": "{]}",
    "\N{MINUS SIGN}": "$-$",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{EN DASH}": "--",
    "\N{GREEK SMALL LETTER MU}": r"$\mu$",
    "\N{MICRO SIGN}": r"$\mu$",
    "\n": " ",
}


def escape(text: str) -> str:
    r"""Make text safe in LaTeX.

    Brackets are wrapped, or one after ``\\`` would be read as an optional argument.

    Examples
    --------
    >>> print(escape("a_b 95 %"))
    a\_b 95 \%
    """
    return "".join(_ESCAPES.get(character, character) for character in text)


def render(table: Table) -> str:
    r"""Write a table as LaTeX.

    Parameters
    ----------
    table : Table
        Of a study.

    Returns
    -------
    str
        A ``table`` environment for ``\input``; needs ``booktabs`` alone.
    """
    layout = "".join("r" if column.figures else "l" for column in table.columns)
    ours = [row for row in table.rows if row.kind == "ours"]
    published = [row for row in table.rows if row.kind == "published"]
    body = [_line(row) for row in published]
    if published:
        body.append(r"\midrule")
    body += [_line(row) for row in ours]
    lines = [
        r"% Needs \usepackage{booktabs}.",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape(table.title)}. {escape(table.question)} {escape(table.answer)}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{{layout}}}",
        r"\toprule",
        " & ".join(_heading(column) for column in table.columns) + r" \\",
        " & ".join(_identifier(column) for column in table.columns) + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        "",
        r"\medskip",
        r"\begin{minipage}{\linewidth}",
        r"\footnotesize",
        *(escape(note) + r"\par" for note in table.notes),
        r"\end{minipage}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _heading(column: Column) -> str:
    return escape(column.heading)


def _identifier(column: Column) -> str:
    return rf"{{\tiny {escape(column.identifier)}}}" if column.identifier else ""


def _line(row: Row) -> str:
    style = r"\emph{%s}" if row.kind == "published" else r"\textbf{%s}" if row.best else "%s"
    return " & ".join(style % escape(cell) if cell else "" for cell in row.cells) + r" \\"
