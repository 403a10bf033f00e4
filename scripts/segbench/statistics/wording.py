"""The words and numbers of a table: figures, names of arms, notes, the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from segbench.config.study import Published, Study
from segbench.definitions import define
from segbench.statistics.scores import Arm
from segbench.statistics.summary import ArmSummary, Estimate, Summary

MINUS = "\N{MINUS SIGN}"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
DASH = "\N{EN DASH}"

#: Arm._fields as headings.
RECIPES = {"preprocessing": "Preprocessing", "augmentation": "Augmentation", "model": "Model"}


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
    lists = {
        "preprocessing": study.preprocessing,
        "augmentation": study.augmentation,
        "model": study.models,
    }
    return tuple(name for name, values in lists.items() if len(values) > 1) or ("model",)


def arm_name(arm: Arm, study: Study) -> str:
    """Name an arm by what differs between the arms."""
    return " / ".join(getattr(arm, name) for name in varying(study))


def title_of(metric: str, summary: Summary) -> str:
    """Short name of a metric."""
    return define(summary.definitions[metric]).title


def published_figure(row: Published) -> str:
    """Format a published figure as published, with its spread."""
    spread = "" if row.spread is None else f" {PLUS_MINUS} {row.spread:g}"
    return f"{row.value:g}{spread}"


def answer(summary: Summary, study: Study, generated: bool) -> str:
    """Answer "which is better?" in one sentence that says no more than the tests do."""
    best = summary.arms[summary.best]
    metric = title_of(study.primary, summary)
    figure = estimate(best.estimates[study.primary])
    where = "On generated data, " if generated else ""
    names = {id(row): arm_name(row.arm, study) for row in summary.arms}
    if len(summary.arms) == 1:
        return _start(f"{where}the only arm, {names[id(best)]}, reaches {metric} {figure}.")
    tied = [names[id(row)] for row in summary.arms if row.tied and row is not best]
    worse = [row for row in summary.arms if not row.tied]
    text = f"{where}{names[id(best)]} has the highest {metric}, {figure}"
    if not tied:
        return _start(f"{text}, and {_worse(worse, names)}.")
    text += f", but cannot be told apart from {listing(tied)}"
    return _start(f"{text}; {_worse(worse, names)}." if worse else f"{text}.")


def _worse(rows: Sequence[ArmSummary], names: dict[int, str]) -> str:
    largest = max(row.p_best or 0.0 for row in rows)
    verb = "is" if len(rows) == 1 else "are"
    listed = listing([names[id(row)] for row in rows])
    return f"{listed} {verb} worse (p {_p_value(largest)})"


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _start(text: str) -> str:
    return text[0].upper() + text[1:]


def notes(summary: Summary, study: Study, generated: bool) -> tuple[str, ...]:
    """Say what a reader must know to trust the table, one sentence or two a note."""
    lines = [_constants(summary, study), _figures(summary, study)]
    for metric in study.metrics:
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
            f"[{n}] {row.method}, published: {title_of(row.metric, summary)} "
            f"{published_figure(row)}; defined as {row.definition}; {row.source}."
            for n, row in enumerate(study.published, start=1)
        ]
    return tuple(lines)


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
    classes = len(summary.classes)
    of_class = f" of each class, then over the {classes} classes" if classes > 1 else ""
    seeds = "; a sample counts with its mean over the seeds" if len(study.seeds) > 1 else ""
    text = f"Figures: mean over samples{of_class}{seeds}"
    if best.interval is None:
        return f"{text}. No intervals: they need two groups or more, and there is one."
    return (
        f"{text}, and [{100 * study.confidence:g} % interval]: percentile bootstrap, "
        f"{study.bootstrap} resamples of the groups."
    )


def _tests(summary: Summary, study: Study) -> list[str]:
    """Say how the arms were compared, and what could have been found at all."""
    if len(summary.arms) < 2:
        return []
    level = f"{1 - study.confidence:.3g}"
    lines = [
        f"Tied: cannot be told apart from the arm with the highest "
        f"{title_of(study.primary, summary)} at the level {level}; Wilcoxon signed-rank test "
        f"paired over groups, Holm's correction for {plural(summary.comparisons, 'comparison')}."
    ]
    if summary.smallest_p >= 1 - study.confidence:
        groups = max(row.estimates[study.primary].groups for row in summary.arms)
        lines.append(
            f"With {plural(groups, 'group')} and {plural(summary.comparisons, 'comparison')} no "
            f"difference could have been found: the least possible corrected p is "
            f"{summary.smallest_p:.3g}."
        )
    if summary.tau is not None:
        first = summary.arms[summary.best]
        lines.append(
            f"Stability: {arm_name(first.arm, study)} is first in {percent(first.first_share)} of "
            f"the resamples; mean Kendall's tau of their rankings with this one is "
            f"{number(summary.tau)}."
        )
    return lines
