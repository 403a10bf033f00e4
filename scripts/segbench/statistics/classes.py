"""The second part of a table: classes down, the published figures and the arms across."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from segbench.config.study import Published
from segbench.statistics import wording
from segbench.statistics.citations import Citation, in_order
from segbench.statistics.estimates import Figure
from segbench.statistics.grid import Column, Grid, Row
from segbench.statistics.summary import ArmSummary, Summary

#: More arms than this do not fit side by side; the best are shown, the CSV holds all.
ARMS_ACROSS = 6
#: With up to so many arms there is room for intervals.
ARMS_WITH_INTERVALS = 3


def class_grids(summary: Summary) -> Iterator[Grid]:
    """Lay out the metrics that have figures of several classes.

    For each the figures of each arm over its own cases and, where the arms differ in these, over
    the cases that they have in common. Published rows give the order of the classes.
    """
    for metric, scores in summary.metrics.items():
        if len(scores.classes) > 1 and summary.definition(metric).by_class:
            yield _own(metric, summary)
            if not summary.same_cases(metric):
                yield _common(metric, summary)


def _own(metric: str, summary: Summary) -> Grid:
    """Each arm over its own cases, with their number, beside published figures."""
    cited = [c for c in summary.published if c.classes and c.row.metric == metric]
    arms, several = _across(summary), len(summary.arms) > 1
    count = "n / in common" if several else "n"
    columns = [*_leading(summary), *(Column(f"Published [{c.number}]") for c in cited)]
    for arm in arms:
        columns += [Column(wording.arm_name(arm.arm, summary.study)), Column(count)]
    columns += [Column(f"Best {wording.MINUS} [{c.number}]") for c in cited]
    best = summary.leader.estimates[metric].own
    rows = []
    for name in in_order(summary.metrics[metric].classes, summary.study):
        published = [c.classes.get(name) for c in cited]
        cells = ["" if row is None else _published(row) for row in published]
        for arm in arms:
            one = arm.estimates[metric]
            own, common = one.own.by_class[name], one.common.by_class[name]
            cells += [
                _figure(own, arms),
                wording.counts(own.samples, common.samples, several),
            ]
        value = best.by_class[name].mean
        cells += ["" if row is None else wording.signed(value - row.value) for row in published]
        rows.append(_row(name, cells, summary))
    rows.append(_mean_row(metric, arms, cited, summary))
    return Grid(_caption("By class", metric, summary), tuple(columns), _names(summary), tuple(rows))


def _mean_row(
    metric: str, arms: Sequence[ArmSummary], cited: Sequence[Citation], summary: Summary
) -> Row:
    """Mean over the classes; of published figures if all classes have one."""
    best = summary.leader.estimates[metric].own
    means = []
    for citation in cited:
        values = [row.value for row in citation.classes.values()]
        whole = set(citation.classes) == set(best.by_class)
        means.append(sum(values) / len(values) if whole else math.nan)
    cells = ["" if math.isnan(mean) else wording.number(mean) for mean in means]
    for arm in arms:
        own, common = arm.estimates[metric].own.overall, arm.estimates[metric].common.overall
        averaged = wording.counts(own.classes, common.classes, len(summary.arms) > 1)
        cells += [_figure(own, arms), averaged + (" class" if averaged == "1" else " classes")]
    value = best.overall.mean
    cells += ["" if math.isnan(mean) else wording.signed(value - mean) for mean in means]
    return _row("mean over classes", cells, summary)


def _common(metric: str, summary: Summary) -> Grid:
    """The classes in which arms differ in their cases, over those that they have in common."""
    arms, scores = _across(summary), summary.metrics[metric]
    columns = [*_leading(summary), Column("n in common")]
    columns += [Column(wording.arm_name(arm.arm, summary.study)) for arm in arms]
    found = [arm.estimates[metric].common for arm in arms]
    rows = []
    for name in in_order(scores.uneven, summary.study):
        figures = [one.by_class[name] for one in found]
        cells = [str(figures[0].samples), *(_figure(one, arms) for one in figures)]
        rows.append(_row(name, cells, summary))
    averaged = wording.plural(found[0].overall.classes, "class", "classes")
    cells = [averaged, *(_figure(one.overall, arms) for one in found)]
    rows.append(_row("mean over classes", cells, summary))
    start = f"By class, on the samples common to {wording.all_arms(summary)} where these differ"
    caption = _caption(start, metric, summary)
    return Grid(caption, tuple(columns), _names(summary), tuple(rows))


def _leading(summary: Summary) -> list[Column]:
    return [Column(name, figures=False) for name in ["Class"] + ["Data"] * summary.generated]


def _names(summary: Summary) -> int:
    """Number of columns that name a row."""
    return len(_leading(summary))


def _row(name: str, cells: Sequence[str], summary: Summary) -> Row:
    return Row((name, *["generated"] * summary.generated, *cells))


def _figure(one: Figure, arms: Sequence[ArmSummary]) -> str:
    """Format a figure, with what surrounds it where there is room."""
    return wording.figure(one) if len(arms) <= ARMS_WITH_INTERVALS else wording.number(one.mean)


def _published(row: Published) -> str:
    """Format a published figure with as many decimals as ours have, or more."""
    text = wording.published_figure(row)
    return text if row.spread is not None else max(wording.number(row.value), text, key=len)


def _caption(start: str, metric: str, summary: Summary) -> str:
    data = ", generated data" if summary.generated else ""
    heading, identifier = wording.heading(metric, summary), summary.metrics[metric].definition
    text = f"{start}{data}, {heading}, {identifier}"
    if len(summary.arms) > ARMS_ACROSS:
        text += f"; the {ARMS_ACROSS} best of {len(summary.arms)} arms, all of them in the CSV"
    return text


def _across(summary: Summary) -> list[ArmSummary]:
    """Arms that are shown side by side: all in their order, or the best by rank."""
    if len(summary.arms) <= ARMS_ACROSS:
        return list(summary.arms)
    return sorted(summary.arms, key=lambda arm: arm.rank)[:ARMS_ACROSS]
