"""The table stage: scores in, one table in four formats out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from segbench.config.study import Study
from segbench.files import write_text
from segbench.statistics import html, latex, markdown, records
from segbench.statistics.grid import Table
from segbench.statistics.layout import lay_out
from segbench.statistics.scores import read_scores
from segbench.statistics.summary import summarise

#: The formats by the keys of `outputs`.
RENDERERS: dict[str, Callable[[Table], str]] = {
    "csv": records.render,
    "md": markdown.render,
    "tex": latex.render,
    "html": html.render,
}


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
        The question, the arms, the published rows; checked by the configuration.
    name : str
        Of the study, for labels.
    generated : bool
        Whether the data were generated. Such a table says so in its title and in a
        column, and shows no published figure.
    outputs : mapping of str to path
        ``csv`` (one row per arm, for programs), ``md``, ``tex`` (booktabs), ``html`` (a
        fragment).

    Raises
    ------
    SegbenchError
        See `read_scores` and `summarise`.
    """
    table = lay_out(summarise(read_scores(scores, study), study, name, generated))
    for key, render in RENDERERS.items():
        write_text(outputs[key], render(table))
