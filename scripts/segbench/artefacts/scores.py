"""The scores of a run, `scores.parquet`: one row for each sample, class and metric."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from segbench.arms import RUN_LABELS
from segbench.artefacts.tsv import AGAIN
from segbench.errors import SegbenchError
from segbench.files import atomic_path

if TYPE_CHECKING:
    import pyarrow as pa

#: What differs from row to row.
NAMES = ("sample", "group", "class", "metric", "definition")
#: Columns, in the order by which rows are sorted. A figure is the sum of weight times value
#: over the sum of weights, over the rows whose value is not NaN.
COLUMNS = (*RUN_LABELS, *NAMES, "weight", "value")
#: Columns that hold no text.
_TYPES = {"seed": "int64", "weight": "float64", "value": "float64"}


class Score(NamedTuple):
    """One row without the labels of its run.

    Attributes
    ----------
    sample : str
        Id of the sample, or of the stack of slices that was scored.
    group : str
        Its group in `samples.tsv`: the unit that is resampled.
    class_name, metric, definition : str
    weight, value : float
        See `COLUMNS`; the value is NaN where the sample is left out.
    """

    sample: str
    group: str
    class_name: str
    metric: str
    definition: str
    weight: float
    value: float


@dataclass(frozen=True)
class RunScores:
    """The scores of one run.

    Attributes
    ----------
    path : str
        Of the file.
    labels : dict
        A value for each of `RUN_LABELS`: what identifies the run.
    table : pyarrow.Table
        With `COLUMNS`.
    """

    path: str
    labels: dict[str, Any]
    table: pa.Table


def write_scores(labels: dict[str, str | int], scores: Iterable[Score], path: str | Path) -> None:
    """Write the scores of a run as Parquet; the same scores give the same bytes.

    Parameters
    ----------
    labels : dict
        A value for each of `RUN_LABELS`: what identifies the run.
    scores : iterable of Score
        In any order; rows are sorted.
    path : str or Path
        Parquet with `COLUMNS`, without pandas' metadata.

    Raises
    ------
    SegbenchError
        A text cannot be encoded; file, row and column are named.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    ordered = sorted(scores, key=lambda row: row[:-2])
    columns: dict[str, list[Any]] = {name: [labels[name]] * len(ordered) for name in RUN_LABELS}
    columns |= {
        name: [row[n] for row in ordered] for n, name in enumerate(COLUMNS[len(RUN_LABELS) :])
    }
    try:
        table = pa.table(columns, schema=_schema())
    except UnicodeEncodeError as error:
        raise _unfit(columns, path) from error
    with atomic_path(path) as beside:
        pq.write_table(table, beside, compression="zstd")


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(name, _TYPES.get(name, "string")) for name in COLUMNS])


def _unfit(columns: dict[str, list[Any]], path: str | Path) -> SegbenchError:
    """Name the first cell that is no Unicode text."""
    row, column, text = next(
        (row, name, cell)
        for name, cells in columns.items()
        for row, cell in enumerate(cells, start=1)
        if isinstance(cell, str) and any("\ud800" <= letter <= "\udfff" for letter in cell)
    )
    return SegbenchError(
        f"{path}: row {row}, column {column}: {text!a} is no Unicode text",
        "text that can be encoded as UTF-8",
        f"correct the {column} where it comes from",
    )


def read_run(path: str | Path) -> RunScores:
    """Read and check the scores of one run.

    Raises
    ------
    SegbenchError
        The file cannot be read, has other columns, or holds more than one run.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        same = table.schema.equals(_schema())
        reason = "" if same else f"its columns are {', '.join(table.column_names)}"
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error)
    if reason:
        raise SegbenchError(
            f"{path}: not readable scores ({reason})",
            f"a Parquet file with the columns {', '.join(COLUMNS)}",
            AGAIN,
        )
    labels = {}
    for name in RUN_LABELS:
        values = table.column(name).unique().to_pylist()
        if len(values) != 1:
            raise SegbenchError(
                f"{path}: {len(values)} values of {name!r}", "the scores of one run", AGAIN
            )
        labels[name] = values[0]
    return RunScores(str(path), labels, table)
