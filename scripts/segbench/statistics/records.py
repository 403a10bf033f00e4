"""A study's results for programs: CSV, one row per arm or published figure."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from segbench.artefacts.tsv import AGAIN
from segbench.errors import SegbenchError
from segbench.statistics.citations import Citation
from segbench.statistics.estimates import Estimate, Figure
from segbench.statistics.grid import Table
from segbench.statistics.summary import ArmSummary, Standing, Summary

Cells = dict[str, str]

_TIED: dict[Standing, str] = {
    "best": "yes",
    "tied": "yes",
    "worse": "no",
    "untested": "cannot be tested",
}


def render(table: Table) -> str:
    """Write a table as CSV: one row per record, empty where it has no such column."""
    header = list(dict.fromkeys(key for record in table.records for key in record))
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(table.records)
    return text.getvalue()


def read_records(path: str | Path, columns: Sequence[str]) -> list[Cells]:
    """Read our rows of what `render` wrote; the published ones are left out.

    Parameters
    ----------
    path : str or Path
        ``tables/STUDY.csv``.
    columns : sequence of str
        Those that it must have.

    Raises
    ------
    SegbenchError
        The file is unreadable or lacks a column.
    """
    try:
        with open(path, encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle)
            header, rows = reader.fieldnames or (), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "the table of a study", AGAIN
        ) from error
    missing = [name for name in ("kind", *columns) if name not in header]
    if missing:
        raise SegbenchError(
            f"{path}: has no column {', '.join(missing)}",
            "the table of a study, as segbench wrote it",
            AGAIN,
        )
    return [row for row in rows if row["kind"] == "ours"]


def records(summary: Summary) -> tuple[Cells, ...]:
    """Give a study's results as cells by column.

    Parameters
    ----------
    summary : Summary
        The results.

    Returns
    -------
    tuple of dict
        Figures with six decimals; empty: there is none. For each metric M (and each of its
        parts): ``M_mean``, ``M_low`` and ``M_high`` or, with few groups, ``M_points`` (the
        values of the groups), ``M_samples``, ``M_groups``, ``M_classes`` (averaged over),
        ``M_mean_common`` (over the samples that all arms have), ``M_samples_common``,
        ``M_groups_common``, ``M_classes_common``, ``M_seed_sd``, ``M_excluded``,
        ``M_definition``; with several classes the same of each as ``M[CLASS]_mean`` ...; and
        ``M_minus_published_N`` (``M[CLASS]_minus_published_N``) for the N-th citation.
    """
    rows = [_ours(row, summary) for row in summary.arms]
    return (*rows, *(_published(cited, summary) for cited in summary.published))


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.6f}"


def _ours(row: ArmSummary, summary: Summary) -> Cells:
    """Cells of one arm."""
    study = summary.study
    cells = {
        "study": summary.name,
        "kind": "ours",
        "data": "generated" if summary.generated else "publisher",
        "method": "/".join(row.arm),
        "dataset": study.dataset,
        "protocol": study.protocol,
        **row.arm._asdict(),
        "seeds": " ".join(map(str, study.seeds)),
        "primary": study.primary,
        "rank": str(row.rank),
        "tied_with_best": _TIED[row.standing],
        "p_best": _number(row.p_best),
        "p_smallest": _number(summary.smallest_p if summary.comparisons else None),
        "behind_best": _number(row.behind.mean if row.behind else None),
        **_spread("behind_best", row.behind),
        "first_share": _number(row.first_share),
        "first_groups": str(row.first_groups),
        "rank_tau": _number(summary.tau),
    }
    for metric, one in row.estimates.items():
        cells.update(_metric(metric, one))
        cells[f"{metric}_definition"] = summary.metrics[metric].definition
        cells.update(_differences(metric, one, summary))
    return cells


def _spread(key: str, one: Figure | None) -> Cells:
    """Cells of what surrounds a mean: an interval, or the values of the groups."""
    low, high = (one.interval if one else None) or (None, None)
    points = " ".join(map(_number, one.points)) if one else ""
    return {f"{key}_low": _number(low), f"{key}_high": _number(high), f"{key}_points": points}


def _metric(metric: str, one: Estimate) -> Iterator[tuple[str, str]]:
    """Cells of one metric of one arm."""
    yield from _pair(metric, one.own.overall, one.common.overall)
    yield f"{metric}_classes", str(one.own.overall.classes)
    yield f"{metric}_classes_common", str(one.common.overall.classes)
    yield f"{metric}_seed_sd", _number(one.seed_sd)
    yield f"{metric}_excluded", str(one.excluded)
    if len(one.own.by_class) > 1:
        for name, own in one.own.by_class.items():
            yield from _pair(f"{metric}[{name}]", own, one.common.by_class[name])


def _pair(key: str, own: Figure, common: Figure) -> Iterator[tuple[str, str]]:
    """Cells of a figure over the arm's own cases and over those in common."""
    yield f"{key}_mean", _number(own.mean)
    yield from _spread(key, own).items()
    yield f"{key}_samples", str(own.samples)
    yield f"{key}_groups", str(own.groups)
    yield f"{key}_mean_common", _number(common.mean)
    yield f"{key}_samples_common", str(common.samples)
    yield f"{key}_groups_common", str(common.groups)


def _differences(metric: str, one: Estimate, summary: Summary) -> Iterator[tuple[str, str]]:
    """Cells of the differences from published figures."""
    for cited in summary.published:
        if cited.row.metric != metric:
            continue
        if not cited.classes:
            difference = one.own.overall.mean - cited.row.value
            yield f"{metric}_minus_published_{cited.number}", _number(difference)
        for name in filter(one.own.by_class.__contains__, cited.classes):
            difference = one.own.by_class[name].mean - cited.classes[name].value
            yield f"{metric}[{name}]_minus_published_{cited.number}", _number(difference)


def _published(cited: Citation, summary: Summary) -> Cells:
    """Cells of a published row."""
    row = cited.row
    figures = (
        {f"{row.metric}[{key}]_mean": _number(one.value) for key, one in cited.classes.items()}
        if cited.classes
        else {f"{row.metric}_mean": _number(row.value)}
    )
    return {
        "study": summary.name,
        "kind": "published",
        "data": "publisher",
        "method": row.method,
        "dataset": summary.study.dataset,
        **figures,
        f"{row.metric}_definition": cited.definition,
        "published_number": str(cited.number),
        "published_spread": "" if cited.classes else _number(row.spread),
        "published_source": row.source,
    }
