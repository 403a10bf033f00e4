"""The contents of a store: entries, their objects, and leftovers."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from segbench.provenance.store import Store
from segbench.provenance.store_entry import is_digest
from segbench.provenance.store_files import DamagedError

#: Partial files of killed processes, see `segbench.files.atomic_path`.
_BESIDE = re.compile(r"\.[0-9a-f]{12}\.partial\..+")


@dataclass(frozen=True)
class StoreEntry:
    """One entry.

    Attributes
    ----------
    key : str
    objects : dict of str to int
        SHA-256 -> bytes of its outputs.
    size : int
        Total bytes of its outputs.
    stage : str
        The rule that made it.
    wildcards : dict of str to str
        Of the job that made it first.
    wall_s, gpu_s : float
        Wall time of the work, and of work on a GPU.
    used : float
        When it was last made or restored, seconds since the epoch.
    """

    key: str
    objects: dict[str, int]
    size: int
    stage: str
    wildcards: dict[str, str]
    wall_s: float
    gpu_s: float
    used: float


@dataclass(frozen=True)
class StoreFile:
    """A file or folder of the store that is not an entry.

    Attributes
    ----------
    path : Path
    size : int
        Bytes.
    changed : float
        When it, or the newest file in it, last changed; seconds since the epoch.
    plain : bool
        Whether it is a plain file.
    """

    path: Path
    size: int
    changed: float
    plain: bool = True


@dataclass
class Contents:
    """Everything in a store.

    Attributes
    ----------
    entries : list of StoreEntry
        Sorted by key.
    broken : dict of str to str
        Key -> what is wrong with its entry.
    closed : list of str
        Keys of entries that this user may not read.
    objects : dict of str to StoreFile
        By SHA-256.
    states : dict of str to StoreFile
        Key -> state folder of unfinished work.
    leftovers : list of StoreFile
        Partial files of killed processes.
    marks : list of Path
        Usage marks whose entry is gone.
    """

    entries: list[StoreEntry] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    objects: dict[str, StoreFile] = field(default_factory=dict)
    states: dict[str, StoreFile] = field(default_factory=dict)
    leftovers: list[StoreFile] = field(default_factory=list)
    marks: list[Path] = field(default_factory=list)

    def orphans(self) -> dict[str, StoreFile]:
        """Objects without an entry."""
        needed = {digest for entry in self.entries for digest in entry.objects}
        return {digest: item for digest, item in self.objects.items() if digest not in needed}


def _number(value: object) -> float:
    """A number of seconds, or 0 if it is invalid."""
    return float(value) if isinstance(value, int | float) and isfinite(value) else 0.0


def read_entry(store: Store, key: str) -> StoreEntry:
    """Read an entry; raises as `Store.read` does."""
    entry = store.read(key)
    record: dict[str, Any] = entry["record"]
    cost: dict[str, Any] = record.get("cost", {})
    wildcards = cost.get("wildcards")
    wall = _number(cost.get("wall_s"))
    return StoreEntry(
        key,
        {output["sha256"]: output["bytes"] for output in entry["outputs"].values()},
        sum(output["bytes"] for output in entry["outputs"].values()),
        str(record.get("rule", "unknown")),
        {str(k): str(v) for k, v in wildcards.items()} if isinstance(wildcards, dict) else {},
        wall,
        wall if cost.get("gpu") else 0.0,
        store.last_used(key),
    )


def _stat(path: Path) -> StoreFile | None:
    """Size and time of a file or folder; None if it was removed meanwhile."""
    try:
        about = path.lstat()
    except FileNotFoundError:
        return None
    # A hard link has the mtime of its source; ctime is when it was linked.
    changed = max(about.st_mtime, about.st_ctime)
    if not stat.S_ISDIR(about.st_mode):
        return StoreFile(path, about.st_size, changed, stat.S_ISREG(about.st_mode))
    size = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):
                inside = os.lstat(os.path.join(folder, name))
                size += inside.st_size
                changed = max(changed, inside.st_mtime)
    return StoreFile(path, size, changed, False)


def scan(store: Store) -> Contents:
    """List everything in a store; only entries are read."""
    found = Contents()
    _scan_entries(store, found)
    for name in ("entries", "objects", "used", "locks"):
        for path in _paths(store.root / name):
            item = _stat(path)
            if item is None:
                continue
            if _BESIDE.fullmatch(path.name):
                found.leftovers.append(item)
            elif name == "objects" and is_digest(path.name):
                found.objects[path.name] = item
            elif name == "used" and not store.entry_path(path.name).exists():
                found.marks.append(path)
    for path in _top(store.root / "partial"):
        item = _stat(path)
        if item is not None and _BESIDE.fullmatch(path.name):
            found.leftovers.append(item)
        elif item is not None:
            found.states[path.name] = item
    return found


def _scan_entries(store: Store, found: Contents) -> None:
    for key in sorted(store.keys()):
        try:
            found.entries.append(read_entry(store, key))
        except DamagedError as damage:
            if os.path.lexists(store.entry_path(key)):
                found.broken[key] = str(damage)
        except PermissionError:
            found.closed.append(key)
        except OSError as error:
            found.broken[key] = f"cannot be read: {error.strerror}"


def _top(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _paths(folder: Path) -> Iterator[Path]:
    """Files in a folder and in its subfolders, one level deep."""
    for path in _top(folder):
        if path.is_dir() and not path.is_symlink() and not _BESIDE.fullmatch(path.name):
            yield from _top(path)
        else:
            yield path
