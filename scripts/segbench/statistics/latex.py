"""A study's table as LaTeX with booktabs."""

from __future__ import annotations

from segbench.statistics.grid import Column, Grid, Row, Table

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
    "|": r"\textbar{}",
    "\N{MINUS SIGN}": "$-$",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{EN DASH}": "--",
    "\N{GREEK SMALL LETTER MU}": r"$\mu$",
    "\N{UPWARDS ARROW}": r"$\uparrow$",
    "\N{DOWNWARDS ARROW}": r"$\downarrow$",
    "\N{MICRO SIGN}": r"$\mu$",
    "\n": " ",
}


def escape(text: str) -> str:
    r"""Make text safe in LaTeX.

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
    caption = f"{table.title}. {table.question} {table.answer}"
    lines = [
        r"% Needs \usepackage{booktabs}.",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape(caption)}}}",
        rf"\label{{tab:{table.name}}}",
    ]
    for n, grid in enumerate(table.grids):
        lines += [*(["", r"\medskip", rf"{escape(grid.caption)}\par"] if n else []), *_grid(grid)]
    lines += [
        "",
        r"\medskip",
        r"\begin{minipage}{\linewidth}",
        r"\footnotesize",
        *(escape(note) + r"\par" for note in table.notes),
        r"\end{minipage}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _grid(grid: Grid) -> list[str]:
    published = [_line(row) for row in grid.rows if row.kind == "published"]
    identifiers = [_identifier(column) for column in grid.columns]
    return [
        rf"\begin{{tabular}}{{{''.join('r' if c.figures else 'l' for c in grid.columns)}}}",
        r"\toprule",
        " & ".join(_heading(column) for column in grid.columns) + r" \\",
        *([" & ".join(identifiers) + r" \\"] if any(identifiers) else []),
        r"\midrule",
        *published,
        *([r"\midrule"] if published else []),
        *(_line(row) for row in grid.rows if row.kind == "ours"),
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _heading(column: Column) -> str:
    return escape(column.heading)


def _identifier(column: Column) -> str:
    return rf"{{\tiny {escape(column.identifier)}}}" if column.identifier else ""


def _line(row: Row) -> str:
    style = r"\emph{%s}" if row.kind == "published" else r"\textbf{%s}" if row.best else "%s"
    text = " & ".join(style % escape(cell) if cell else "" for cell in row.cells) + r" \\"
    # After a row's end a bracket would be read as an optional argument.
    return "{}" + text if text.startswith("[") else text
