"""The words and numbers of a table: figures, names of arms, notes, the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from segbench.arms import Recipes
from segbench.config.study import Published, Study
from segbench.definitions import PARTS, define
from segbench.statistics.citations import Citation, cite
from segbench.statistics.summary import ArmSummary, Estimate, Summary

MINUS = "\N{MINUS SIGN}"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
DASH = "\N{EN DASH}"
UP, DOWN = "\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"

#: More arms than this are counted, not named, in a sentence.
NAMED = 6

#: Fewer groups than this, and percentile intervals cover less than they promise: of the
#: mean of normal values, 84 % with 5 groups, 89 % with 7, 92 % with 20 instead of 95 %.
FEW_GROUPS = 20
#: Headings of the columns that name an arm.
RECIPES = {name: name.capitalize() for name in Recipes._fields}


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


def with_interval(mean: float, interval: tuple[float, float] | None) -> str:
    """Format a mean with its interval."""
    if interval is None:
        return number(mean)
    return f"{number(mean)} [{number(interval[0])}, {number(interval[1])}]"


def estimate(one: Estimate) -> str:
    """Format the mean of an arm with its interval."""
    return with_interval(one.mean, one.interval)


def percent(share: float) -> str:
    """Format a share without decimals."""
    return f"{100 * share:.0f} %"


def plural(count: int, one: str) -> str:
    """Count things.

    Examples
    --------
    >>> plural(1, "group"), plural(7, "group")
    ('1 group', '7 groups')
    """
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


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
    return define(summary.definitions[metric]).title


def mixed(summary: Summary) -> bool:
    """Whether lower is better of any of the figures; then headings say which way."""
    return not all(define(one).higher_is_better for one in summary.definitions.values())


def heading(metric: str, summary: Summary) -> str:
    """Short name of a metric, with an arrow to the better end where some differ."""
    title = title_of(metric, summary)
    if not mixed(summary):
        return title
    return f"{title} {UP if define(summary.definitions[metric]).higher_is_better else DOWN}"


def published_figure(row: Published) -> str:
    """Format a published figure as published, with its spread."""
    spread = "" if row.spread is None else f" {PLUS_MINUS} {row.spread:g}"
    return f"{row.value:g}{spread}"


def answer(summary: Summary, study: Study, generated: bool) -> str:
    """Answer "which is better?" in one sentence that says no more than the tests do."""
    best = summary.arms[summary.best]
    names = {id(row): arm_name(row.arm, study) for row in summary.arms}
    figure = f"{title_of(study.primary, summary)} {estimate(best.estimates[study.primary])}"
    start = "On generated data, the" if generated else "The"
    if len(summary.arms) == 1:
        return f"{start} only arm, {names[id(best)]}, reaches {figure}."
    tied = [names[id(row)] for row in summary.arms if row.tied and row is not best]
    worse = [row for row in summary.arms if not row.tied]
    text = f"{start} arm {names[id(best)]} is first with {figure}"
    if not tied:
        return f"{text}, and {_worse(worse, names)}."
    others = _named(tied) if worse or len(tied) == 1 else "any other"
    text += f", but cannot be told apart from {others}"
    if worse:
        return f"{text}; {_worse(worse, names)}."
    return f"{text}{_why_not(summary, study)}."


def _why_not(summary: Summary, study: Study) -> str:
    """Say so where no test could have told the arms apart."""
    if summary.smallest_p < 1 - study.confidence:
        return ""
    groups = max(row.estimates[study.primary].groups for row in summary.arms)
    return (
        f": with {plural(groups, 'group')} and {plural(summary.comparisons, 'comparison')} no "
        f"difference could have passed the test (least possible p {summary.smallest_p:.3g})"
    )


def _worse(rows: Sequence[ArmSummary], names: dict[int, str]) -> str:
    largest = max(row.p_best or 0.0 for row in rows)
    verb = "is" if len(rows) == 1 else "are"
    listed = _named([names[id(row)] for row in rows])
    return f"{listed} {verb} worse (p {_p_value(largest)})"


def _named(names: Sequence[str]) -> str:
    """List arms, or count them where there are many."""
    return listing(names) if len(names) <= NAMED else f"{len(names)} other arms"


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def notes(summary: Summary, study: Study, generated: bool) -> tuple[str, ...]:
    """Say what a reader must know to trust the table, one sentence or two a note."""
    lines = [_constants(summary, study), _figures(summary, study)]
    for metric in _explained(summary, study):
        identifier = summary.definitions[metric]
        definition = define(identifier)
        lines.append(f"{identifier}: {definition.text} ({definition.source}).")
    lines += _tests(summary, study)
    if generated:
        lines.append(
            "The data are generated: a miniature in the publisher's format, which says whether "
            "the pipeline works and nothing about the publisher's data."
        )
        if study.published:
            lines.append(
                f"{plural(len(study.published), 'published row')} left out: figures reached on "
                "the publisher's data are not comparable with generated data."
            )
    else:
        lines += [
            f"[{cited.number}] {cited.row.method}, published: "
            f"{title_of(cited.row.metric, summary)} {_cited(cited)}; defined as "
            f"{cited.definition}; {cited.row.source}."
            for cited in cite(study)
        ]
    return tuple(lines)


def _explained(summary: Summary, study: Study) -> list[str]:
    """Metrics whose definitions are printed: not those of every threshold again."""
    found = []
    for metric in study.metrics:
        parts = PARTS.get(metric, ()) if metric != "dsb_map" else ()
        found += [metric, *(name for name in parts if name in summary.definitions)]
    return found


def _cited(cited: Citation) -> str:
    """The figure, or of how many classes there is one."""
    if not cited.classes:
        return published_figure(cited.row)
    return f"of {len(cited.classes)} classes" if len(cited.classes) > 1 else "of one class"


def _constants(summary: Summary, study: Study) -> str:
    """Say what all arms have in common."""
    shared = [
        f"{name} {getattr(summary.arms[0].arm, name)}"
        for name in RECIPES
        if name not in varying(study)
    ]
    seeds = listing([str(seed) for seed in study.seeds])
    word = "seed" if len(study.seeds) == 1 else "seeds"
    parts = [f"Dataset {study.dataset}", f"protocol {study.protocol}", *shared, f"{word} {seeds}"]
    return ", ".join(parts) + (", folds predicted together." if study.ensemble else ".")


def _figures(summary: Summary, study: Study) -> str:
    """Say what a figure and its interval are."""
    best = summary.arms[summary.best].estimates[study.primary]
    of_class = _over_classes(summary, study)
    seeds = " (a sample counts with its mean over the seeds)" if len(study.seeds) > 1 else ""
    text = f"Figures: mean over samples{seeds}{of_class}"
    if best.interval is None:
        return f"{text}. No intervals: they need two groups or more, and there is one."
    text += (
        f" and [{100 * study.confidence:g} % interval]: percentile bootstrap, "
        f"{study.bootstrap} resamples of the groups."
    )
    if best.groups < FEW_GROUPS:
        text += f" Of only {best.groups} groups such intervals are rather too narrow."
    if mixed(summary):
        text += f" {UP}: higher is better, {DOWN}: lower."
    if len(study.metrics) > 1:
        text += f" Samples, groups and excluded: of {title_of(study.primary, summary)}."
    return text


def _over_classes(summary: Summary, study: Study) -> str:
    """Say where figures are means over classes."""
    if define(summary.definitions[study.primary]).class_weights:
        return ""
    if len(summary.classes) > 1:
        return f" of each class, then over the {len(summary.classes)} classes"
    several = any(
        len(summary.of_metric[metric]) > 1 and not define(identifier).class_weights
        for metric, identifier in summary.definitions.items()
    )
    return " of each class, then over classes where there are some" if several else ""


def _tests(summary: Summary, study: Study) -> list[str]:
    """Say how the arms were compared, and what could have been found at all."""
    if len(summary.arms) < 2:
        return []
    level = f"{1 - study.confidence:.3g}"
    higher = define(summary.definitions[study.primary]).higher_is_better
    lines = [
        f"Tied: cannot be told apart from the arm with the {'highest' if higher else 'lowest'} "
        f"{title_of(study.primary, summary)} at the level {level}; Wilcoxon signed-rank test "
        f"paired over groups, Holm's correction for {plural(summary.comparisons, 'comparison')}"
        f"{_why_not(summary, study)}.",
        "Behind best: paired difference from that arm, its interval not corrected for the number "
        "of comparisons.",
    ]
    if summary.tau is not None:
        first = summary.arms[summary.best]
        lines.append(
            f"Stability: {arm_name(first.arm, study)} is first in {percent(first.first_share)} of "
            f"the resamples; mean Kendall's tau of their rankings with this one is "
            f"{number(summary.tau)}."
        )
    return lines
