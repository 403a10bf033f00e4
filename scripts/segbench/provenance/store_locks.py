"""Locks between the processes of all members of a store.

A lock only prevents duplicate work; the store is consistent without it, because entries and
objects are renamed into place. So a filesystem without locks or a store that is not writable is
no error.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segbench.provenance.store_access import Access

#: Held shared while publishing, exclusively while pruning.
STORE_LOCK = ".store.lock"

_HELD = (errno.EWOULDBLOCK, errno.EACCES)


def _same_file(path: Path, handle: int) -> bool:
    """Whether a descriptor belongs to the file that is at the path now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


class Locks:
    """The locks of a store.

    Parameters
    ----------
    access : Access
        Of the store.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self.folder = access.root / "locks"

    def path(self, key: str) -> Path:
        """The lock file of a key."""
        return self.folder / f"{key}.lock"

    @contextmanager
    def key(self, key: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold the lock of a key.

        Parameters
        ----------
        key : str
            The key.
        wait : bool
            Whether to wait if another process holds it.

        Yields
        ------
        bool
            False if another process holds it and `wait` is off.
        """
        path = self.path(key)
        handle = self._take(path, fcntl.LOCK_EX, wait)
        try:
            yield handle != _BUSY
        finally:
            if handle >= 0:
                # Removed while held: a waiting process notices and creates a new one.
                self._remove(path)
                os.close(handle)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Block pruning: objects that are being published have no entry yet."""
        with self._store(fcntl.LOCK_SH):
            yield

    @contextmanager
    def pruning(self) -> Iterator[None]:
        """Wait until nobody publishes, and block publishing."""
        with self._store(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _store(self, kind: int) -> Iterator[None]:
        handle = self._take(self.folder / STORE_LOCK, kind, True)
        try:
            yield
        finally:
            if handle >= 0:
                os.close(handle)

    def _take(self, path: Path, kind: int, wait: bool) -> int:
        """Lock a file; returns its descriptor, _BUSY, or _NONE where locks do not work."""
        while True:
            try:
                handle = self._access.open_changing(path)
            except OSError:
                return _NONE
            taken = self._flock(handle, kind, wait, path.stem)
            if taken != handle:
                if taken == _NONE and path.name != STORE_LOCK:
                    self._remove(path)
                os.close(handle)
                return taken
            # The previous holder may have removed the file while we waited.
            if _same_file(path, handle):
                return handle
            os.close(handle)

    @staticmethod
    def _flock(handle: int, kind: int, wait: bool, name: str) -> int:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return handle
        except OSError as error:
            if error.errno not in _HELD:
                return _NONE
        if not wait:
            return _BUSY
        logging.getLogger("segbench").info(f"Waiting for another process that holds {name[:12]}")
        try:
            fcntl.flock(handle, kind)
        except OSError:
            return _NONE
        return handle

    @staticmethod
    def _remove(path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            logging.getLogger("segbench").debug(f"Cannot remove {path}")


_BUSY, _NONE = -1, -2
