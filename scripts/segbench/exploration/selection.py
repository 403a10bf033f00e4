"""Choose the samples to open and to show, by a stable hash of their names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import TypeVar

from segbench.artefacts.samples import Sample

Kind = TypeVar("Kind", str, tuple[str, ...])


def stable_order(samples: Iterable[str]) -> list[str]:
    """Shuffle sample ids by a hash of their names.

    The order does not depend on that of the input, and samples that are added or removed do
    not reorder the others.

    Examples
    --------
    >>> stable_order(["a", "b", "c"]) == stable_order(["c", "a", "b"])
    True
    """
    return sorted(samples, key=lambda name: (hashlib.sha256(name.encode()).digest(), name))


def spread(kinds: Mapping[str, Kind], count: int) -> list[str]:
    """Choose at most `count` samples, taking turns between all kinds.

    Parameters
    ----------
    kinds : mapping of str to str or tuple
        Sample -> its kind (stratum, classes, ...).
    count : int

    Returns
    -------
    list of str
        One of the most frequent kind, one of the next, ..., then from the start again; within
        a kind in `stable_order`.

    Examples
    --------
    >>> spread({"a": "dark", "b": "dark", "c": "dark", "d": "bright"}, 2)[1]
    'd'
    """
    members: dict[Kind, list[str]] = {}
    for sample in stable_order(kinds):
        members.setdefault(kinds[sample], []).append(sample)
    turns = sorted(members.values(), key=lambda names: (-len(names), kinds[names[0]]))
    rounds = zip_longest(*turns)
    return [sample for turn in rounds for sample in turn if sample is not None][:count]


def kinds_of(rows: Sequence[Sample]) -> dict[str, tuple[str, ...]]:
    """The kind of each sample: its stratum, else its classes, else its group.

    A column is used if it takes several values but not a different one for every sample.
    """
    columns = ([(r.stratum,) for r in rows], [r.classes for r in rows], [(r.group,) for r in rows])
    for column in columns:
        if 1 < len(set(column)) < len(rows):
            return {row.sample: kind for row, kind in zip(rows, column, strict=True)}
    return {row.sample: () for row in rows}
