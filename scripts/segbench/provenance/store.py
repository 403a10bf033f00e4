"""The store of finished work: content-addressed, verified, shared by a group.

::

    STORE/entries/KK/KEY.json      outputs of the job with this key: name -> sha256, bytes
    STORE/objects/DD/DIGEST        their content, read-only
    STORE/used/KK/KEY              empty; its mtime is when the entry was last restored
    STORE/partial/KEY/             state of an unfinished training, removed on success
    STORE/locks/KEY.lock           held while a job with this key runs

A key is a digest of everything that the work depends on, so an entry never changes and
needs no invalidation. Entries are renamed into place; damaged ones are dropped. The store is a
cache: a fault in it costs time, but never fails a job.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes, sha256_of_file
from segbench.provenance.store_access import Access
from segbench.provenance.store_entry import canonical, entry_text, is_digest, parse_entry
from segbench.provenance.store_files import (
    FULL,
    DamagedError,
    OutputError,
    fetch_all,
    open_regular,
    remove,
    take_file,
)
from segbench.provenance.store_locks import Locks

#: Where the state of unfinished work goes while the store is not writable, relative to the
#: folder of the outputs.
SPARE_STATE = Path(".segbench/partial")


def key_of(parts: Mapping[str, Any]) -> str:
    """The key of a piece of work.

    Parameters
    ----------
    parts : mapping
        Rule, code digest, parameters, digests of inputs. JSON-able.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return sha256_of_bytes(canonical(parts).encode())


