"""Clusters of images that look alike, found by the exploration and used as strata of folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from segbench.artefacts.tsv import read_table, whole_number, write_table

COLUMNS = ("sample", "cluster")


def write_appearance(clusters: Mapping[str, int], samples: Iterable[str], path: str | Path) -> None:
    """Write the cluster of each sample.

    Parameters
    ----------
    clusters : mapping of str to int
        Sample -> number of its cluster, from 1.
    samples : iterable of str
        All samples of the dataset; the cell of one without cluster is empty.
    path : str or Path
        `appearance.tsv`, tab-separated, with `COLUMNS`, sorted by sample.
    """
    write_table(path, COLUMNS, [(name, str(clusters.get(name, ""))) for name in sorted(samples)])


def read_appearance(path: str | Path) -> dict[str, int | None]:
    """Read the cluster of each sample; None where it was not opened.

    Raises
    ------
    SegbenchError
        The file is no such table.
    """
    return dict(read_table(path, COLUMNS, _cluster))


def _cluster(row: dict[str, str]) -> tuple[str, int | None]:
    return row["sample"], whole_number(row, "cluster") if row["cluster"] else None
