"""Prune a store: remove entries by age or size, and what no entry needs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from segbench.errors import SegbenchError
from segbench.maintenance.contents import Contents, StoreEntry, StoreFile, read_entry, scan
from segbench.provenance.store import Store
from segbench.provenance.store_files import remove

#: Minimum age of orphaned objects: where locks do not work, an entry may be about to follow.
ORPHAN_S = 3600.0
#: Minimum age of partial files.
LEFTOVER_S = 86400.0
#: Minimum age of the state of unfinished work.
STATE_S = 14 * 86400.0


@dataclass(frozen=True)
class Policy:
    """What to remove.

    Attributes
    ----------
    older_s : float or None
        Entries not made or restored for this many seconds.
    max_bytes : int or None
        Least recently used entries, until the rest fits.
    state_s : float
        States of unfinished work unchanged for this many seconds.
    """

    older_s: float | None = None
    max_bytes: int | None = None
    state_s: float = STATE_S


@dataclass
class Pruned:
    """What was, or would be, removed.

    Attributes
    ----------
    entries : list of StoreEntry
        The least recently used first.
    objects, states, leftovers, locks : list of Path
        Objects that no remaining entry needs; states, partial files and stale locks.
    size : int
        Total bytes. Bytes hard-linked to a results folder are freed when that is removed.
    busy : int
        Entries and states skipped because a job uses them.
    """

    entries: list[StoreEntry] = field(default_factory=list)
    objects: list[Path] = field(default_factory=list)
    states: list[Path] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)
    locks: list[Path] = field(default_factory=list)
    size: int = 0
    busy: int = 0


def choose(contents: Contents, policy: Policy, now: float) -> list[StoreEntry]:
    """The entries to remove, the least recently used first; `now` in seconds since the epoch."""
    by_use = sorted(contents.entries, key=lambda entry: (entry.used, entry.key))
    limit = -inf if policy.older_s is None else now - policy.older_s
    old = [entry for entry in by_use if entry.used < limit]
    rest = by_use[len(old) :]
    if policy.max_bytes is None:
        return old
    needed = Counter(digest for entry in rest for digest in entry.objects)
    total = sum(item.size for item in contents.states.values())
    total += sum(contents.objects[d].size for d in needed if d in contents.objects)
    chosen: list[StoreEntry] = []
    for entry in rest:
        if total <= policy.max_bytes:
            break
        chosen.append(entry)
        total -= _freed(entry, needed, contents)
    return old + _that_free_bytes(chosen, needed)


def _freed(entry: StoreEntry, needed: Counter[str], contents: Contents) -> int:
    """Remove an entry from the count; returns the bytes that this frees."""
    needed.subtract(entry.objects.keys())
    gone = [d for d in entry.objects if needed[d] == 0 and d in contents.objects]
    return sum(contents.objects[digest].size for digest in gone)


def _that_free_bytes(chosen: list[StoreEntry], needed: Counter[str]) -> list[StoreEntry]:
    """The chosen entries whose removal frees something; the others may stay."""
    return [e for e in chosen if any(needed[digest] == 0 for digest in e.objects)]


def prune(store: Store, policy: Policy, *, dry: bool, now: float) -> Pruned:
    """Remove what the policy says, orphaned objects, old states, partial files and stale locks.

    Nothing is removed that a remaining entry needs or a job holds.

    Parameters
    ----------
    store : Store
        May be in use; publishing waits until pruning is done.
    policy : Policy
    dry : bool
        Only report what would be removed.
    now : float
        Seconds since the epoch.

    Raises
    ------
    SegbenchError
        Entries of other users are not readable, so their objects are unknown.
    OSError
        Something cannot be removed.
    """
    with nullcontext() if dry else store.locks.pruning():
        contents = scan(store)
        if contents.closed:
            raise SegbenchError(
                f"{store.entry_path(contents.closed[0])}: not readable, "
                f"nor are {len(contents.closed) - 1} other entries",
                "a store whose entries all members of its group can read",
                f"prune as their owner, or once as root: `chmod -R g+rX {store.root}`",
            )
        pruning = _Pruning(store, contents, policy, dry, now)
        pruning.remove_entries()
        pruning.remove_objects()
        pruning.remove_states()
        pruning.remove_leftovers()
        pruning.remove_locks()
    return pruning.done


@dataclass
class _Pruning:
    """One run of `prune`, and what it removed so far."""

    store: Store
    contents: Contents
    policy: Policy
    dry: bool
    now: float
    done: Pruned = field(default_factory=Pruned)

    def _remove(self, path: Path) -> None:
        if not self.dry:
            remove(path)

    def _remove_item(self, item: StoreFile, removed: list[Path]) -> None:
        removed.append(item.path)
        self.done.size += item.size
        self._remove(item.path)

    def remove_entries(self) -> None:
        for entry in choose(self.contents, self.policy, self.now):
            with self._key(entry.key) as ours:
                if ours:
                    self._remove(self.store.entry_path(entry.key))
                    self._remove(self.store.mark_path(entry.key))
                    self.done.entries.append(entry)

    @contextmanager
    def _key(self, key: str) -> Iterator[bool]:
        """Hold a key unless a job does, which is counted; nothing is held in dry runs."""
        with nullcontext(True) if self.dry else self.store.locks.key(key, wait=False) as ours:
            self.done.busy += not ours
            yield ours

    def remove_objects(self) -> None:
        gone = {entry.key for entry in self.done.entries}
        needed = {d for e in self.contents.entries if e.key not in gone for d in e.objects}
        freed = {digest for entry in self.done.entries for digest in entry.objects}
        # Without locks, entries may have been published since.
        known = {entry.key for entry in self.contents.entries} | self.contents.broken.keys()
        for key in set(self.store.keys()).difference(known):
            needed.update(read_entry(self.store, key).objects)
        for digest, item in sorted(self.contents.objects.items()):
            old = self.now - item.changed >= ORPHAN_S
            if digest not in needed and (old or digest in freed):
                self._remove_item(item, self.done.objects)

    def remove_states(self) -> None:
        finished = {entry.key for entry in self.contents.entries}
        for key, item in sorted(self.contents.states.items()):
            if key in finished or self.now - item.changed >= self.policy.state_s:
                with self._key(key) as ours:
                    if ours:
                        self._remove_item(item, self.done.states)

    def remove_leftovers(self) -> None:
        for item in self.contents.leftovers:
            if self.now - item.changed >= LEFTOVER_S:
                self._remove_item(item, self.done.leftovers)
        for path in self.contents.marks:
            self._remove(path)

    def remove_locks(self) -> None:
        """Remove stale locks of killed processes."""
        for path in sorted(self.store.locks.folder.glob("*.lock")):  # .store.lock stays
            if not path.name.startswith(".") and not self.dry:
                with self.store.locks.key(path.stem, wait=False):
                    pass  # releasing a lock removes its file
                if not os.path.lexists(path):
                    self.done.locks.append(path)
