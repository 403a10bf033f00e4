"""Summaries of ``samples.tsv``, ``folds.tsv`` and the result of the leak check."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

from segbench.artefacts.folds import ROLES, read_folds
from segbench.artefacts.samples import Sample, read_samples
from segbench.errors import SegbenchError

TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class DatasetSummary:
    """Counts of a dataset's samples.

    Attributes
    ----------
    splits, sizes, kinds, classes : tuple of (str, int)
        Value and number of samples; sizes are ``height x width`` in pixels, kinds are
        channels and dtype. Sizes and kinds are sorted by frequency, the others by name.
    blanks : int
        Samples without any object or class.
    duplicates, duplicate_sets : int
        Samples whose image is byte-identical to another's, and how many such sets.
    objects : int
        Of all samples.
    objects_median : float
        Per sample that is not blank; NaN where all are blank.
    ignored : float
        Share of the labels that was not annotated, of all pixels of all samples.
    ignored_samples, partial_samples : int
        Samples in which some pixels were not annotated, and in which some classes were not.
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
    ignored: float
    ignored_samples: int
    partial_samples: int
    spacing: tuple[str, ...]


@dataclass(frozen=True)
class FoldRow:
    """One fold: (samples, groups) in each role of `ROLES`."""

    fold: str
    roles: tuple[tuple[int, int], ...]


def _frequent(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _spacings(rows: Iterable[Sample]) -> tuple[str, ...]:
    known = {row.spacing_mm[-2:] for row in rows if row.spacing_mm}
    return tuple(f"{y:.9g} {TIMES} {x:.9g} mm" for y, x in sorted(known))


def summarise_samples(path: str | Path) -> DatasetSummary:
    """Summarise a ``samples.tsv``.

    Raises
    ------
    SegbenchError
        The file is no sample sheet.
    """
    rows = read_samples(path)
    # Of classified images nothing is counted.
    objects = [row.objects or 0 for row in rows]
    images = Counter(row.image_sha256 for row in rows if row.image_sha256)
    doubles = [count for count in images.values() if count > 1]
    pixels = [prod(row.size) for row in rows]
    hidden = sum(row.ignored * area for row, area in zip(rows, pixels, strict=True))
    filled = [n for n, row in zip(objects, rows, strict=True) if row.classes]
    return DatasetSummary(
        samples=len(rows),
        groups=len({row.group for row in rows}),
        splits=tuple(sorted(Counter(row.split for row in rows).items())),
        sizes=_frequent(f" {TIMES} ".join(map(str, row.size[-2:])) for row in rows),
        kinds=_frequent(
            f"{row.channels} channel{'' if row.channels == 1 else 's'}, {row.dtype}" for row in rows
        ),
        classes=tuple(sorted(Counter(name for row in rows for name in row.classes).items())),
        blanks=sum(not row.classes for row in rows),
        duplicates=sum(doubles),
        duplicate_sets=len(doubles),
        objects=sum(objects),
        objects_median=float(median(filled)) if filled else float("nan"),
        ignored=hidden / sum(pixels),
        ignored_samples=sum(row.ignored > 0 for row in rows),
        partial_samples=sum(bool(row.annotated) for row in rows),
        spacing=_spacings(rows),
    )


def summarise_folds(path: str | Path) -> list[FoldRow]:
    """Count samples and groups in each role of each fold of a ``folds.tsv``.

    Raises
    ------
    SegbenchError
        The file is no such table.
    """
    groups: dict[tuple[int, str], list[str]] = defaultdict(list)
    for row in read_folds(path):
        groups[row.fold, row.role].append(row.group)
    return [
        FoldRow(
            str(fold),
            tuple((len(groups[fold, role]), len(set(groups[fold, role]))) for role in ROLES),
        )
        for fold in sorted({fold for fold, _ in groups})
    ]


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


def read_leaks(path: str | Path) -> tuple[str, list[tuple[str, str]]]:
    """Read the result of the leak check.

    Returns
    -------
    result : str
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
