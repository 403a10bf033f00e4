"""Split groups into k folds of equal composition, or draw a part of a given size.

Results depend only on the seed and on the names, sizes and strata of the groups, not on the
order of the rows, the NumPy version or the machine. Ties are broken by a hash of (seed,
purpose, name), not by a random generator, so an added sample does not change the rank of others.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from segbench.artefacts.samples import Sample


@dataclass(frozen=True)
class Group:
    """Samples that stay together, counted by stratum."""

    name: str
    strata: Mapping[str, int]

    @property
    def size(self) -> int:
        """Number of samples."""
        return sum(self.strata.values())

    @property
    def stratum(self) -> str:
        """Its most frequent stratum; of equals the first by name."""
        return min(self.strata, key=lambda name: (-self.strata[name], name))


def groups_of(samples: Iterable[Sample], stratify: bool) -> list[Group]:
    """Gather samples into groups, sorted by name; without `stratify` in one stratum."""
    counts: dict[str, Counter[str]] = {}
    for row in samples:
        counts.setdefault(row.group, Counter())[row.stratum if stratify else ""] += 1
    return [Group(name, dict(counts[name])) for name in sorted(counts)]


def rank(seed: int, purpose: str, name: str) -> int:
    """A number that shuffles names: uniform in 0 ... 2**64 - 1, the same everywhere.

    Examples
    --------
    >>> rank(0, "folds", "a") == rank(0, "folds", "a") != rank(1, "folds", "a")
    True
    """
    text = f"{seed}\0{purpose}\0{name}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


def split_into_folds(groups: Sequence[Group], folds: int, seed: int) -> list[list[str]]:
    r"""Cut groups into folds of equal size and composition.

    Parameters
    ----------
    groups : sequence of Group
        At least as many as folds.
    folds : int
        Number of folds, 1 or more.
    seed : int
        Breaks ties.

    Returns
    -------
    list of list of str
        Sorted names of each fold's groups. No fold is empty.

    Notes
    -----
    Greedy, as in scikit-learn's `StratifiedGroupKFold`: groups are assigned from the largest
    to the smallest, each to the fold that keeps the folds most alike. Here

    .. math:: D = \sum_s \sum_f (c_{fs} / t_s)^2

    measures how unlike they are, with :math:`c_{fs}` the samples of stratum s in fold f and
    :math:`t_s` those in all folds; the number of samples itself is one more "stratum".
    Adding a group g to fold f raises D by a constant plus :math:`2 \sum_s c_{fs} g_s / t_s^2`,
    so the smallest such sum wins; then the smaller fold; then the one with fewer groups,
    which also keeps folds from staying empty. Sums are of integers, so ties are exact.
    """
    names = sorted({name for group in groups for name in group.strata})
    table = np.array(
        [[group.strata.get(name, 0) for name in names] + [group.size] for group in groups],
        dtype=np.int64,
    )
    totals = table.sum(axis=0)
    weights = (int(totals[-1]) * 1024 // totals) ** 2
    order = sorted(
        range(len(groups)),
        key=lambda g: (-groups[g].size, rank(seed, "folds", groups[g].name), groups[g].name),
    )
    counts = np.zeros((folds, table.shape[1]), dtype=np.int64)
    members: list[list[str]] = [[] for _ in range(folds)]
    for place, g in enumerate(order):
        cost = (counts * (table[g] * weights)).sum(axis=1)
        left = len(order) - place
        empty = [f for f in range(folds) if not members[f]]
        # The last groups fill folds that would otherwise stay empty.
        candidates = empty if len(empty) >= left else range(folds)
        fold = min(candidates, key=lambda f: (int(cost[f]), int(counts[f, -1]), len(members[f]), f))
        counts[fold] += table[g]
        members[fold].append(groups[g].name)
    return [sorted(names) for names in members]


def interleave(
    groups: Sequence[Group], seed: int, purpose: str, used: Mapping[str, int] | None = None
) -> list[Group]:
    """Shuffle groups so that every prefix of the list has the composition of the whole.

    Parameters
    ----------
    groups : sequence of Group
    seed : int
        Decides the order within a stratum.
    purpose : str
        What the draw is for: draws for different purposes differ.
    used : mapping of str to int, optional
        How often a group was drawn before; those drawn least come first.

    Returns
    -------
    list of Group
        Systematic sampling: the j-th of a stratum's n samples is placed at (j + 1/2) / n.
    """
    used = used or {}
    by_stratum: dict[str, list[Group]] = {}
    for group in sorted(
        groups,
        key=lambda g: (used.get(g.name, 0), rank(seed, purpose, g.name), g.name),
    ):
        by_stratum.setdefault(group.stratum, []).append(group)
    placed = []
    for members in by_stratum.values():
        total = sum(group.size for group in members)
        before = 0
        for group in members:
            place = Fraction(2 * before + group.size, 2 * total)
            turn = (used.get(group.name, 0), rank(seed, purpose, group.name))
            placed.append((place, turn, group.name, group))
            before += group.size
    return [group for *_, group in sorted(placed, key=lambda item: item[:3])]


def draw(order: Sequence[Group], count: int) -> list[str] | None:
    """Choose whole groups with exactly `count` samples, preferring the first of `order`.

    Returns
    -------
    list of str or None
        Sorted names of the groups; None if no set of groups has this size.

    Notes
    -----
    Subset sum by dynamic programming: bit n of `reach[i]` is set if the first i groups have a
    subset of n samples. Walking back from the end, a group is taken only where the groups
    before it do not suffice.
    """
    reach = [1]
    mask = (1 << (count + 1)) - 1
    for group in order:
        reach.append((reach[-1] | reach[-1] << group.size) & mask)
    if not reach[-1] >> count & 1:
        return None
    chosen = []
    left = count
    for place in range(len(order), 0, -1):
        if not reach[place - 1] >> left & 1:
            chosen.append(order[place - 1].name)
            left -= order[place - 1].size
    return sorted(chosen)
