"""Figures, counts and names of arms as a table prints them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from segbench.arms import Recipes
from segbench.config.study import Published, Study
from segbench.statistics.estimates import Figure
from segbench.statistics.summary import Standing, Summary

MINUS = "\N{MINUS SIGN}"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
DASH = "\N{EN DASH}"
UP, DOWN = "\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"

#: Headings of the columns that name an arm.
RECIPES = {name: name.capitalize() for name in Recipes._fields}
#: How an arm compares with the best, in a cell.
STANDINGS: dict[Standing, str] = {
    "best": "best",
    "tied": "tied",
    "worse": "no",
    "untested": "cannot be tested",
}


def number(value: float) -> str:
    """Format a score with three decimals and a true minus sign; a dash for NaN."""
    if math.isnan(value):
        return DASH
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text.replace("-", MINUS)


def signed(value: float) -> str:
    """Format a difference with its sign."""
    text = number(value)
    return text if text.startswith(MINUS) or text in (DASH, "0.000") else f"+{text}"


def figure(one: Figure) -> str:
    """Format a mean with its interval, or with the values of the groups.

    Examples
    --------
    >>> figure(Figure(0.5, (0.25, 0.75), (), 9, 9)), figure(Figure(0.5, None, (0.25, 0.75), 2, 2))
    ('0.500 [0.250, 0.750]', '0.500 {0.250, 0.750}')
    """
    if one.interval is not None:
        return f"{number(one.mean)} [{', '.join(map(number, one.interval))}]"
    if one.points:
        return f"{number(one.mean)} {{{', '.join(map(number, one.points))}}}"
    return number(one.mean)


def counts(own: int, common: int, several: bool) -> str:
    """Format a count of an arm and, with several arms, what they have in common."""
    return f"{own} / {common}" if several else str(own)


def all_arms(summary: Summary) -> str:
    """Say "all arms" with their number."""
    return "both arms" if len(summary.arms) == 2 else f"all {len(summary.arms)} arms"


def percent(share: float) -> str:
    """Format a share without decimals."""
    return f"{100 * share:.0f} %"


def plural(count: int, one: str, many: str = "") -> str:
    """Count things.

    Examples
    --------
    >>> plural(1, "group"), plural(7, "group"), plural(2, "class", "classes")
    ('1 group', '7 groups', '2 classes')
    """
    return f"{count} {one}" if count == 1 else f"{count} {many or f'{one}s'}"


def listing(words: Sequence[str]) -> str:
    """Join words as a list.

    Examples
    --------
    >>> listing(["a", "b", "c"])
    'a, b and c'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def varying(study: Study) -> tuple[str, ...]:
    """Which recipes differ between the arms; the model if none does."""
    columns = zip(Recipes._fields, zip(*study.rows(), strict=True), strict=True)
    return tuple(name for name, values in columns if len(set(values)) > 1) or ("model",)


def arm_name(arm: Recipes, study: Study) -> str:
    """Name an arm by what differs between the arms."""
    return " / ".join(getattr(arm, name) for name in varying(study))


def title_of(metric: str, summary: Summary) -> str:
    """Short name of a metric."""
    return summary.definition(metric).title


def mixed(summary: Summary) -> bool:
    """Whether lower is better of any of the figures; then headings say which way."""
    return not all(summary.definition(metric).higher_is_better for metric in summary.metrics)


def heading(metric: str, summary: Summary) -> str:
    """Short name of a metric, with an arrow to the better end where some differ."""
    title = title_of(metric, summary)
    if not mixed(summary):
        return title
    return f"{title} {UP if summary.definition(metric).higher_is_better else DOWN}"


def published_figure(row: Published) -> str:
    """Format a published figure as published, with its spread."""
    spread = "" if row.spread is None else f" {PLUS_MINUS} {row.spread:g}"
    return f"{row.value:g}{spread}"
