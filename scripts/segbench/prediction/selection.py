"""The test samples of some folds. No Keras here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from segbench.archives import ArchiveSet
from segbench.artefacts.folds import check_has_folds, read_folds
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes


def samples_to_test(
    archives: ArchiveSet, folds: str | Path, folds_to_use: Sequence[int]
) -> list[str]:
    """The original samples that any of the given folds tests, sorted.

    Parameters
    ----------
    archives : ArchiveSet
        The preprocessed samples.
    folds : path
        `folds.tsv`.
    folds_to_use : sequence of int
        The folds whose networks predict together.

    Raises
    ------
    SegbenchError
        A fold is absent or tests nothing, a test sample is in no archive, or the network of
        one fold was trained or chosen on a group that another fold tests.
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
                f"{folds}: sample {sample!r} is tested in fold {row.fold}, but the network "
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
    """SHA-256 over ids and contents of the test samples and over the archives' attributes.

    It stands for the archives as input of a prediction: other samples cause no rerun.
    """
    samples = ArchiveSet(archives)
    rows = [(s, samples.digest(s)) for s in samples_to_test(samples, folds, folds_to_use)]
    return sha256_of_bytes(json.dumps([samples.attributes, rows], sort_keys=True).encode())
