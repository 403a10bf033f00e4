"""Which samples are opened, and which are shown: by a stable hash, never by chance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import TypeVar

from segbench.artefacts.samples import Sample

Kind = TypeVar("Kind", str, tuple[str, ...])


def stable_order(samples: Iterable[str]) -> list[str]:
    """Shuffle samples by a hash of their names.

    Parameters
    ----------
    samples : iterable of str
        Ids.

    Returns
    -------
    list of str
        The same order whatever the order of the input; a sample that is added or removed
        does not move the others past each other.

    Examples
    --------
    >>> stable_order(["a", "b", "c"]) == stable_order(["c", "a", "b"])
    True
    """
    return sorted(samples, key=lambda name: (hashlib.sha256(name.encode()).digest(), name))


def spread(kinds: Mapping[str, Kind], count: int) -> list[str]:
    """Choose samples of all kinds, in turns.

    Parameters
    ----------
    kinds : mapping of str to str or tuple
        Sample -> its kind (stratum, classes, ...), all of one type.
    count : int
        How many at most.

    Returns
    -------
    list of str
        One of the most frequent kind, one of the next, ..., then from the start again;
        within a kind in `stable_order`.

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
    """Name the kind of each sample: the first column that tells some samples apart.

    Parameters
    ----------
    rows : sequence of Sample

    Returns
    -------
    dict of str to tuple of str
        Sample -> its stratum, else its classes, else its group; a column that has a value of
        its own for every sample tells nothing.
    """
    columns = ([(r.stratum,) for r in rows], [r.classes for r in rows], [(r.group,) for r in rows])
    for column in columns:
        if 1 < len(set(column)) < len(rows):
            return {row.sample: kind for row, kind in zip(rows, column, strict=True)}
    return {row.sample: () for row in rows}
