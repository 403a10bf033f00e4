"""What tables are made of, before they become CSV, Markdown, LaTeX or HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Column:
    """A column: its heading, a definition's id below it, and whether it holds figures."""

    heading: str
    identifier: str = ""
    figures: bool = True


@dataclass(frozen=True)
class Row:
    """A row: its cells, whose it is, and whether it is the best or tied with it."""

    cells: tuple[str, ...]
    kind: Literal["ours", "published"] = "ours"
    best: bool = False
    tied: bool = False

    def written(self, styles: Mapping[str, str], escape: Callable[[str], str]) -> list[str]:
        """Give the cells, escaped and in the style of the row; empty ones stay empty.

        Parameters
        ----------
        styles : mapping of str to str
            Formats for ``published``, ``best`` and all other (``ours``) rows.
        escape : callable
            Makes text safe.
        """
        style = styles["best" if self.best else self.kind]
        return [style.format(escape(cell)) if cell else "" for cell in self.cells]


@dataclass(frozen=True)
class Grid:
    """Columns and rows.

    Attributes
    ----------
    caption : str
        One line.
    columns : tuple of Column
        The first `leading` name the row.
    leading : int
        Number of columns of names.
    rows : tuple of Row
        Published rows first.
    """

    caption: str
    columns: tuple[Column, ...]
    leading: int
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        """Refuse a row that would shift its cells."""
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(
                    f"{self.caption}: {len(row.cells)} cells, {len(self.columns)} columns"
                )


@dataclass(frozen=True)
class Table:
    """A whole table: what each of the four formats is written from.

    Attributes
    ----------
    name : str
        Of the study.
    title, question, answer : str
        One line each.
    grids : tuple of Grid
        For readers: the table itself, then the parts of its metrics, then their classes.
    notes : tuple of str
        In the order in which they are printed.
    generated : bool
        Whether the data were generated.
    records : tuple of dict
        For programs: one per arm or published figure, by the columns of the CSV.
    """

    name: str
    title: str
    question: str
    answer: str
    grids: tuple[Grid, ...]
    notes: tuple[str, ...]
    generated: bool
    records: tuple[dict[str, str], ...] = ()
