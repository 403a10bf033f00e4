"""The table for readers, before it becomes Markdown, LaTeX or HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segbench.config.study import Published, Study
from segbench.statistics import wording
from segbench.statistics.summary import ArmSummary, Summary


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
    kind: Literal["ours", "published"]
    best: bool = False
    tied: bool = False


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


@dataclass(frozen=True)
class Table:
    """A whole table.

    Attributes
    ----------
    name : str
        Of the study.
    title, question, answer : str
        One line each.
    grids : tuple of Grid
        The table itself, and a second one where a metric has parts.
    notes : tuple of str
        In the order in which they are printed.
    """

    name: str
    title: str
    question: str
    answer: str
    grids: tuple[Grid, ...]
    notes: tuple[str, ...]


def lay_out(summary: Summary, study: Study, name: str, generated: bool) -> Table:
    """Lay a study's results out as a table.

    Parameters
    ----------
    summary : Summary
        The results.
    study : Study
        The question, the metrics and the published rows.
    name : str
        Of the study.
    generated : bool
        Whether the data were generated; then published rows are left out.

    Returns
    -------
    Table
        Published rows stand first; differences from them are columns.
    """
    published = () if generated else study.published
    leading = [Column(wording.RECIPES[key], figures=False) for key in wording.varying(study)]
    if generated:
        leading.append(Column("Data", figures=False))
    columns = list(leading)
    for metric in study.metrics:
        title = wording.title_of(metric, summary)
        columns.append(Column(title, summary.definitions[metric]))
        columns += [
            Column(f"{title} {wording.MINUS} [{n}]")
            for n, row in enumerate(published, start=1)
            if row.metric == metric
        ]
    columns += _closing_columns(summary, study)
    rows = [_published_row(row, n, columns, summary) for n, row in enumerate(published, start=1)]
    rows += [_our_row(row, summary, study, generated) for row in summary.arms]
    title = study.title + (" (generated data)" if generated else "")
    return Table(
        name,
        title,
        study.question,
        wording.answer(summary, study, generated),
        (
            Grid(title, tuple(columns), len(leading), tuple(rows)),
            *_parts(summary, study, leading, generated),
        ),
        wording.notes(summary, study, generated),
    )


def _parts(
    summary: Summary, study: Study, leading: list[Column], generated: bool
) -> tuple[Grid, ...]:
    """Lay the parts of a metric out: the mAP at each of its thresholds."""
    parts = [name for name in summary.definitions if name not in study.metrics]
    if not parts:
        return ()
    titles = [wording.title_of(name, summary) for name in parts]
    ids = f"{summary.definitions[parts[0]]} ... {summary.definitions[parts[-1]]}"
    rows = [
        Row(
            (
                *_names(row, study, generated),
                *(wording.number(row.estimates[name].mean) for name in parts),
            ),
            "ours",
            row is summary.arms[summary.best],
            row.tied,
        )
        for row in summary.arms
    ]
    caption = f"At each threshold, {'generated data, ' if generated else ''}{ids}"
    columns = (*leading, *(Column(title) for title in titles))
    return (Grid(caption, columns, len(leading), tuple(rows)),)


def _names(row: ArmSummary, study: Study, generated: bool) -> list[str]:
    """Cells that name an arm."""
    return [getattr(row.arm, key) for key in wording.varying(study)] + ["generated"] * generated


def _closing_columns(summary: Summary, study: Study) -> list[Column]:
    """Columns about the primary metric: how many, how stable, which rank."""
    columns = [Column("Samples"), Column("Groups"), Column("Excluded")]
    if len(study.seeds) > 1:
        columns.insert(0, Column("SD of seeds"))
    if len(summary.arms) > 1:
        columns += [Column("Behind best"), Column("Rank"), Column("Tied with best", figures=False)]
    return columns


def _our_row(row: ArmSummary, summary: Summary, study: Study, generated: bool) -> Row:
    """Cells of one arm."""
    cells = _names(row, study, generated)
    for metric in study.metrics:
        one = row.estimates[metric]
        cells.append(wording.estimate(one))
        if not generated:
            cells += [
                wording.signed(one.mean - other.value)
                for other in study.published
                if other.metric == metric
            ]
    primary = row.estimates[study.primary]
    if len(study.seeds) > 1:
        cells.append("" if primary.seed_sd is None else wording.number(primary.seed_sd))
    cells += [str(primary.samples), str(primary.groups), str(primary.excluded)]
    best = row is summary.arms[summary.best]
    if len(summary.arms) > 1:
        cells.append("" if row.behind is None else wording.with_interval(*row.behind))
        cells += [str(row.rank), "best" if best else "tied" if row.tied else "no"]
    return Row(tuple(cells), "ours", best, row.tied)


def _published_row(row: Published, place: int, columns: list[Column], summary: Summary) -> Row:
    """Cells of a published row: its name and the one figure that was published."""
    cells = [""] * len(columns)
    cells[0] = f"published: {row.method} [{place}]"
    identifier = summary.definitions[row.metric]
    for n, column in enumerate(columns):
        if column.identifier == identifier:
            cells[n] = wording.published_figure(row)
    return Row(tuple(cells), "published")
