"""Verify a store: read all of it again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from segbench.maintenance.contents import Contents, StoreEntry, StoreFile, scan
from segbench.provenance.store import Store
from segbench.provenance.store_files import is_sound, remove

_THREADS = 4


@dataclass
class Findings:
    """Result of a verification.

    Attributes
    ----------
    entries, objects, size : int
        Their numbers, and the bytes read.
    damaged : list of str
        One line per damaged entry or object.
    orphans, orphaned : int
        Intact objects without an entry, and their bytes.
    leftovers : int
        Partial files of killed processes.
    """

    entries: int
    objects: int
    size: int
    damaged: list[str] = field(default_factory=list)
    orphans: int = 0
    orphaned: int = 0
    leftovers: int = 0


def verify(
    store: Store,
    *,
    keep: bool = False,
    report: Callable[[int, int], object] = lambda done, total: None,
) -> Findings:
    """Compare every object with its digest and every entry with its objects.

    Parameters
    ----------
    store : Store
        May be in use.
    keep : bool
        Only report; otherwise damaged entries are dropped, to be recomputed when needed.
    report : callable
        Called with the bytes read so far and in total.
    """
    contents = scan(store)
    wrong = _damaged_objects(contents, report)
    orphans = contents.orphans()
    found = Findings(
        len(contents.entries) + len(contents.broken),
        len(contents.objects),
        sum(item.size for item in contents.objects.values()),
        orphans=len(orphans.keys() - wrong.keys()),
        orphaned=sum(item.size for digest, item in orphans.items() if digest not in wrong),
        leftovers=len(contents.leftovers),
    )
    found.damaged += [f"entry {key}: {why}" for key, why in contents.broken.items()]
    for entry in contents.entries:
        why = _entry_problem(store, entry, contents, wrong)
        if why:
            found.damaged.append(f"entry {entry.key} ({entry.stage}): {why}")
            if not keep:
                _drop(store, entry.key, found)
    found.damaged += [
        f"orphaned object {digest}: {wrong[digest]}" for digest in orphans if digest in wrong
    ]
    if not keep:
        for key in contents.broken:
            _drop(store, key, found)
        _remove(contents.objects, wrong, found)
    return found


def _damaged_objects(contents: Contents, report: Callable[[int, int], object]) -> dict[str, str]:
    """Digest -> problem of the objects whose content does not match their name."""
    wrong, done = {}, 0
    total = sum(item.size for item in contents.objects.values())
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting = {
            pool.submit(_object_problem, digest, item): (digest, item.size)
            for digest, item in sorted(contents.objects.items())
        }
        for future in as_completed(waiting):
            digest, size = waiting[future]
            done += size
            report(done, total)
            why = future.result()
            if why:
                wrong[digest] = why
    return wrong


def _object_problem(digest: str, item: StoreFile) -> str:
    """What is wrong with an object; empty if it is intact or was removed meanwhile."""
    if not item.plain:
        return "not a plain file"
    try:
        if is_sound(item.path, digest) or not os.path.lexists(item.path):
            return ""
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "content does not match its digest"


def _entry_problem(
    store: Store, entry: StoreEntry, contents: Contents, wrong: dict[str, str]
) -> str:
    """What is wrong with an entry; empty if it is intact or was removed meanwhile."""
    for digest, size in entry.objects.items():
        if digest in wrong:
            return f"object {digest}: {wrong[digest]}"
        item = contents.objects.get(digest)
        # It may have been published or dropped after the objects were listed.
        if item is None and not os.path.lexists(store.object_path(digest)):
            return f"object {digest}: missing" if store.find(entry.key) else ""
        if item is not None and item.size != size:
            return f"object {digest}: {item.size} bytes instead of {size}"
    return ""


def _drop(store: Store, key: str, found: Findings) -> None:
    with store.locks.key(key, wait=False) as ours:
        if not ours:
            found.damaged.append(f"entry {key}: not dropped, in use by a job")
        elif not store.drop(key):
            found.damaged.append(f"entry {key}: not dropped, the store is not writable")


def _remove(objects: dict[str, StoreFile], wrong: Iterable[str], found: Findings) -> None:
    for digest in wrong:
        try:
            remove(objects[digest].path)
        except OSError as error:
            found.damaged.append(f"object {digest}: not removed: {error.strerror}")
