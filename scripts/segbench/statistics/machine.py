"""A study's table for programs: CSV, one row an arm or published figure."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

from segbench.config.study import Study
from segbench.statistics.citations import Citation, cite
from segbench.statistics.summary import ArmSummary, Estimate, Summary

Cells = dict[str, str]


def csv_text(summary: Summary, study: Study, name: str, generated: bool) -> str:
    """Write a study's results as CSV.

    Parameters
    ----------
    summary : Summary
        The results.
    study : Study
        Arms and published rows.
    name : str
        Of the study.
    generated : bool
        Whether the data were generated; then published rows are left out.

    Returns
    -------
    str
        Figures with six decimals; empty: there is none. For each metric M (and each
        of its parts): ``M_mean``, ``M_low``, ``M_high``, ``M_seed_sd``, ``M_samples``,
        ``M_groups``, ``M_excluded``, ``M_definition``, with several classes
        ``M[CLASS]_mean``, ``M[CLASS]_low`` and ``M[CLASS]_high``, and
        ``M_minus_published_N`` (``M[CLASS]_minus_published_N``) for the N-th citation.
    """
    rows = [_ours(row, summary, study, name, generated) for row in summary.arms]
    if not generated:
        rows += [_published(cited, study, name) for cited in cite(study)]
    header: list[str] = []
    for row in rows:
        header += [key for key in row if key not in header]
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _figure(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.6f}"


def _ours(row: ArmSummary, summary: Summary, study: Study, name: str, generated: bool) -> Cells:
    """Cells of one arm."""
    low, high = (row.behind[1] or (None, None)) if row.behind else (None, None)
    cells = {
        "study": name,
        "kind": "ours",
        "data": "generated" if generated else "publisher",
        "method": "/".join(row.arm),
        "dataset": study.dataset,
        "protocol": study.protocol,
        **row.arm._asdict(),
        "seeds": " ".join(map(str, study.seeds)),
        "primary": study.primary,
        "rank": str(row.rank),
        "tied_with_best": "yes" if row.tied else "no",
        "p_best": _figure(row.p_best),
        "behind_best": _figure(row.behind[0] if row.behind else None),
        "behind_best_low": _figure(low),
        "behind_best_high": _figure(high),
        "first_share": _figure(row.first_share),
        "rank_tau": _figure(summary.tau),
    }
    for metric, one in row.estimates.items():
        cells.update(_metric(metric, one, summary.definitions[metric]))
        if not generated:
            cells.update(_differences(metric, one, study))
    return cells


def _differences(metric: str, one: Estimate, study: Study) -> Iterator[tuple[str, str]]:
    """Cells of the differences from published figures."""
    for cited in cite(study):
        if cited.row.metric != metric:
            continue
        if not cited.classes:
            yield f"{metric}_minus_published_{cited.number}", _figure(one.mean - cited.row.value)
        for class_name, row in cited.classes.items():
            key = f"{metric}[{class_name}]_minus_published_{cited.number}"
            yield key, _figure(one.by_class.get(class_name, math.nan) - row.value)


def _metric(metric: str, one: Estimate, definition: str) -> Iterator[tuple[str, str]]:
    """Cells of one metric of one arm."""
    low, high = one.interval or (None, None)
    yield f"{metric}_mean", _figure(one.mean)
    yield f"{metric}_low", _figure(low)
    yield f"{metric}_high", _figure(high)
    yield f"{metric}_seed_sd", _figure(one.seed_sd)
    yield f"{metric}_samples", str(one.samples)
    yield f"{metric}_groups", str(one.groups)
    yield f"{metric}_excluded", str(one.excluded)
    yield f"{metric}_definition", definition
    if len(one.by_class) > 1:
        for class_name, mean in one.by_class.items():
            low, high = one.class_intervals[class_name] or (None, None)
            yield f"{metric}[{class_name}]_mean", _figure(mean)
            yield f"{metric}[{class_name}]_low", _figure(low)
            yield f"{metric}[{class_name}]_high", _figure(high)


def _published(cited: Citation, study: Study, name: str) -> Cells:
    """Cells of a published row."""
    row = cited.row
    figures = (
        {f"{row.metric}[{key}]_mean": _figure(one.value) for key, one in cited.classes.items()}
        if cited.classes
        else {f"{row.metric}_mean": _figure(row.value)}
    )
    return {
        "study": name,
        "kind": "published",
        "data": "publisher",
        "method": row.method,
        "dataset": study.dataset,
        **figures,
        f"{row.metric}_definition": cited.definition,
        "published_number": str(cited.number),
        "published_spread": "" if cited.classes else _figure(row.spread),
        "published_source": row.source,
    }
