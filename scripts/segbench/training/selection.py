"""Which samples a fold trains on and which it is validated on. No Keras here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from segbench.archives import ArchiveSet
from segbench.artefacts.folds import Assignment, read_fold
from segbench.config.model import Training
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes
from segbench.unannotated import as_background


class Selection(NamedTuple):
    """Sample ids, sorted: what is trained on, and what chooses the epoch."""

    training: list[str]
    validation: list[str]


def share_of(groups: Iterable[str], share: float) -> set[str]:
    """A part of some groups, always the same; a smaller part is a part of a larger one.

    `share` is rounded to whole groups, half a group upwards, but at least one. They are the first
    in the order of the names' SHA-256: no seed enters, so every arm of a study learns from the
    same part.

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
        return bool(as_background(archives.read(sample, "label")).any())
    background = archives.attributes.get("background")
    return any(name != background for name in classes)


def is_partial(archives: ArchiveSet, samples: Iterable[str]) -> bool:
    """Whether pixels or classes of some samples were not annotated, by their records."""
    records = map(archives.record, samples)
    return any(record.get("ignored") or record.get("annotated") for record in records)


def select(
    archives: ArchiveSet, roles: Mapping[str, Assignment], training: Training | None = None
) -> Selection:
    """Choose the samples: copies go by their source's role, validation takes originals only.

    Parameters
    ----------
    archives : ArchiveSet
        Samples whose record names their `source`.
    roles : mapping of str to Assignment
        Role and group of each source sample.
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
    validated = {s for s, row in roles.items() if row.role == "validation"}
    chosen, validation, sources = [], [], set()
    for sample in archives:
        source = archives.record(sample).get("source", sample)
        sources.add(source)
        if source in used:
            chosen.append(sample)
        elif source in validated and sample == source:
            validation.append(sample)
    absent = sorted(s for s, row in roles.items() if row.role != "test" and s not in sources)
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


def _used_sources(roles: Mapping[str, Assignment], training: Training | None) -> set[str]:
    """The training sources that the recipe's share keeps."""
    rows = [row for row in roles.values() if row.role == "train"]
    kept = share_of((row.group for row in rows), 1 if training is None else training.share)
    return {row.sample for row in rows if row.group in kept}


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
    """SHA-256 over all that a training reads, so that other changes rerun nothing.

    It covers role, id and content of the training and validation samples, and the archives'
    attributes. Parameters as of `train` and `select`.
    """
    samples = ArchiveSet(archives)
    return digest_of(samples, *select(samples, read_fold(folds, fold), training))


def digest_of(archives: ArchiveSet, training: Sequence[str], validation: Sequence[str]) -> str:
    """The digest of `selection_digest`, of samples that are chosen already."""
    rows = [("train", s, archives.digest(s)) for s in training]
    rows += [("validation", s, archives.digest(s)) for s in validation]
    return sha256_of_bytes(json.dumps([archives.attributes, rows], sort_keys=True).encode())
