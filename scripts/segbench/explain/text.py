"""An explanation as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from segbench.explain.causes import Cause
from segbench.explain.costs import Estimate
from segbench.explain.summary import Explanation, Section, StageTotal

#: At most this many causes of one kind are written out; the rest is counted.
_WRITTEN = 8

_COLUMNS = (
    "stage",
    "jobs",
    "caused",
    "follow",
    "will run",
    "may run",
    "restored",
    "GPU",
    "CPU",
    "sequential",
)

#: Ends every explanation that has costs.
_NOTE = "The estimate ignores early stopping.\n"


def text_of(explanation: Explanation) -> str:
    """An explanation as text with tables.

    Parameters
    ----------
    explanation : Explanation
        From `segbench.explain.explain`.
    """
    if not explanation.total.stages:
        return "Nothing to be done.\n"
    parts = [
        _section(f"Study {name}", section) for name, section in sorted(explanation.studies.items())
    ]
    if explanation.others.stages:
        parts.append(_section("No single study", explanation.others))
    total = explanation.total.total
    parts.append(f"Total, each job once: {_jobs(total.jobs)}\n{_cost(total)}")
    if len(explanation.studies) > 1:
        parts[-1] += "  A job that serves several studies is counted in each of them.\n"
    if total.worst_case.expected.wall:
        parts[-1] += _NOTE
    return "\n".join(parts)


def _section(title: str, section: Section) -> str:
    lines = [f"{title}: {_jobs(section.total.jobs)}", "  because"]
    causes = _causes(section.causes) or ["other jobs before them run"]
    lines += [f"    {line}" for line in causes]
    rows = [_COLUMNS, *(_row(rule, stage) for rule, stage in section.stages.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(["  " + row[0].ljust(widths[0]), *cells]))
    return "\n".join(lines) + "\n" + _cost(section.total)


def _jobs(count: int) -> str:
    return f"{count} job{'s' * (count != 1)}"


def _causes(causes: Mapping[Cause, Mapping[str, int]]) -> list[str]:
    """One line per cause; of many alike only the first."""
    alike: dict[tuple[str, tuple[tuple[str, int], ...]], list[Cause]] = {}
    for cause, rules in causes.items():
        alike.setdefault((cause.kind, tuple(rules.items())), []).append(cause)
    lines = []
    for (_, numbers), group in alike.items():
        counts = ", ".join(f"{rule} {_jobs(count)}" for rule, count in numbers)
        lines += [f"{cause.sentence()} ({counts})" for cause in group[:_WRITTEN]]
        if len(group) > _WRITTEN:
            lines.append(f"... and {len(group) - _WRITTEN} more like these ({counts})")
    return lines


def _row(rule: str, stage: StageTotal) -> tuple[str, ...]:
    fates = (stage.fates["computed"], stage.fates["open"], stage.fates["restored"])
    counts = (stage.jobs, stage.caused, stage.jobs - stage.caused, *fates)
    known = stage.unknown < stage.jobs - stage.fates["restored"] or not stage.unknown
    mark = "+?" * bool(stage.unknown)
    cost = stage.worst_case
    cells = [
        _brief(cost.expected.gpu), _brief(cost.expected.cpu), _range(cost.low, cost.high)
    ]  # fmt: skip
    cells = [f"{cell}{mark}" if known else "?" for cell in cells]
    return (rule, *(str(count) if count else "-" for count in counts), *cells)


def _long(hours: float) -> tuple[str, str]:
    """A number with two digits and its unit.

    Examples
    --------
    >>> [" ".join(_long(hours)) for hours in (0, 0.0123, 0.5, 4.56, 1234.5)]
    ['0 hours', '44 seconds', '30 minutes', '4.6 hours', '1234 hours']
    """
    for unit, size in (("seconds", 3600), ("minutes", 60)):
        if 0 < hours * size < 60:
            return f"{hours * size:.2g}", unit
    return f"{hours:.0f}" if hours >= 100 or hours == 0 else f"{hours:.2g}", "hours"


def _brief(hours: float) -> str:
    number, unit = _long(hours)
    return f"{number} {unit[0] if unit != 'minutes' else 'min'}" if hours else "0"


def _range(low: float, high: float) -> str:
    """Two numbers of hours, the unit said once where it is the same.

    Examples
    --------
    >>> _range(0.5, 0.9), _range(0.5, 4), _range(0, 0)
    ('30-54 min', '30 min-4 h', '0')
    """
    first, last = _brief(low), _brief(high)
    number, _, unit = first.partition(" ")
    return last if first == last else f"{number if last.endswith(unit) else first}-{last}"


def _hours(estimate: Estimate) -> str:
    """An estimate in words.

    Examples
    --------
    >>> from segbench.explain.costs import Hours
    >>> _hours(Estimate(Hours(2.0, 0.1, 4.0), 1.5, 3.0))
    '4 GPU-hours, 6 CPU-minutes; 2 hours sequential (1.5-3 h)'
    """
    hours = estimate.expected
    gpu, cpu = _long(hours.gpu), _long(hours.cpu)
    spread = f" ({_range(estimate.low, estimate.high)})" if hours.wall else ""
    wall = " ".join(_long(hours.wall))
    return f"{gpu[0]} GPU-{gpu[1]}, {cpu[0]} CPU-{cpu[1]}; {wall} sequential{spread}"


def _cost(total: StageTotal) -> str:
    lines = []
    for words, fate, cost in (
        ("will run", "computed", total.will_run),
        ("worst case", "open", total.worst_case),
    ):
        if total.fates[fate]:
            known = cost.expected.wall or not total.unknown
            lines.append(f"  {words}: {_hours(cost) if known else '?'}")
    if total.fates["restored"]:
        lines.append(f"  restored from the store: {_jobs(total.fates['restored'])}")
    if total.unknown:
        lines.append(f"  cost unknown, not in these sums: {_jobs(total.unknown)}")
    return "\n".join(lines) + "\n"
