"""Who may do what in the store: the mode and group of its root say it, not the umask.

A group shares a store whose root is, for example, ``drwxrws---``: every folder in it is made
so, every finished file ``-r--r-----``, every lock ``-rw-rw----``, also by a member whose
umask would lock the others out.
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
    """Makes folders and files that are as open as the store's root.

    Parameters
    ----------
    root : Path
        The store. Made when something is made in it, with the umask's mode.
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
        """Make a folder of the store, and those above it, where they are missing.

        Each appears with its final mode: made beside and renamed, so that nobody meets a
        folder that is still closed.
        """
        mode = stat.S_IMODE(self.about.st_mode)
        if path.is_dir():
            return path
        if path == self.root:  # somebody has deleted the store meanwhile
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
            # Another process may just have made the folder and put something in.
            if not path.is_dir():
                raise
        finally:
            with suppress(OSError):
                beside.rmdir()
        return path

    def _give_to_group(self, path: Path) -> None:
        if path.stat().st_gid != self.group:
            with suppress(OSError):  # of a group that we are not in
                os.chown(path, -1, self.group)

    @contextmanager
    def new_file(self, path: Path) -> Iterator[Path]:
        """Give a path beside `path`; rename it into place, finished, when the block ends."""
        self.folder(path.parent)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)  # nothing that belongs here, and no file can replace it
        with atomic_path(path) as beside:
            yield beside
            self._give_to_group(beside)
            beside.chmod(self.finished)

    def open_changing(self, path: Path) -> int:
        """Open a file that all members may change, made when missing; a descriptor.

        It appears with its final mode: linked into place, where the filesystem has links.
        """
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        while True:
            try:
                return os.open(path, flags)
            except FileNotFoundError:
                # Made here; who else uses it may remove it again before it is opened.
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
