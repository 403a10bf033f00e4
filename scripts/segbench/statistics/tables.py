"""The table stage: scores in, one table in four formats out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from segbench.config.study import Study
from segbench.errors import SegbenchError
from segbench.files import write_text
from segbench.statistics import html, latex, markdown
from segbench.statistics.layout import lay_out
from segbench.statistics.machine import csv_text
from segbench.statistics.scores import read_scores
from segbench.statistics.summary import summarise

#: The keys of `outputs`.
FORMATS = ("csv", "md", "tex", "html")


def write_tables(
    scores: Sequence[str | Path],
    study: Study,
    name: str,
    generated: bool,
    outputs: Mapping[str, str | Path],
) -> None:
    """Summarise the scores of a study and write its table.

    Parameters
    ----------
    scores : sequence of str or Path
        Parquet files of all arms, seeds and folds.
    study : Study
        The question, the arms, the published rows.
    name : str
        Of the study, for labels and anchors.
    generated : bool
        Whether the data were generated. Such a table says so in its title and in a
        column, and shows no published figure.
    outputs : mapping of str to path
        ``csv`` (one row an arm, for programs), ``md``, ``tex`` (booktabs), ``html`` (a
        fragment).

    Raises
    ------
    SegbenchError
        See `read_scores` and `summarise`; or a format is missing in `outputs`, or a
        published row is of a metric or class that the study does not have.
    """
    missing = [key for key in FORMATS if key not in outputs]
    if missing:
        raise SegbenchError(
            f"study {name}: no output for {missing[0]!r}",
            f"paths for {', '.join(FORMATS)}",
            "name all four in the rule",
        )
    for row in study.published:
        if row.metric not in study.metrics:
            raise SegbenchError(
                f"study {name}: the published row {row.method!r} has the metric {row.metric!r}",
                f"one of the study's metrics: {', '.join(study.metrics)}",
                "correct `published` or `metrics` in the study",
            )
    summary = summarise(read_scores(scores, study), study)
    for row in () if generated else study.published:
        if row.of_class is not None and row.of_class not in summary.of_metric[row.metric]:
            raise SegbenchError(
                f"study {name}: the published row {row.method!r} is of the class {row.of_class!r}",
                f"one of {', '.join(summary.of_metric[row.metric])}",
                "correct `of_class` in the study's `published`",
            )
    table = lay_out(summary, study, name, generated)
    write_text(outputs["csv"], csv_text(summary, study, name, generated))
    write_text(outputs["md"], markdown.render(table))
    write_text(outputs["tex"], latex.render(table))
    write_text(outputs["html"], html.render(table))
