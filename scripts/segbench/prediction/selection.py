"""Which samples some folds are tested on. No Keras here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from segbench.archives import ArchiveSet
from segbench.artefacts.folds import check_has_folds, read_folds
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes


def test_samples(archives: ArchiveSet, folds: str | Path, folds_to_use: Sequence[int]) -> list[str]:
    """Choose the samples that are tested on in any of some folds, originals only.

    Parameters
    ----------
    archives : ArchiveSet
        The preprocessed samples.
    folds : path
        `folds.tsv`.
    folds_to_use : sequence of int
        The folds whose networks predict together.

    Returns
    -------
    list of str
        Sample ids, sorted.

    Raises
    ------
    SegbenchError
        If a fold is absent, none of the folds tests anything, a test sample is in no
        archive, or a group that one of the folds tests was trained on or chosen by in
        another: that network has seen what it is to predict.
    """
    wanted = set(folds_to_use)
    rows = read_folds(folds)
    check_has_folds(folds, rows, wanted)
    used = [row for row in rows if row.fold in wanted]
    seen = {row.group: row for row in used if row.role != "test"}
    tests = {row.sample: row for row in used if row.role == "test"}
    for sample, row in sorted(tests.items()):
        if row.group in seen:
            other = seen[row.group]
            raise SegbenchError(
                f"{folds}: sample {sample!r} is tested on in fold {row.fold}, but the network "
                f"of fold {other.fold} has {other.role} sample {other.sample!r} of the "
                f"same group {row.group!r}",
                "an ensemble of networks of which none has seen the sample",
                "use an ensemble only with a fixed test set, else each fold's own network",
            )
        if sample not in archives or archives.record(sample).get("source", sample) != sample:
            raise SegbenchError(
                f"{folds}: test sample {sample!r} is in no archive",
                "the archives of all preprocessed samples",
                "run the same command again; the archives or the folds are stale",
            )
    if not tests:
        raise SegbenchError(
            f"{folds}: fold {', '.join(map(str, sorted(wanted)))} tests no sample",
            "at least one test sample",
            "check the dataset's protocol",
        )
    return sorted(tests)


def selection_digest(
    archives: Sequence[str | Path], folds: str | Path, folds_to_use: Sequence[int]
) -> str:
    """One digest over all samples that a prediction reads, so that others rerun nothing.

    Parameters
    ----------
    archives, folds, folds_to_use
        As for `predict`.

    Returns
    -------
    str
        SHA-256 over id and content of the test samples and over the archives' attributes.
    """
    samples = ArchiveSet(archives)
    rows = [(s, samples.digest(s)) for s in test_samples(samples, folds, folds_to_use)]
    return sha256_of_bytes(json.dumps([samples.attributes, rows], sort_keys=True).encode())
