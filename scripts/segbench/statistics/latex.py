"""A study's table as LaTeX with booktabs."""

from __future__ import annotations

from collections.abc import Iterable

from segbench.statistics.grid import Grid, Table

_STYLES = {"published": r"\emph{{{}}}", "best": r"\textbf{{{}}}", "ours": "{}"}

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
    r"""Write a table as a ``table`` environment for ``\input``; needs ``booktabs`` alone."""
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
    lines = [(row.kind, _line(row.written(_STYLES, escape))) for row in grid.rows]
    published = [line for kind, line in lines if kind == "published"]
    identifiers = [
        rf"{{\tiny {escape(c.identifier)}}}" if c.identifier else "" for c in grid.columns
    ]
    return [
        rf"\begin{{tabular}}{{{''.join('r' if c.figures else 'l' for c in grid.columns)}}}",
        r"\toprule",
        _line(escape(column.heading) for column in grid.columns),
        *([_line(identifiers)] if any(identifiers) else []),
        r"\midrule",
        *published,
        *([r"\midrule"] if published else []),
        *(line for kind, line in lines if kind == "ours"),
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _line(cells: Iterable[str]) -> str:
    text = " & ".join(cells) + r" \\"
    # After a row's end a bracket would be read as an optional argument.
    return "{}" + text if text.startswith("[") else text
