"""Which samples a fold trains on and which it is validated on. No Keras here."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from segbench.archives import ArchiveSet
from segbench.config.model import Training
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes


class Roles(dict[str, str]):
    """Role of each source sample in one fold.

    Attributes
    ----------
    groups : dict of str to str
        Group of each source sample.
    """

    def __init__(self, roles: dict[str, str], groups: dict[str, str] | None = None) -> None:
        super().__init__(roles)
        self.groups = groups or {}


class Selection(NamedTuple):
    """Sample ids, sorted: what is trained on, and what chooses the epoch."""

    training: list[str]
    validation: list[str]


def read_roles(folds: str | Path, fold: int) -> Roles:
    """Role of each source sample in one fold.

    Parameters
    ----------
    folds : path
        TSV with the columns sample, fold and role (train, validation, test); of the column
        group, where it is there, the groups.
    fold : int
        Which fold.

    Returns
    -------
    Roles
        Sample -> role, with the groups.

    Raises
    ------
    SegbenchError
        If the file lacks a column or the fold.
    """
    with open(folds, encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    missing = {"sample", "fold", "role"} - set(rows[0] if rows else ())
    if missing:
        raise SegbenchError(
            f"{folds}: has no column {', '.join(sorted(missing))}",
            "a table of folds with the columns sample, fold, role",
            "delete it and run the same command again",
        )
    here = [row for row in rows if row["fold"] == str(fold)]
    if not here:
        present = ", ".join(sorted({row["fold"] for row in rows}))
        raise SegbenchError(f"{folds}: has no fold {fold}", f"one of {present}", "name one of them")
    return Roles(
        {row["sample"]: row["role"] for row in here},
        {row["sample"]: row.get("group") or row["sample"] for row in here},
    )


def share_of(groups: Iterable[str], share: float) -> set[str]:
    """A part of some groups, always the same; a smaller part is a part of a larger one.

    Parameters
    ----------
    groups : iterable of str
        Names; repetitions do not matter.
    share : float
        In 0...1, rounded to whole groups, half a group upwards, but at least one.

    Returns
    -------
    set of str
        The first ones in the order of the names' SHA-256: no seed enters, so every arm of
        a study learns from the same part.

    Examples
    --------
    >>> half = share_of("abcdefgh", 0.5)
    >>> len(half), share_of("abcdefgh", 0.1) < half
    (4, True)
    """
    order = sorted(set(groups), key=lambda name: hashlib.sha256(name.encode()).digest())
    return set(order[: max(1, int(share * len(order) + 0.5))])


def has_objects(archives: ArchiveSet, sample: str) -> bool:
    """Whether a sample shows any class: by its record, else by its label."""
    classes = archives.record(sample).get("classes")
    if classes is None:
        return bool((archives.read(sample, "label") != 0).any())
    background = archives.attributes.get("background")
    return any(name != background for name in classes)


def select(
    archives: ArchiveSet, roles: dict[str, str], training: Training | None = None
) -> Selection:
    """Choose the samples: copies go by their source's role, validation takes originals only.

    Parameters
    ----------
    archives : ArchiveSet
        Samples whose record names their `source`.
    roles : Roles or dict
        Role of each source.
    training : Training, optional
        Its `share` and `empty_images`, which apply to the training samples alone; None: all.

    Returns
    -------
    training, validation : list of str
        Sample ids, sorted.

    Raises
    ------
    SegbenchError
        If a sample of the folds is in no archive, or nothing is left to train on.
    """
    used = _used_sources(roles, training)
    chosen, validation, sources = [], [], set()
    for sample in archives:
        source = archives.record(sample).get("source", sample)
        sources.add(source)
        role = roles.get(source)
        if role == "train" and source in used:
            chosen.append(sample)
        elif role == "validation" and sample == source:
            validation.append(sample)
    absent = sorted(s for s, role in roles.items() if role != "test" and s not in sources)
    if absent:
        raise SegbenchError(
            f"sample {absent[0]!r} is in the folds but in no archive ({len(absent)} such)",
            "archives made from the same samples as the folds",
            "run the same command again; the archives or the folds are stale",
        )
    if not chosen:
        raise SegbenchError(
            "the fold has no training samples", "at least one", "check the protocol"
        )
    if training is not None and training.empty_images == "drop":
        chosen = _with_objects(archives, chosen)
    return Selection(chosen, validation)


def _used_sources(roles: dict[str, str], training: Training | None) -> set[str]:
    """The training sources that the recipe's share keeps."""
    sources = [sample for sample, role in roles.items() if role == "train"]
    if training is None or training.share == 1:
        return set(sources)
    groups = getattr(roles, "groups", {})
    kept = share_of((groups.get(s, s) for s in sources), training.share)
    return {s for s in sources if groups.get(s, s) in kept}


def _with_objects(archives: ArchiveSet, samples: list[str]) -> list[str]:
    kept = [sample for sample in samples if has_objects(archives, sample)]
    if not kept:
        raise SegbenchError(
            f"all {len(samples)} training samples are empty and are dropped",
            "at least one sample that shows a class",
            "set the model recipe's `training.empty_images: keep`, or a larger `training.share`",
        )
    return kept


def selection_digest(
    archives: Sequence[str | Path],
    folds: str | Path,
    fold: int,
    training: Training | None = None,
) -> str:
    """One digest over all that a training reads, so that other changes rerun nothing.

    Parameters
    ----------
    archives, folds, fold
        As for `train`.
    training : Training, optional
        As for `select`.

    Returns
    -------
    str
        SHA-256 over role, id and content of the training and validation samples, and
        over the archives' attributes.
    """
    samples = ArchiveSet(archives)
    chosen, validation = select(samples, read_roles(folds, fold), training)
    rows = [("train", s, samples.digest(s)) for s in chosen]
    rows += [("validation", s, samples.digest(s)) for s in validation]
    return sha256_of_bytes(json.dumps([samples.attributes, rows], sort_keys=True).encode())
