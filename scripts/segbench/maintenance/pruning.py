"""Prune a store: remove entries by age or size, and what no entry needs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from segbench.errors import SegbenchError
from segbench.maintenance.contents import Contents, StoreEntry, read_entry, scan
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
    by_use = sorted(contents.entries, key=lambda kept: (kept.used, kept.key))
    if policy.older_s is None:
        old, rest = [], by_use
    else:
        limit = now - policy.older_s
        old = [kept for kept in by_use if kept.used < limit]
        rest = [kept for kept in by_use if kept.used >= limit]
    if policy.max_bytes is None:
        return old
    needed = Counter(digest for kept in rest for digest in kept.objects)
    total = sum(item.size for item in contents.states.values())
    total += sum(contents.objects[d].size for d in needed if d in contents.objects)
    chosen: list[StoreEntry] = []
    for kept in rest:
        if total <= policy.max_bytes:
            break
        chosen.append(kept)
        total -= _freed(kept, needed, contents)
    return old + _that_free_bytes(chosen, needed)


def _freed(kept: StoreEntry, needed: Counter[str], contents: Contents) -> int:
    """Remove an entry from the count; returns the bytes that this frees."""
    needed.subtract(kept.objects.keys())
    gone = [d for d in kept.objects if needed[d] == 0 and d in contents.objects]
    return sum(contents.objects[digest].size for digest in gone)


def _that_free_bytes(chosen: list[StoreEntry], needed: Counter[str]) -> list[StoreEntry]:
    """The chosen entries whose removal frees something; the others may stay."""
    return [k for k in chosen if any(needed[digest] == 0 for digest in k.objects)]


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
    with ExitStack() as held:
        if not dry:
            held.enter_context(store.locks.pruning())
        contents = scan(store)
        if contents.closed:
            raise SegbenchError(
                f"{store.entry_path(contents.closed[0])}: not readable, "
                f"nor are {len(contents.closed) - 1} other entries",
                "a store whose entries all members of its group can read",
                f"prune as their owner, or once as root: `chmod -R g+rX {store.root}`",
            )
        done = Pruned()
        for kept in choose(contents, policy, now):
            if _remove_unless_held(store, kept.key, dry, [store.entry_path(kept.key)]):
                done.entries.append(kept)
                if not dry:
                    remove(store.mark_path(kept.key))
            else:
                done.busy += 1
        _prune_objects(store, contents, done, dry, now)
        _prune_states(store, contents, policy, done, dry, now)
        _prune_leftovers(contents, done, dry, now)
        _prune_locks(store, done, dry)
    return done


def _remove_unless_held(store: Store, key: str, dry: bool, paths: Iterable[Path]) -> bool:
    """Remove files of a key unless a job holds it; returns whether they are gone."""
    if dry:
        return True
    with store.locks.key(key, wait=False) as ours:
        if ours:
            for path in paths:
                remove(path)
        return ours


def _prune_objects(store: Store, contents: Contents, done: Pruned, dry: bool, now: float) -> None:
    gone = {kept.key for kept in done.entries}
    needed = {d for kept in contents.entries if kept.key not in gone for d in kept.objects}
    freed = {digest for kept in done.entries for digest in kept.objects}
    # Without locks, entries may have been published since.
    known = {kept.key for kept in contents.entries} | contents.broken.keys()
    for key in set(store.keys()).difference(known):
        needed.update(read_entry(store, key).objects)
    for digest, item in sorted(contents.objects.items()):
        young = now - item.changed < ORPHAN_S and digest not in freed
        if digest in needed or young:
            continue
        done.objects.append(item.path)
        done.size += item.size
        if not dry:
            remove(item.path)


def _prune_states(
    store: Store, contents: Contents, policy: Policy, done: Pruned, dry: bool, now: float
) -> None:
    finished = {kept.key for kept in contents.entries}
    for key, item in sorted(contents.states.items()):
        if key not in finished and now - item.changed < policy.state_s:
            continue
        if _remove_unless_held(store, key, dry, [item.path]):
            done.states.append(item.path)
            done.size += item.size
        else:
            done.busy += 1


def _prune_leftovers(contents: Contents, done: Pruned, dry: bool, now: float) -> None:
    for item in contents.leftovers:
        if now - item.changed >= LEFTOVER_S:
            done.leftovers.append(item.path)
            done.size += item.size
            if not dry:
                remove(item.path)
    if not dry:
        for path in contents.marks:
            remove(path)


def _prune_locks(store: Store, done: Pruned, dry: bool) -> None:
    """Remove stale locks of killed processes."""
    if not store.locks.folder.is_dir():
        return
    for path in sorted(store.locks.folder.glob("*.lock")):  # .store.lock stays
        if not path.name.startswith(".") and not dry:
            with store.locks.key(path.stem, wait=False):
                pass  # releasing a lock removes its file
            if not os.path.lexists(path):
                done.locks.append(path)
