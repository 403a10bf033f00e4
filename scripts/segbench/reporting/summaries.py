"""What ``samples.tsv``, ``folds.tsv`` and the leak verdict say, in few numbers."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from segbench.errors import SegbenchError

SAMPLE_COLUMNS = (
    "sample",
    "group",
    "split",
    "classes",
    "objects",
    "height",
    "width",
    "channels",
    "dtype",
    "spacing_y_mm",
    "spacing_x_mm",
    "image_sha256",
)
FOLD_COLUMNS = ("sample", "group", "fold", "role")
TIMES = "\N{MULTIPLICATION SIGN}"
ROLES = ("train", "validation", "test")


@dataclass(frozen=True)
class DatasetSummary:
    """A dataset in numbers.

    Attributes
    ----------
    splits, sizes, kinds, classes : tuple of (str, int)
        Value and number of samples; sizes are ``height x width`` in pixels, kinds are
        channels and dtype. The most frequent comes first, but splits and classes go by name.
    blanks : int
        Samples without any object or class.
    duplicates, duplicate_sets : int
        Samples whose image is byte-identical to another's, and how many such sets.
    objects : int
        Of all samples.
    objects_median : float
        Per sample that is not blank; NaN where all are blank.
    spacing : tuple of str
        Distinct pixel sizes ``y x x mm``; empty where unknown.
    """

    samples: int
    groups: int
    splits: tuple[tuple[str, int], ...]
    sizes: tuple[tuple[str, int], ...]
    kinds: tuple[tuple[str, int], ...]
    classes: tuple[tuple[str, int], ...]
    blanks: int
    duplicates: int
    duplicate_sets: int
    objects: int
    objects_median: float
    spacing: tuple[str, ...]


@dataclass(frozen=True)
class FoldRow:
    """One fold: (samples, groups) in each role of `ROLES`."""

    fold: str
    roles: tuple[tuple[int, int], ...]


def read_tsv(path: str | Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Read a tab-separated table with a header.

    Parameters
    ----------
    path : str or Path
        UTF-8.
    columns : iterable of str
        Those it must have.

    Raises
    ------
    SegbenchError
        The file is unreadable, lacks a column, or a row has another number of cells.
    """
    try:
        with open(path, encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
            rows = list(reader)
            header = reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "a tab-separated table", "delete it and run again"
        ) from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise SegbenchError(
            f"{path}: has no column {', '.join(missing)}",
            f"the columns {', '.join(columns)}",
            "delete it and run again",
        )
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise SegbenchError(
                f"{path}: line {number} has another number of cells than the header",
                f"{len(header)} cells",
                "delete it and run again",
            )
    return rows


def _number(path: str | Path, line: int, row: dict[str, str], name: str) -> int:
    try:
        return int(row[name])
    except ValueError as error:
        raise SegbenchError(
            f"{path}: line {line}: {name} is {row[name]!r}", "an integer", "delete it and run again"
        ) from error


def _frequent(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _spacings(rows: list[dict[str, str]]) -> tuple[str, ...]:
    known = {(r["spacing_y_mm"], r["spacing_x_mm"]) for r in rows if r["spacing_y_mm"]}
    return tuple(f"{y} {TIMES} {x} mm" for y, x in sorted(known))


def summarise_samples(path: str | Path) -> DatasetSummary:
    """Summarise a ``samples.tsv``.

    Parameters
    ----------
    path : str or Path
        With the columns of `SAMPLE_COLUMNS`.

    Raises
    ------
    SegbenchError
        The file is no such table.
    """
    rows = read_tsv(path, SAMPLE_COLUMNS)
    # Of classified images nothing is counted: the cell is empty.
    objects = [
        _number(path, line, row, "objects") if row["objects"] else 0
        for line, row in enumerate(rows, start=2)
    ]
    images = Counter(row["image_sha256"] for row in rows if row["image_sha256"])
    doubles = [count for count in images.values() if count > 1]
    classes = Counter(name for row in rows for name in row["classes"].split(",") if name)
    filled = [n for n, row in zip(objects, rows, strict=True) if row["classes"]]
    return DatasetSummary(
        samples=len(rows),
        groups=len({row["group"] for row in rows}),
        splits=tuple(sorted(Counter(row["split"] for row in rows).items())),
        sizes=_frequent(f"{row['height']} {TIMES} {row['width']}" for row in rows),
        kinds=_frequent(
            f"{row['channels']} channel{'' if row['channels'] == '1' else 's'}, {row['dtype']}"
            for row in rows
        ),
        classes=tuple(sorted(classes.items())),
        blanks=sum(not row["classes"] for row in rows),
        duplicates=sum(doubles),
        duplicate_sets=len(doubles),
        objects=sum(objects),
        objects_median=float(median(filled)) if filled else float("nan"),
        spacing=_spacings(rows),
    )


def _fold_order(fold: str) -> tuple[int, int, str]:
    return (0, int(fold), "") if fold.isdecimal() else (1, 0, fold)


def summarise_folds(path: str | Path) -> list[FoldRow]:
    """Count samples and groups in each role of each fold of a ``folds.tsv``.

    Parameters
    ----------
    path : str or Path
        With the columns of `FOLD_COLUMNS`.

    Raises
    ------
    SegbenchError
        The file is no such table, or names an unknown role.
    """
    rows = read_tsv(path, FOLD_COLUMNS)
    for line, row in enumerate(rows, start=2):
        if row["role"] not in ROLES:
            raise SegbenchError(
                f"{path}: line {line}: role is {row['role']!r}",
                f"one of {', '.join(ROLES)}",
                "delete it and run again",
            )
    result = []
    for fold in sorted({row["fold"] for row in rows}, key=_fold_order):
        counts = []
        for role in ROLES:
            members = [r for r in rows if r["fold"] == fold and r["role"] == role]
            counts.append((len(members), len({r["group"] for r in members})))
        result.append(FoldRow(fold, tuple(counts)))
    return result


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    SegbenchError
        The file is unreadable or holds something else.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "a JSON object", "delete it and run again"
        ) from error
    if not isinstance(data, dict):
        raise SegbenchError(
            f"{path}: holds a {type(data).__name__}", "a JSON object", "delete it and run again"
        )
    return data


def read_verdict(path: str | Path) -> tuple[str, list[tuple[str, str]]]:
    """Read the leak check's verdict.

    Returns
    -------
    verdict : str
        ``clean``, or ``unknown`` where the file does not say.
    checked : list of (str, str)
        What was counted.
    """
    data = read_json(path)
    checked = data.get("checked")
    items = sorted(checked.items()) if isinstance(checked, dict) else []
    return str(data.get("verdict", "unknown")), [
        (str(key).replace("_", " "), str(value)) for key, value in items
    ]
