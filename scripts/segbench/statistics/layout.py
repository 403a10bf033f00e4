"""The table for readers, before it becomes Markdown, LaTeX or HTML."""

from __future__ import annotations

from collections.abc import Sequence

from segbench.config.study import Study
from segbench.definitions import PARTS
from segbench.statistics import wording
from segbench.statistics.citations import Citation, cite
from segbench.statistics.classes import ARMS_ACROSS, class_grids
from segbench.statistics.grid import Column, Grid, Row, Table
from segbench.statistics.summary import ArmSummary, Summary


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
        Published rows stand first; differences from them are columns. Figures of classes
        are grids of their own.
    """
    published = [] if generated else [c for c in cite(study) if not c.classes]
    leading = [Column(wording.RECIPES[key], figures=False) for key in wording.varying(study)]
    if generated:
        leading.append(Column("Data", figures=False))
    columns = list(leading)
    for metric in study.metrics:
        title = wording.title_of(metric, summary)
        columns.append(Column(wording.heading(metric, summary), summary.definitions[metric]))
        columns += [
            Column(f"{title} {wording.MINUS} [{cited.number}]")
            for cited in published
            if cited.row.metric == metric
        ]
    columns += _closing_columns(summary, study)
    rows = [_published_row(cited, columns, summary) for cited in published]
    rows += [_our_row(row, summary, study, published, generated) for row in _arms(summary)]
    title = study.title + (" (generated data)" if generated else "")
    return Table(
        name,
        title,
        study.question,
        wording.answer(summary, study, generated),
        (
            Grid(title, tuple(columns), len(leading), tuple(rows)),
            *_parts(summary, study, leading, generated),
            *class_grids(summary, study, generated),
        ),
        wording.notes(summary, study, generated),
        generated,
    )


def _arms(summary: Summary) -> list[ArmSummary]:
    """Arms in the study's order; those of a sweep, too many to compare by eye, by rank."""
    if len(summary.arms) <= ARMS_ACROSS:
        return list(summary.arms)
    return sorted(summary.arms, key=lambda arm: arm.rank)


def _parts(
    summary: Summary, study: Study, leading: list[Column], generated: bool
) -> tuple[Grid, ...]:
    """Lay the parts of metrics out: the mAP at each of its thresholds, Dice and Hausdorff."""
    grids = []
    for metric in study.metrics:
        parts = [name for name in PARTS.get(metric, ()) if name in summary.definitions]
        if not parts:
            continue
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
            for row in _arms(summary)
        ]
        ids = [summary.definitions[name] for name in parts]
        if metric == "dsb_map":
            start, listed = "At each threshold", f"{ids[0]} ... {ids[-1]}"
        else:
            start, listed = f"Parts of {wording.title_of(metric, summary)}", ", ".join(ids)
        caption = f"{start}, {'generated data, ' if generated else ''}{listed}"
        columns = (*leading, *(Column(wording.heading(name, summary)) for name in parts))
        grids.append(Grid(caption, columns, len(leading), tuple(rows)))
    return tuple(grids)


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


def _our_row(
    row: ArmSummary,
    summary: Summary,
    study: Study,
    published: Sequence[Citation],
    generated: bool,
) -> Row:
    """Cells of one arm."""
    cells = _names(row, study, generated)
    for metric in study.metrics:
        one = row.estimates[metric]
        cells.append(wording.estimate(one))
        cells += [
            wording.signed(one.mean - cited.row.value)
            for cited in published
            if cited.row.metric == metric
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


def _published_row(cited: Citation, columns: list[Column], summary: Summary) -> Row:
    """Cells of a published row: its name and the one figure that was published."""
    cells = [""] * len(columns)
    cells[0] = f"published: {cited.row.method} [{cited.number}]"
    identifier = summary.definitions[cited.row.metric]
    for n, column in enumerate(columns):
        if column.identifier == identifier:
            cells[n] = wording.published_figure(cited.row)
    return Row(tuple(cells), "published")
