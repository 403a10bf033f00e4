"""The sentences of a table: its answer, and the notes below it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from segbench.metrics.registry import PARTS
from segbench.statistics.citations import Citation
from segbench.statistics.estimates import MIN_GROUPS, Figure
from segbench.statistics.summary import ArmSummary, Summary
from segbench.statistics.wording import (
    DOWN,
    RECIPES,
    UP,
    all_arms,
    arm_name,
    figure,
    listing,
    mixed,
    number,
    percent,
    plural,
    published_figure,
    title_of,
    varying,
)

#: More names than this are counted, not listed, in a sentence.
NAMED = 6

#: Fewer groups than this, and percentile intervals cover less than they promise: of the
#: mean of normal values, 87 % with 7 groups, 92 % with 20 instead of 95 %.
FEW_GROUPS = 20


def answer(summary: Summary) -> str:
    """Answer "which is better?" in one sentence that says no more than the tests do."""
    study, best = summary.study, summary.leader

    def named(rows: Sequence[ArmSummary]) -> str:
        return _named([arm_name(row.arm, study) for row in rows])

    reached = best.estimates[study.primary].common.overall
    told = f"{title_of(study.primary, summary)} {figure(reached)}"
    start = "On generated data, the" if summary.generated else "The"
    if len(summary.arms) == 1:
        return f"{start} only arm, {arm_name(best.arm, study)}, reaches {told}."
    if not summary.same_cases(study.primary):
        told += " over the cases common to all arms"
    text = f"{start} arm {arm_name(best.arm, study)} is first with {told}"
    if not summary.testable:
        return f"{text}; {_untestable(summary)}."
    tied, untested, worse = (
        [row for row in summary.arms if row.standing == standing]
        for standing in ("tied", "untested", "worse")
    )
    if tied:
        others = "any other" if len(tied) == len(summary.arms) - 1 > 1 else named(tied)
        text += f", but cannot be told apart from {others}"
    if untested:
        text += f"; the difference from {named(untested)} cannot be tested"
    if worse:
        text += f"{';' if tied or untested else ', and'} {_worse(worse, named(worse))}"
    return f"{text}."


def _untestable(summary: Summary) -> str:
    """Say that no test could have told the arms apart."""
    return (
        f"with {plural(summary.groups, 'group')} and {plural(summary.comparisons, 'comparison')} "
        f"no difference can be tested (smallest attainable p {summary.smallest_p:.3g})"
    )


def _worse(rows: Sequence[ArmSummary], names: str) -> str:
    largest = max(row.p_best or 0.0 for row in rows)
    told = "< 0.001" if largest < 0.001 else f"= {largest:.3f}"
    return f"{names} {'is' if len(rows) == 1 else 'are'} worse (p {told})"


def _named(names: Sequence[str], many: str = "other arms") -> str:
    """List names, or count them where there are many."""
    return listing(names) if len(names) <= NAMED else f"{len(names)} {many}"


def notes(summary: Summary) -> tuple[str, ...]:
    """Say what a reader must know to trust the table: one or two sentences per note."""
    lines = [_constants(summary), _figures(summary), *_spreads(summary), *_cases(summary)]
    for metric in _explained(summary):
        definition = summary.definition(metric)
        identifier = summary.metrics[metric].definition
        lines.append(f"{identifier}: {definition.text} ({definition.source}).")
    lines += _tests(summary)
    published = summary.study.published
    if summary.generated:
        lines.append(
            "The data are generated: a miniature in the publisher's format, which says whether "
            "the pipeline works and nothing about the publisher's data."
        )
        if published:
            lines.append(
                f"{plural(len(published), 'published row')} left out: figures reached on "
                "the publisher's data are not comparable with generated data."
            )
    lines += [
        f"[{cited.number}] {cited.row.method}, published: "
        f"{title_of(cited.row.metric, summary)} {_cited(cited)}; defined as "
        f"{cited.definition}; {cited.row.source}."
        for cited in summary.published
    ]
    return tuple(lines)


def _explained(summary: Summary) -> list[str]:
    """Metrics whose definitions are printed: not those of every threshold again."""
    found = []
    for metric in summary.study.metrics:
        parts = PARTS.get(metric, ()) if metric != "dsb_map" else ()
        found += [metric, *(name for name in parts if name in summary.metrics)]
    return found


def _cited(cited: Citation) -> str:
    """The figure, or of how many classes there is one."""
    if not cited.classes:
        return published_figure(cited.row)
    return f"of {len(cited.classes)} classes" if len(cited.classes) > 1 else "of one class"


def _constants(summary: Summary) -> str:
    """Say what all arms have in common."""
    study = summary.study
    shared = [
        f"{name} {getattr(summary.arms[0].arm, name)}"
        for name in RECIPES
        if name not in varying(study)
    ]
    seeds = f"seed{'s' * (len(study.seeds) > 1)} {listing([str(seed) for seed in study.seeds])}"
    parts = [f"Dataset {study.dataset}", f"protocol {study.protocol}", *shared, seeds]
    return ", ".join(parts) + (", folds predicted together." if study.ensemble else ".")


def _figures(summary: Summary) -> str:
    """Say what a figure is."""
    seeds = (
        " (a sample counts with its mean over the seeds)" if len(summary.study.seeds) > 1 else ""
    )
    text = f"Figures: mean over samples{seeds}{_over_classes(summary)}."
    if mixed(summary):
        text += f" {UP}: higher is better, {DOWN}: lower."
    return text


def _over_classes(summary: Summary) -> str:
    """Say of which figures the mean is one over classes, and over how many."""
    averaged = {
        metric: len(summary.metrics[metric].classes)
        for metric in summary.study.metrics
        if len(summary.metrics[metric].classes) > 1 and not summary.definition(metric).class_weights
    }
    if not averaged:
        return ""
    counts = sorted(set(averaged.values()))
    text = f" of each class, then over the {' or '.join(map(str, counts))} classes"
    if len(averaged) == len(summary.study.metrics):
        return text
    return f"{text} ({listing([title_of(metric, summary) for metric in averaged])})"


def _printed(summary: Summary) -> Iterator[Figure]:
    """Figures that are printed with what surrounds them."""
    for row in summary.arms:
        yield from filter(None, [row.behind])
        for metric in summary.study.metrics:
            own = row.estimates[metric].own
            yield from (own.overall, *own.by_class.values())


def _spreads(summary: Summary) -> Iterator[str]:
    """Say what intervals and points are, and why there are points."""
    study, printed = summary.study, list(_printed(summary))
    groups = [one.groups for one in printed if one.interval is not None]
    if groups:
        text = (
            f"[{100 * study.confidence:g} % interval]: percentile bootstrap, "
            f"{study.bootstrap} resamples of the groups."
        )
        if min(groups) < FEW_GROUPS:
            text += f" With only {min(groups)} groups such intervals are too narrow."
        yield text
    if any(one.points for one in printed):
        yield (
            "{...}: the value of each group, sorted by group name, where fewer than "
            f"{MIN_GROUPS} groups have one. A bootstrap interval over so few covers far less "
            "than it claims: in simulations with normal values 84 % with 5 groups and 76 % with "
            "3 instead of 95 % (see Hesterberg 2015, doi:10.1080/00031305.2015.1089789)."
        )
    if not groups and not any(one.points for one in printed):
        yield "No intervals: there is only one group."


def _cases(summary: Summary) -> Iterator[str]:
    """Say what is counted, and over what arms are compared."""
    study = summary.study
    if len(summary.arms) > 1:
        yield (
            "Samples, groups and n: how many have a value for the arm / how many have one for "
            f"{all_arms(summary)}. Each figure is over the arm's own samples; differences, ranks, "
            "tests and stability are over the common ones, so arms are compared on the same cases."
        )
    if any(scores.pooled for scores in summary.metrics.values()):
        yield (
            "Pooled figures count every sample, including those without the class: the pool is the "
            "same for all arms."
        )
    if len(study.metrics) > 1:
        yield f"Groups and Excluded refer to {title_of(study.primary, summary)}."
    yield from _missing_classes(summary)


def _missing_classes(summary: Summary) -> Iterator[str]:
    """Say where a mean over classes is one of fewer classes than there are."""
    study = summary.study
    for metric in study.metrics:
        classes = summary.metrics[metric].classes
        title = title_of(metric, summary)
        lacking: dict[tuple[str, ...], list[str]] = {}
        for row in summary.arms:
            own = row.estimates[metric].own.by_class
            absent = tuple(name for name in classes if math.isnan(own[name].mean))
            lacking.setdefault(absent, []).append(arm_name(row.arm, study))
        for absent, arms in lacking.items():
            if absent:
                who = "" if len(lacking) == 1 else f" of {_named(arms, 'arms')}"
                yield (
                    f"{title}{who} averages {len(classes) - len(absent)} of {len(classes)} "
                    f"classes: no sample has a value for {_named(absent, 'others')}."
                )
        shared = summary.leader.estimates[metric].common.by_class
        apart = [name for name in classes if math.isnan(shared[name].mean)]
        if metric == study.primary and len(apart) > min(map(len, lacking)):
            yield (
                f"{title} is compared over {len(classes) - len(apart)} of {len(classes)} classes: "
                f"the arms share no sample with a value for {_named(apart, 'others')}."
            )


def _tests(summary: Summary) -> list[str]:
    """Say how the arms were compared, and what could have been found at all."""
    if len(summary.arms) < 2:
        return []
    study = summary.study
    level = f"{1 - study.confidence:.3g}"
    end = "highest" if summary.definition(study.primary).higher_is_better else "lowest"
    test = (
        "Wilcoxon signed-rank test paired over groups, Holm's correction for "
        f"{plural(summary.comparisons, 'comparison')}"
    )
    first = f"the arm with the {end} {title_of(study.primary, summary)}"
    if summary.testable:
        lines = [f"Tied: cannot be told apart from {first} at the level {level}; {test}."]
    else:
        lines = [f"Not tested at the level {level}: {_untestable(summary)}; {test}."]
    what = "its interval is not corrected for the number of comparisons"
    if any(row.behind and row.behind.points for row in summary.arms):
        what = "in braces that of each group"
    lines.append(f"Behind best: paired difference from the best arm; {what}.")
    name, leader = arm_name(summary.leader.arm, study), summary.leader
    if leader.first_share is None or summary.tau is None:
        lines.append(
            f"Stability: {name} is first in {leader.first_groups} of "
            f"{plural(summary.groups, 'group')}; too few groups to resample."
        )
    else:
        lines.append(
            f"Stability: {name} is first in {percent(leader.first_share)} of the resamples; mean "
            f"Kendall's tau of their rankings with this one is {number(summary.tau)}."
        )
    return lines
