"""Prune a store: remove what was not used for long, or what is too much."""

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

#: An object is in the store a moment before its entry; where there are no locks, this long.
ORPHAN_S = 3600.0
#: Nobody writes one file for longer.
LEFTOVER_S = 86400.0
#: Who does not go on with a training for so long has given it up.
STATE_S = 14 * 86400.0


@dataclass(frozen=True)
class Policy:
    """What may go.

    Attributes
    ----------
    older_s : float or None
        Entries that were not made or restored for so long, in seconds.
    max_bytes : int or None
        Least recently used entries, until all the rest is no larger.
    state_s : float
        States of unfinished work that did not change for so long, in seconds.
    """

    older_s: float | None = None
    max_bytes: int | None = None
    state_s: float = STATE_S


@dataclass
class Pruned:
    """What went, or would go.

    Attributes
    ----------
    entries : list of StoreEntry
        Entries, the least recently used first.
    objects, states, leftovers, locks : list of Path
        Objects that no remaining entry needs; states, half-written files and locks that
        nobody holds.
    size : int
        Bytes of it all. Where a results folder holds a hard link, the disk gets them back
        when that goes, too.
    busy : int
        Entries and states that were spared because a job is using them.
    """

    entries: list[StoreEntry] = field(default_factory=list)
    objects: list[Path] = field(default_factory=list)
    states: list[Path] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)
    locks: list[Path] = field(default_factory=list)
    size: int = 0
    busy: int = 0


def choose(contents: Contents, policy: Policy, now: float) -> list[StoreEntry]:
    """The entries that have to go, the least recently used first.

    Parameters
    ----------
    contents : Contents
        Of the store.
    policy : Policy
        What may go.
    now : float
        Seconds of the epoch.
    """
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
    total = sum(thing.size for thing in contents.states.values())
    total += sum(contents.objects[d].size for d in needed if d in contents.objects)
    chosen: list[StoreEntry] = []
    for kept in rest:
        if total <= policy.max_bytes:
            break
        chosen.append(kept)
        total -= _freed(kept, needed, contents)
    return old + _worth_it(chosen, needed)


def _freed(kept: StoreEntry, needed: Counter[str], contents: Contents) -> int:
    """Take an entry out of the count; the bytes that nobody needs any more."""
    needed.subtract(kept.objects.keys())
    gone = [d for d in kept.objects if needed[d] == 0 and d in contents.objects]
    return sum(contents.objects[digest].size for digest in gone)


def _worth_it(chosen: list[StoreEntry], needed: Counter[str]) -> list[StoreEntry]:
    """Of the chosen, those without which something is freed: the others may stay."""
    return [k for k in chosen if any(needed[digest] == 0 for digest in k.objects)]


def prune(store: Store, policy: Policy, *, dry: bool, now: float) -> Pruned:
    """Remove what the policy says, and what nobody needs: objects, states, files, locks.

    Nothing that a remaining entry needs is removed, and nothing that a job holds.

    Parameters
    ----------
    store : Store
        The store. It may be in use meanwhile; who publishes waits until this is over.
    policy : Policy
        What may go.
    dry : bool
        Only say what would go.
    now : float
        Seconds of the epoch.

    Returns
    -------
    Pruned

    Raises
    ------
    SegbenchError
        Entries of other members cannot be read, so nobody knows what they need.
    OSError
        Something cannot be removed.
    """
    with ExitStack() as held:
        if not dry:
            held.enter_context(store.locks.pruning())
        contents = scan(store)
        if contents.closed:
            raise SegbenchError(
                f"{store.entry_path(contents.closed[0])}: may not be read, "
                f"nor {len(contents.closed) - 1} other entries",
                "a store whose entries all members of its group can read",
                f"prune as their owner, or once as root: `chmod -R g+rX {store.root}`",
            )
        done = Pruned()
        for kept in choose(contents, policy, now):
            if _free_to_go(store, kept.key, dry, [store.entry_path(kept.key)]):
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


def _free_to_go(store: Store, key: str, dry: bool, paths: Iterable[Path]) -> bool:
    """Remove what belongs to a key, unless a job holds the key; whether it went."""
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
    # Where there are no locks, somebody may have published since.
    known = {kept.key for kept in contents.entries} | contents.broken.keys()
    for key in set(store.keys()).difference(known):
        needed.update(read_entry(store, key).objects)
    for digest, thing in sorted(contents.objects.items()):
        young = now - thing.changed < ORPHAN_S and digest not in freed
        if digest in needed or young:
            continue
        done.objects.append(thing.path)
        done.size += thing.size
        if not dry:
            remove(thing.path)


def _prune_states(
    store: Store, contents: Contents, policy: Policy, done: Pruned, dry: bool, now: float
) -> None:
    finished = {kept.key for kept in contents.entries}
    for key, thing in sorted(contents.states.items()):
        if key not in finished and now - thing.changed < policy.state_s:
            continue
        if _free_to_go(store, key, dry, [thing.path]):
            done.states.append(thing.path)
            done.size += thing.size
        else:
            done.busy += 1


def _prune_leftovers(contents: Contents, done: Pruned, dry: bool, now: float) -> None:
    for thing in contents.leftovers:
        if now - thing.changed >= LEFTOVER_S:
            done.leftovers.append(thing.path)
            done.size += thing.size
            if not dry:
                remove(thing.path)
    if not dry:
        for path in contents.marks:
            remove(path)


def _prune_locks(store: Store, done: Pruned, dry: bool) -> None:
    """Remove locks of processes that were killed: nobody holds them."""
    if not store.locks.folder.is_dir():
        return
    for path in sorted(store.locks.folder.glob("*.lock")):  # .store.lock stays
        if not path.name.startswith(".") and not dry:
            with store.locks.key(path.stem, wait=False):
                pass  # who can take a lock removes its file
            if not os.path.lexists(path):
                done.locks.append(path)
