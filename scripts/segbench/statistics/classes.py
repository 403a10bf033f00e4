"""The second part of a table: classes down, the published figures and the arms across."""

from __future__ import annotations

import math

from segbench.config.study import Published, Study
from segbench.definitions import define
from segbench.statistics import wording
from segbench.statistics.citations import Citation, cite, in_order
from segbench.statistics.grid import Column, Grid, Row
from segbench.statistics.summary import ArmSummary, Summary

#: More arms than this do not fit side by side; the best are shown, the CSV holds all.
ARMS_ACROSS = 6
#: With up to so many arms there is room for intervals.
ARMS_WITH_INTERVALS = 3


def class_grids(summary: Summary, study: Study, generated: bool) -> tuple[Grid, ...]:
    """Lay out one grid for each metric that has figures of several classes.

    Parameters
    ----------
    summary : Summary
        The results.
    study : Study
        Its published rows give the order of the classes.
    generated : bool
        Whether the data were generated; then published figures are left out.
    """
    cited = () if generated else cite(study)
    return tuple(
        _grid(metric, summary, study, [c for c in cited if c.classes and c.row.metric == metric],
              generated)
        for metric, identifier in summary.definitions.items()
        if len(summary.of_metric[metric]) > 1 and define(identifier).by_class
    )  # fmt: skip


def _grid(
    metric: str, summary: Summary, study: Study, cited: list[Citation], generated: bool
) -> Grid:
    arms = _across(summary)
    best = summary.arms[summary.best]
    columns = [Column("Class", figures=False)]
    columns += [Column("Data", figures=False)] * generated
    columns += [Column(f"Published [{c.number}]") for c in cited]
    columns += [Column(wording.arm_name(arm.arm, study)) for arm in arms]
    columns += [Column(f"Best {wording.MINUS} [{c.number}]") for c in cited]
    several = len(arms) <= ARMS_WITH_INTERVALS
    rows = []
    for name in in_order(summary.of_metric[metric], study):
        published = [c.classes.get(name) for c in cited]
        own = best.estimates[metric].by_class[name]
        cells = [name, *["generated"] * generated]
        cells += ["" if row is None else _published(row) for row in published]
        cells += [_cell(arm, metric, name, several) for arm in arms]
        cells += ["" if row is None else wording.signed(own - row.value) for row in published]
        rows.append(Row(tuple(cells), "ours"))
    rows.append(_mean_row(metric, arms, best, cited, generated, several))
    caption = f"By class, {'generated data, ' if generated else ''}{_caption(metric, summary)}"
    return Grid(caption, tuple(columns), 1 + generated, tuple(rows))


def _published(row: Published) -> str:
    """Format a published figure with as many decimals as ours have, or more."""
    text = wording.published_figure(row)
    return text if row.spread is not None else max(wording.number(row.value), text, key=len)


def _caption(metric: str, summary: Summary) -> str:
    text = f"{wording.heading(metric, summary)}, {summary.definitions[metric]}"
    if len(summary.arms) > ARMS_ACROSS:
        text += f"; the {ARMS_ACROSS} best of {len(summary.arms)} arms, all of them in the CSV"
    return text


def _across(summary: Summary) -> list[ArmSummary]:
    """Arms that are shown side by side: all in their order, or the best by rank."""
    if len(summary.arms) <= ARMS_ACROSS:
        return list(summary.arms)
    return sorted(summary.arms, key=lambda arm: arm.rank)[:ARMS_ACROSS]


def _cell(arm: ArmSummary, metric: str, class_name: str, with_interval: bool) -> str:
    """Figure of one arm and class."""
    one = arm.estimates[metric]
    interval = one.class_intervals[class_name] if with_interval else None
    return wording.with_interval(one.by_class[class_name], interval)


def _mean_row(
    metric: str,
    arms: list[ArmSummary],
    best: ArmSummary,
    cited: list[Citation],
    generated: bool,
    with_interval: bool,
) -> Row:
    """Mean over the classes; of published figures if all classes have one."""
    means = []
    for citation in cited:
        values = [row.value for row in citation.classes.values()]
        whole = set(citation.classes) == set(best.estimates[metric].by_class)
        means.append(sum(values) / len(values) if whole else math.nan)
    cells = ["mean over classes", *["generated"] * generated]
    cells += ["" if math.isnan(mean) else wording.number(mean) for mean in means]
    for arm in arms:
        one = arm.estimates[metric]
        cells.append(wording.with_interval(one.mean, one.interval if with_interval else None))
    own = best.estimates[metric].mean
    cells += ["" if math.isnan(mean) else wording.signed(own - mean) for mean in means]
    return Row(tuple(cells), "ours")