class Store:
    """One folder of finished work.

    Parameters
    ----------
    root : str or Path
        Created if missing. Everything in it gets its mode and group: a shared store is
        group-writable and set-group-id.
    spare : str or Path
        Folder for the state of unfinished work while the store is not writable.
    """

    def __init__(self, root: str | Path, spare: str | Path = SPARE_STATE) -> None:
        self.root = Path(root)
        self._spare = Path(spare)
        self._access = Access(self.root)
        self.locks = Locks(self._access)
        self._warned = False

    def entry_path(self, key: str) -> Path:
        """Path of a key's entry."""
        return self.root / "entries" / key[:2] / f"{key}.json"

    def object_path(self, digest: str) -> Path:
        """Path of the object with a digest."""
        return self.root / "objects" / digest[:2] / digest

    def mark_path(self, key: str) -> Path:
        """Path of the file whose mtime is when an entry was last restored."""
        return self.root / "used" / key[:2] / key

    def state(self, key: str) -> Path:
        """Folder for the state of unfinished work under this key, created if missing.

        It is in the store, where a job on another machine finds it, or beside the outputs while
        the store is not writable.
        """
        try:
            folder = self._access.folder(self.root / "partial" / key)
            if os.access(folder, os.W_OK):
                return folder
        except OSError as error:
            self._warn_closed(error)
        folder = self._spare / key
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def find(self, key: str) -> dict[str, Any] | None:
        """The entry under a key, or None. A damaged one counts as absent."""
        try:
            return self.read(key)
        except (DamagedError, OSError):
            return None

    def holds(self, key: str) -> bool:
        """Whether a key's work can be restored, judged by the sizes of its objects.

        Takes less than a millisecond. A restore may still find damaged content.
        """
        entry = self.find(key)
        if entry is None:
            return False
        return all(self._has_size(o["sha256"], o["bytes"]) for o in entry["outputs"].values())

    def read(self, key: str) -> dict[str, Any]:
        """The entry under a key.

        Raises
        ------
        DamagedError
            It is missing or invalid.
        OSError
            It cannot be read.
        """
        with open_regular(self.entry_path(key)) as handle:
            return parse_entry(key, handle.read())

    def _has_size(self, digest: str, size: int) -> bool:
        path = self.object_path(digest)
        try:
            with open_regular(path) as handle:
                return os.fstat(handle.fileno()).st_size == size
        except (DamagedError, OSError):
            return False

    def publish(
        self, key: str, outputs: Mapping[str, Path], record: Mapping[str, Any] | None = None
    ) -> bool:
        """Store finished outputs under a key.

        Parameters
        ----------
        key : str
            From `key_of`.
        outputs : mapping of str to Path
            Output name -> finished file.
        record : mapping, optional
            Further JSON-able data of the entry (rule, cost).

        Returns
        -------
        bool
            Whether they are stored. If the store is full or not writable, a warning is logged
            and nothing of the work is left in it; the job succeeds, as its outputs exist.
        """
        kept: dict[str, dict[str, Any]] = {
            name: {"sha256": sha256_of_file(path), "bytes": path.stat().st_size}
            for name, path in sorted(outputs.items())
        }
        text = entry_text(key, kept, record or {})
        new: list[Path] = []
        try:
            with self.locks.publishing():
                for name, path in sorted(outputs.items()):
                    self._take(path, kept[name], new)
                with self._access.new_file(self.entry_path(key)) as beside:
                    beside.write_text(text, "utf-8")
            done = True
        except OSError as error:
            done = False
            for path in new:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            self._warn_unkept(error, sum(one["bytes"] for one in kept.values()))
        # Last: a job that is killed while publishing loses its outputs and resumes from here.
        shutil.rmtree(self.root / "partial" / key, ignore_errors=True)
        shutil.rmtree(self._spare / key, ignore_errors=True)
        return done

    def _take(self, path: Path, kept: Mapping[str, Any], new: list[Path]) -> None:
        """Store one output, unless an object with the same content exists."""
        target = self.object_path(kept["sha256"])
        # Unreadable or truncated objects are replaced.
        if self._has_size(kept["sha256"], kept["bytes"]):
            return
        with self._access.new_file(target) as beside:
            take_file(path, beside, self._access.finished, self._access.group)
        new.append(target)

    def restore(self, key: str, outputs: Mapping[str, Path]) -> dict[str, Any] | None:
        """Put the outputs of a key in place, each verified.

        Parameters
        ----------
        key : str
            From `key_of`.
        outputs : mapping of str to Path
            Output name -> where it belongs.

        Returns
        -------
        dict or None
            The entry; None if it is missing, or was damaged and dropped. Either all outputs are
            in place or none is.

        Raises
        ------
        SegbenchError
            An output cannot be written, e.g. because the disk is full.
        """
        try:
            entry = self.read(key)
            if set(entry["outputs"]) != set(outputs):
                return None
            fetch_all(
                (self.object_path(kept["sha256"]), kept["sha256"], outputs[name])
                for name, kept in sorted(entry["outputs"].items())
            )
        except DamagedError as damage:
            if os.path.lexists(self.entry_path(key)):
                _warn(f"Dropped damaged store entry; recomputing: {damage}")
                self.drop(key, damage.path)
            return None
        except OutputError as failure:
            size = sum(kept["bytes"] for kept in entry["outputs"].values())
            raise _cannot_restore(failure, size) from failure
        except OSError as error:
            _warn(f"Cannot read from the store; recomputing: {error}")
            return None
        self.touch(key)
        return entry

    def touch(self, key: str) -> None:
        """Mark an entry as used now; does nothing if the store is not writable."""
        with suppress(OSError):
            os.close(self._access.open_changing(self.mark_path(key)))
            os.utime(self.mark_path(key))

    def last_used(self, key: str) -> float:
        """When an entry was last made or restored, in seconds since the epoch; 0 if it is gone."""
        times = [0.0]
        for path in (self.entry_path(key), self.mark_path(key)):
            with suppress(OSError):
                times.append(path.lstat().st_mtime)
        return max(times)

    def drop(self, key: str, damaged: Path | None = None) -> bool:
        """Remove an entry.

        Parameters
        ----------
        key : str
            Its key.
        damaged : Path, optional
            A damaged object to remove with it; otherwise it would be reused when the work is
            published again.

        Returns
        -------
        bool
            Whether it is gone; False if the store is not writable.
        """
        try:
            for path in (self.entry_path(key), self.mark_path(key), damaged):
                if path is not None:
                    remove(path)
        except OSError as error:
            self._warn_closed(error)
            return False
        return True

    def keys(self) -> list[str]:
        """All keys, sorted."""
        paths = self.root.glob("entries/*/*.json")
        return sorted(path.stem for path in paths if is_digest(path.stem))

    def _warn_closed(self, error: OSError) -> None:
        """Log once that the store is not writable, which is usually intended."""
        if not self._warned:
            self._warned = True
            logging.getLogger("segbench").info(
                f"Store {self.root} is not writable ({error.strerror}): its results are used, "
                "but new results are not stored"
            )

    def _warn_unkept(self, error: OSError, size: int) -> None:
        """Log why finished work is not stored."""
        if error.errno in FULL:
            _warn(
                f"Store {self.root} is full: {_room(self.root, error, size)}. The outputs are in "
                "place but not stored; make room with "
                "`python scripts/store.py prune --max-size SIZE`"
            )
        else:
            self._warn_closed(error)


def _warn(line: str) -> None:
    logging.getLogger("segbench").warning(line)


def _room(path: Path, error: OSError, size: int) -> str:
    """Needed and free space, in words."""
    if error.errno == errno.EDQUOT:
        return f"{size / 1e6:.1f} MB are needed, and the quota is exhausted"
    try:
        free = shutil.disk_usage(path).free
    except OSError:
        return f"{size / 1e6:.1f} MB are needed"
    return f"{size / 1e6:.1f} MB are needed, {free / 1e6:.1f} MB are free"


def _cannot_restore(failure: OutputError, size: int) -> SegbenchError:
    """The error for an output that cannot be restored."""
    path, error = failure.path, failure.error
    if error.errno not in FULL:
        return SegbenchError(
            f"{path}: cannot be written ({error.strerror})",
            "a writable folder for outputs",
            "fix the folder or its permissions, then run the same command again",
        )
    return SegbenchError(
        f"{path}: not enough space to restore it from the store: {_room(path.parent, error, size)}",
        "enough space for the outputs of the job",
        f"free space on the filesystem of {path.parent}, or set `folder:` in the main config to "
        "another one; then run the same command again",
    )
