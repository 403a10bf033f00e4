"""The folds: the role of each sample in each fold of a protocol."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from segbench.artefacts.tsv import AGAIN, read_table, whole_number, write_table
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes

COLUMNS = ("sample", "group", "stratum", "fold", "role")
ROLES = ("train", "validation", "test")


@dataclass(frozen=True, order=True, slots=True)
class Assignment:
    """The role of one sample in one fold.

    Attributes
    ----------
    fold : int
        Number of the fold, from 0.
    sample, group, stratum : str
        As in the sample sheet.
    role : {"train", "validation", "test"}
        What the sample is used for.
    """

    fold: int
    sample: str
    group: str
    stratum: str
    role: str


def write_folds(rows: Iterable[Assignment], path: str | Path) -> None:
    """Write `folds.tsv`, a row for each sample that has a role in a fold.

    Parameters
    ----------
    rows : iterable of Assignment
        Written in their order.
    path : str or Path
        Tab-separated, with `COLUMNS`.
    """
    cells = ((r.sample, r.group, r.stratum, str(r.fold), r.role) for r in rows)
    write_table(path, COLUMNS, cells)


def read_folds(path: str | Path) -> list[Assignment]:
    """Read and check `folds.tsv`.

    Returns
    -------
    list of Assignment
        In the order of the table.

    Raises
    ------
    SegbenchError
        The file is no such table, a role is unknown, a sample has no group or two roles in
        a fold, or the folds are not numbered 0, 1, 2, ...
    """
    rows = read_table(path, COLUMNS, _assignment)
    first: dict[tuple[int, str], Assignment] = {}
    for row in rows:
        other = first.setdefault((row.fold, row.sample), row)
        if other is not row:
            raise SegbenchError(
                f"{path}: sample {row.sample!r} is both {other.role} and {row.role} in fold "
                f"{row.fold}",
                "one role for each sample in each fold",
                AGAIN,
            )
    numbers = sorted({row.fold for row in rows})
    if not numbers or numbers != list(range(len(numbers))):
        raise SegbenchError(f"{path}: folds {numbers}", "folds numbered 0, 1, 2, ...", AGAIN)
    return rows


def read_fold(path: str | Path, fold: int) -> dict[str, Assignment]:
    """Read what the samples of one fold are used for.

    Parameters
    ----------
    path : str or Path
        `folds.tsv`.
    fold : int
        Number of the fold.

    Returns
    -------
    dict of str to Assignment
        By sample.

    Raises
    ------
    SegbenchError
        See `read_folds`, or there is no such fold.
    """
    rows = read_folds(path)
    found = {row.sample: row for row in rows if row.fold == fold}
    if not found:
        check_has_folds(path, rows, [fold])
    return found


def check_has_folds(path: str | Path, rows: Iterable[Assignment], folds: Iterable[int]) -> None:
    """Refuse numbers of folds that are not there, and none at all."""
    present, wanted = {row.fold for row in rows}, set(folds)
    absent = sorted(wanted - present)
    if absent or not wanted:
        raise SegbenchError(
            f"{path}: has no fold {absent[0] if absent else '(none was asked for)'}",
            f"one of {', '.join(map(str, sorted(present)))}",
            "name one of them",
        )


def read_groups(path: str | Path) -> dict[str, str]:
    """Read the group of each sample from `folds.tsv`; errors as of `read_folds`."""
    return {row.sample: row.group for row in read_folds(path)}


def groups_digest(path: str | Path, samples: Iterable[str]) -> str:
    """Digest of the groups of some samples, so that others' rows rerun nothing.

    Parameters
    ----------
    path : str or Path
        `folds.tsv`.
    samples : iterable of str
        Ids.
    """
    groups = read_groups(path)
    rows = [(sample, groups.get(sample)) for sample in sorted(samples)]
    return sha256_of_bytes(json.dumps(rows).encode())


def _assignment(row: dict[str, str]) -> Assignment:
    if row["role"] not in ROLES:
        raise ValueError(f"role {row['role']!r} is none of {', '.join(ROLES)}")
    if not row["sample"] or not row["group"]:
        raise ValueError("a row without a sample or without a group")
    return Assignment(
        whole_number(row, "fold"), row["sample"], row["group"], row["stratum"], row["role"]
    )
