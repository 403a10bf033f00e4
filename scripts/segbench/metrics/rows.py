"""Scores as tidy rows in a Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segbench.arms import RUN_LABELS
from segbench.files import atomic_path

#: Columns of the scores, in the order in which rows are sorted. A figure is the sum of weight
#: times value over the sum of weights, over the rows whose value is not NaN.
COLUMNS = (*RUN_LABELS, "sample", "group", "class", "metric", "definition", "weight", "value")


def write_scores(rows: Sequence[tuple[Any, ...]], output: str | Path) -> None:
    """Write tidy rows as Parquet: sorted, without pandas' metadata, the same bytes again.

    Parameters
    ----------
    rows : sequence of tuple
        In the order of `COLUMNS`.
    output : str or Path
        The file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"seed": pa.int64(), "weight": pa.float64(), "value": pa.float64()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
    ordered = sorted(rows, key=lambda row: row[:-2])
    table = pa.table(
        {name: [row[n] for row in ordered] for n, name in enumerate(COLUMNS)}, schema=schema
    )
    with atomic_path(output) as beside:
        pq.write_table(table, beside, compression="zstd")
