"""Which samples a fold trains on and which it is validated on. No Keras here."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from segbench.archives import ArchiveSet
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes


def read_roles(folds: str | Path, fold: int) -> dict[str, str]:
    """Role of each source sample in one fold.

    Parameters
    ----------
    folds : path
        TSV with the columns sample, fold and role (train, validation, test).
    fold : int
        Which fold.

    Returns
    -------
    dict of str to str

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
    roles = {row["sample"]: row["role"] for row in rows if row["fold"] == str(fold)}
    if not roles:
        present = ", ".join(sorted({row["fold"] for row in rows}))
        raise SegbenchError(f"{folds}: has no fold {fold}", f"one of {present}", "name one of them")
    return roles


def select(archives: ArchiveSet, roles: dict[str, str]) -> tuple[list[str], list[str]]:
    """Choose the samples: copies go by their source's role, validation takes originals only.

    Parameters
    ----------
    archives : ArchiveSet
        Samples whose record names their `source`.
    roles : dict
        Role of each source.

    Returns
    -------
    training, validation : list of str
        Sample ids, sorted.

    Raises
    ------
    SegbenchError
        If a sample of the folds is in no archive, or nothing is left to train on.
    """
    training, validation, sources = [], [], set()
    for sample in archives:
        source = archives.record(sample).get("source", sample)
        sources.add(source)
        role = roles.get(source)
        if role == "train":
            training.append(sample)
        elif role == "validation" and sample == source:
            validation.append(sample)
    absent = sorted(s for s, role in roles.items() if role != "test" and s not in sources)
    if absent:
        raise SegbenchError(
            f"sample {absent[0]!r} is in the folds but in no archive ({len(absent)} such)",
            "archives made from the same samples as the folds",
            "run the same command again; the archives or the folds are stale",
        )
    if not training:
        raise SegbenchError(
            "the fold has no training samples", "at least one", "check the protocol"
        )
    return training, validation


def selection_digest(archives: Sequence[str | Path], folds: str | Path, fold: int) -> str:
    """One digest over all that a training reads, so that other changes rerun nothing.

    Parameters
    ----------
    archives, folds, fold
        As for `train`.

    Returns
    -------
    str
        SHA-256 over role, id and content of the training and validation samples, and
        over the archives' attributes.
    """
    samples = ArchiveSet(archives)
    training, validation = select(samples, read_roles(folds, fold))
    rows = [("train", s, samples.digest(s)) for s in training]
    rows += [("validation", s, samples.digest(s)) for s in validation]
    return sha256_of_bytes(json.dumps([samples.attributes, rows], sort_keys=True).encode())
