"""The sample sheet, as far as the folds need it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from segbench.errors import SegbenchError

#: What a sheet must have for its samples to be put into folds.
COLUMNS = ("sample", "group", "split", "stratum", "image_sha256")


@dataclass(frozen=True, order=True)
class Sample:
    """One row of the sample sheet.

    Attributes
    ----------
    sample : str
        Id, unique in the sheet.
    group : str
        Samples of one group (patient, source image, duplicates) never part.
    split : str
        The publisher's own split, ``train`` or ``test``.
    stratum : str
        What `Protocol.stratify` balances over the folds; may be empty.
    image_sha256 : str
        Digest of the image; equal images have equal digests.
    """

    sample: str
    group: str
    split: str = "train"
    stratum: str = ""
    image_sha256: str = ""


def read_table(path: str | Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a tab-separated file and insist on some of its columns.

    Parameters
    ----------
    path : str or Path
        UTF-8, one header line.
    columns : sequence of str
        Columns that must be there. Others are read too.

    Returns
    -------
    list of dict
        One a line, all values as text.

    Raises
    ------
    SegbenchError
        The file is missing, lacks a column, or a line is cut short.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            rows = list(reader)
            header = list(reader.fieldnames or [])
    except (OSError, UnicodeDecodeError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})",
            "a tab-separated UTF-8 file",
            "delete it and run the same command again",
        ) from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise SegbenchError(
            f"{path}: column {missing[0]!r} is missing (it has: {', '.join(header) or 'none'})",
            f"the columns {', '.join(columns)}",
            "delete the file and run the same command again",
        )
    for number, row in enumerate(rows, start=2):
        if None in row or any(value is None for value in row.values()):
            raise SegbenchError(
                f"{path}: line {number} does not have {len(header)} fields",
                "one field a column",
                "delete the file and run the same command again",
            )
    return rows


def read_samples(path: str | Path) -> list[Sample]:
    """Read a sample sheet.

    Parameters
    ----------
    path : str or Path
        `samples.tsv`.

    Returns
    -------
    list of Sample
        Sorted by id, whatever the order of the rows.

    Raises
    ------
    SegbenchError
        The sheet is unreadable or empty, an id occurs twice or is empty, a group is
        empty, or a split is neither ``train`` nor ``test``.
    """
    rows = read_table(path, COLUMNS)
    samples = sorted(Sample(**{name: row[name] for name in COLUMNS}) for row in rows)
    check_samples(samples, str(path))
    return samples


def with_appearance(samples: Iterable[Sample], path: str | Path | None) -> list[Sample]:
    """Replace the strata of samples by the clusters of images that look alike.

    Parameters
    ----------
    samples : iterable of Sample
    path : str or Path or None
        TSV with the columns sample and cluster.

    Raises
    ------
    SegbenchError
        There is no such table, or a sample has no cluster in it.
    """
    if path is None:
        raise SegbenchError(
            "stratify_by: appearance, but no clusters are given",
            "the exploration's appearance.tsv",
            "run the exploration of the dataset, or set `stratify_by: stratum`",
        )
    clusters = {row["sample"]: row["cluster"] for row in read_table(path, ("sample", "cluster"))}
    result = []
    for row in samples:
        if row.sample not in clusters:
            raise SegbenchError(
                f"{path}: sample {row.sample!r} is in no cluster",
                "a row for each sample",
                "delete the table and run the same command again",
            )
        result.append(replace(row, stratum=f"appearance-{clusters[row.sample]}"))
    return result


def check_samples(samples: Iterable[Sample], where: str) -> None:
    """Refuse sheets that cannot be put into folds.

    Raises
    ------
    SegbenchError
        See `read_samples`.
    """
    seen: set[str] = set()
    for row in samples:
        if not row.sample or not row.group:
            empty = "sample" if not row.sample else "group"
            raise SegbenchError(
                f"{where}: sample {row.sample!r} (group {row.group!r}) has no {empty}",
                "an id and a group for each sample; a sample alone is its own group",
                "correct the dataset's reader or its sheet",
            )
        if row.sample in seen:
            raise SegbenchError(
                f"{where}: sample {row.sample!r} occurs twice",
                "unique sample ids",
                "rename or remove one of the two in the raw data",
            )
        if row.split not in ("train", "test"):
            raise SegbenchError(
                f"{where}: sample {row.sample!r} has split {row.split!r}",
                "train or test",
                "correct the dataset's reader or its sheet",
            )
        seen.add(row.sample)
    if not seen:
        raise SegbenchError(
            f"{where}: no samples",
            "at least one sample a role",
            "look whether the raw folder is empty",
        )
