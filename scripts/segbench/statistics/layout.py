"""The table of a study, before it becomes CSV, Markdown, LaTeX or HTML."""

from __future__ import annotations

from collections.abc import Sequence

from segbench.metrics.registry import PARTS
from segbench.statistics import sentences, wording
from segbench.statistics.citations import Citation
from segbench.statistics.classes import ARMS_ACROSS, class_grids
from segbench.statistics.grid import Column, Grid, Row, Table
from segbench.statistics.records import records
from segbench.statistics.summary import ArmSummary, Summary


def lay_out(summary: Summary) -> Table:
    """Lay a study's results out as a table.

    Published rows stand first; differences from them are columns. Figures of classes are grids
    of their own.
    """
    study = summary.study
    title = study.title + (" (generated data)" if summary.generated else "")
    return Table(
        summary.name,
        title,
        study.question,
        sentences.answer(summary),
        (_main(summary, title), *_parts(summary), *class_grids(summary)),
        sentences.notes(summary),
        summary.generated,
        records(summary),
    )


def _main(summary: Summary, title: str) -> Grid:
    """Arms down, metrics across, published rows above."""
    cited = [one for one in summary.published if not one.classes]
    leading = _leading(summary)
    counted = count_columns(summary.study.metrics, summary)
    columns = list(leading)
    for metric in summary.study.metrics:
        name = wording.title_of(metric, summary)
        identifier = summary.metrics[metric].definition
        columns.append(Column(wording.heading(metric, summary), identifier))
        columns += [
            Column(f"{name} {wording.MINUS} [{one.number}]")
            for one in cited
            if one.row.metric == metric
        ]
        columns += [counted[metric]] if metric in counted else []
    columns += _closing_columns(summary)
    rows = [_published_row(one, columns, summary) for one in cited]
    rows += [
        _row(row, summary, _cells(row, summary, cited, counted) + _closing_cells(row, summary))
        for row in _arms(summary)
    ]
    return Grid(title, tuple(columns), len(leading), tuple(rows))


def _arms(summary: Summary) -> list[ArmSummary]:
    """Arms in the study's order; those of a sweep, too many to compare by eye, by rank."""
    if len(summary.arms) <= ARMS_ACROSS:
        return list(summary.arms)
    return sorted(summary.arms, key=lambda arm: arm.rank)


def _leading(summary: Summary) -> list[Column]:
    """Columns that name an arm."""
    names = [wording.RECIPES[key] for key in wording.varying(summary.study)]
    return [Column(name, figures=False) for name in names + ["Data"] * summary.generated]


def _row(row: ArmSummary, summary: Summary, cells: Sequence[str]) -> Row:
    """Row of an arm: its names and cells."""
    names = [getattr(row.arm, key) for key in wording.varying(summary.study)]
    names += ["generated"] * summary.generated
    best, tied = row.standing == "best", row.standing in ("best", "tied")
    return Row((*names, *cells), "ours", best, tied)


def _parts(summary: Summary) -> tuple[Grid, ...]:
    """Lay the parts of metrics out: the mAP at each of its thresholds, Dice and Hausdorff."""
    grids, leading = [], _leading(summary)
    for metric in summary.study.metrics:
        parts = [name for name in PARTS.get(metric, ()) if name in summary.metrics]
        if not parts:
            continue
        counted = count_columns(parts, summary)
        columns, rows = list(leading), []
        for name in parts:
            columns.append(Column(wording.heading(name, summary)))
            columns += [counted[name]] if name in counted else []
        for row in _arms(summary):
            cells = []
            for name in parts:
                cells.append(wording.number(row.estimates[name].own.overall.mean))
                cells += [_count(row, name, summary)] if name in counted else []
            rows.append(_row(row, summary, cells))
        ids = [summary.metrics[name].definition for name in parts]
        if metric == "dsb_map":
            start, listed = "At each threshold", f"{ids[0]} ... {ids[-1]}"
        else:
            start, listed = f"Parts of {wording.title_of(metric, summary)}", ", ".join(ids)
        caption = f"{start}, {'generated data, ' if summary.generated else ''}{listed}"
        grids.append(Grid(caption, tuple(columns), len(leading), tuple(rows)))
    return tuple(grids)


def count_columns(metrics: Sequence[str], summary: Summary) -> dict[str, Column]:
    """Columns of the number of samples, by the metric behind whose column they stand.

    Metrics in a row that have the same numbers share one.
    """
    runs: list[list[str]] = []
    for metric in metrics:
        counts = [_count(row, metric, summary) for row in summary.arms]
        if runs and counts == [_count(row, runs[-1][-1], summary) for row in summary.arms]:
            runs[-1].append(metric)
        else:
            runs.append([metric])
    common = " / in common" if len(summary.arms) > 1 else ""
    found = {}
    for run in runs:
        titles = ", ".join(wording.title_of(metric, summary) for metric in run)
        of = f" of {titles}" if len(runs) > 1 else ""
        found[run[-1]] = Column(f"Samples{of}{common}")
    return found


def _count(row: ArmSummary, metric: str, summary: Summary) -> str:
    """Number of an arm's samples, and of those that all arms have in common."""
    one = row.estimates[metric]
    several = len(summary.arms) > 1
    return wording.counts(one.own.overall.samples, one.common.overall.samples, several)


def _closing_columns(summary: Summary) -> list[Column]:
    """Columns about the primary metric: how many, how stable, which rank."""
    several = len(summary.arms) > 1
    columns = [Column("Groups / in common" if several else "Groups"), Column("Excluded")]
    if len(summary.study.seeds) > 1:
        columns.insert(0, Column("SD of seeds"))
    if several:
        if not summary.same_cases(summary.study.primary):
            columns.append(
                Column(f"{wording.heading(summary.study.primary, summary)}, common samples")
            )
        columns += [Column("Behind best"), Column("Rank"), Column("Tied with best", figures=False)]
    return columns


def _cells(
    row: ArmSummary, summary: Summary, published: Sequence[Citation], counted: dict[str, Column]
) -> list[str]:
    """Figures of one arm, what they have more than published ones, and of how many samples."""
    cells = []
    for metric in summary.study.metrics:
        one = row.estimates[metric].own.overall
        cells.append(wording.figure(one))
        cells += [
            wording.signed(one.mean - cited.row.value)
            for cited in published
            if cited.row.metric == metric
        ]
        cells += [_count(row, metric, summary)] if metric in counted else []
    return cells


def _closing_cells(row: ArmSummary, summary: Summary) -> list[str]:
    """Cells of one arm about the primary metric; see `_closing_columns`."""
    primary, several = row.estimates[summary.study.primary], len(summary.arms) > 1
    own, common = primary.own.overall, primary.common.overall
    cells = [wording.counts(own.groups, common.groups, several), str(primary.excluded)]
    if len(summary.study.seeds) > 1:
        cells.insert(0, "" if primary.seed_sd is None else wording.number(primary.seed_sd))
    if several:
        if not summary.same_cases(summary.study.primary):
            cells.append(wording.figure(common))
        behind = "" if row.behind is None else wording.figure(row.behind)
        cells += [behind, str(row.rank), wording.STANDINGS[row.standing]]
    return cells


def _published_row(cited: Citation, columns: list[Column], summary: Summary) -> Row:
    """Cells of a published row: its name and the one figure that was published."""
    cells = [""] * len(columns)
    cells[0] = f"published: {cited.row.method} [{cited.number}]"
    identifier = summary.metrics[cited.row.metric].definition
    for n, column in enumerate(columns):
        if column.identifier == identifier:
            cells[n] = wording.published_figure(cited.row)
    return Row(tuple(cells), "published")
