"""Permissions in the store follow the mode and group of its root, not the umask.

If the root of a shared store is, for example, ``drwxrws---``, every folder in it gets the same
mode, every finished file ``-r--r-----`` and every lock ``-rw-rw----``, whatever the umask of the
member who creates it.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from segbench.files import atomic_path

#: Read and write bits.
_READ, _WRITE = 0o444, 0o222


class Access:
    """Creates folders and files with the permissions of the store's root.

    Parameters
    ----------
    root : Path
        The store. Created with its first file, with the mode of the umask.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._found: os.stat_result | None = None

    @property
    def about(self) -> os.stat_result:
        """Mode and owners of the root."""
        if self._found is None:
            self.root.mkdir(parents=True, exist_ok=True)
            self._found = self.root.stat()
        return self._found

    @property
    def group(self) -> int:
        """The group that shares the store."""
        return self.about.st_gid

    @property
    def finished(self) -> int:
        """Mode of a finished file: read-only."""
        return stat.S_IMODE(self.about.st_mode) & _READ

    @property
    def changing(self) -> int:
        """Mode of a file that members change: locks and marks."""
        return stat.S_IMODE(self.about.st_mode) & (_READ | _WRITE)

    def folder(self, path: Path) -> Path:
        """Create a folder of the store and its parents, where missing.

        Each is renamed into place with its final mode, so that no other process meets a folder
        that it cannot enter yet.
        """
        mode = stat.S_IMODE(self.about.st_mode)
        if path.is_dir():
            return path
        if path == self.root:  # the store was deleted meanwhile
            path.mkdir(parents=True, exist_ok=True)
            self._give_to_group(path)
            path.chmod(mode)
            return path
        self.folder(path.parent)
        beside = path.with_name(f".{uuid4().hex[:12]}.partial.{path.name}")
        beside.mkdir()
        try:
            self._give_to_group(beside)
            beside.chmod(mode)
            beside.rename(path)
        except OSError:
            # Another process may have created the folder meanwhile.
            if not path.is_dir():
                raise
        finally:
            with suppress(OSError):
                beside.rmdir()
        return path

    def _give_to_group(self, path: Path) -> None:
        if path.stat().st_gid != self.group:
            with suppress(OSError):  # we are not in that group
                os.chown(path, -1, self.group)

    @contextmanager
    def new_file(self, path: Path) -> Iterator[Path]:
        """Yield a temporary path beside `path`; rename it into place when the block ends."""
        self.folder(path.parent)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)  # does not belong here, and no file can replace it
        with atomic_path(path) as beside:
            yield beside
            self._give_to_group(beside)
            beside.chmod(self.finished)

    def open_changing(self, path: Path) -> int:
        """Open a file that all members may change, created if missing; returns a descriptor.

        It is linked into place with its final mode, where the filesystem has links.
        """
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        while True:
            try:
                return os.open(path, flags)
            except FileNotFoundError:
                # Another process may remove it again before it is opened: hence the loop.
                self._make_changing(path, flags)

    def _make_changing(self, path: Path, flags: int) -> None:
        self.folder(path.parent)
        beside = path.with_name(f".{uuid4().hex[:12]}.partial.{path.name}")
        handle = os.open(beside, flags | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            self._give_to_group(beside)
            os.fchmod(handle, self.changing)
            with suppress(FileExistsError):
                self._link(beside, path)
        finally:
            os.close(handle)
            beside.unlink(missing_ok=True)

    @staticmethod
    def _link(beside: Path, path: Path) -> None:
        try:
            os.link(beside, path)
        except FileExistsError:
            raise
        except OSError:  # no links here
            beside.rename(path)
