"""How bytes get into the store and out of it: the cheapest way that the filesystems allow.

Into it: reflink (two files share blocks until one is written to), else a hard link, else a
copy. Out of it: reflink, else a copy inside the kernel, else a plain copy; never a hard link.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from segbench.files import sha256_of_file, sync

#: The ioctl of Linux that makes a file share the blocks of another.
_FICLONE = 0x40049409

#: Copied at a time by the kernel.
_COPY_BYTES = 1 << 30

#: What a filesystem answers that cannot do what was asked; anything else is a failure.
_CANNOT = frozenset(
    (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTTY, errno.EPERM)
)

#: What a full disk, or a used-up quota, answers.
FULL = frozenset((errno.ENOSPC, errno.EDQUOT))


class DamagedError(Exception):
    """Something in the store is not what it should be.

    Parameters
    ----------
    what : str
        In words.
    path : Path, optional
        The file that is of no use.
    """

    def __init__(self, what: str, path: Path | None = None) -> None:
        super().__init__(what)
        self.path = path


class OutputError(Exception):
    """A file outside the store cannot be written.

    Parameters
    ----------
    path : Path
        The file.
    error : OSError
        Why.
    """

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: {error.strerror}")
        self.path = path
        self.error = error


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading that must be a plain file: no link, folder or pipe.

    Raises
    ------
    DamagedError
        It is missing or something else.
    OSError
        It cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.ENOTDIR):
            raise DamagedError(f"{path}: {error.strerror}", path) from error
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise DamagedError(f"{path}: is not a plain file", path)
    return os.fdopen(handle, "rb")


def reflink(source: int, target: int) -> bool:
    """Let an open file share all blocks of another; whether the filesystem could."""
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True


def _copy_in_kernel(source: int, target: int) -> bool:
    try:
        while os.copy_file_range(source, target, _COPY_BYTES):
            pass
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True


def _copy_plainly(reader: BufferedReader, target: Path) -> str:
    reader.seek(0)
    with open(target, "wb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
    return "copy"


def copy_open(reader: BufferedReader, target: Path) -> str:
    """Copy an open file the cheapest way.

    Returns
    -------
    {"reflink", "kernel copy", "copy"}
        The way that was taken.

    Notes
    -----
    Never a hard link: links share one modification time, Snakemake touches its outputs,
    and the touched twin in another checkout would look new there.
    """
    with open(target, "wb") as writer:
        if reflink(reader.fileno(), writer.fileno()):
            return "reflink"
        if _copy_in_kernel(reader.fileno(), writer.fileno()):
            return "kernel copy"
    return _copy_plainly(reader, target)


def copy_file(source: Path, target: Path) -> str:
    """Copy a file the cheapest way; see `copy_open`."""
    with open(source, "rb") as reader:
        return copy_open(reader, target)


def _hard_link(source: Path, target: Path, mode: int, group: int) -> bool:
    """Make the two one file; whether that can be, and the group may then read it."""
    about = source.stat()
    if about.st_uid != os.geteuid():
        return False  # its mode is not ours to change
    if about.st_gid != group and not mode & stat.S_IROTH:
        try:
            os.chown(source, -1, group)
        except OSError:
            return False
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def take_file(source: Path, target: Path, mode: int, group: int) -> str:
    """Take a finished output into the store the cheapest way.

    Parameters
    ----------
    source : Path
        The output. A hard link, where reflinks cannot be, gives it the mode and group
        below, too: whoever forces a change in place is found out by its digest.
    target : Path
        A new file.
    mode, group : int
        What the file in the store gets.

    Returns
    -------
    {"reflink", "hard link", "kernel copy", "copy"}
        The way that was taken.
    """
    source = source.resolve()
    with open(source, "rb") as reader, open(target, "xb") as writer:
        way = "reflink" if reflink(reader.fileno(), writer.fileno()) else ""
    if not way:
        target.unlink()
        way = "hard link" if _hard_link(source, target, mode, group) else copy_file(source, target)
    target.chmod(mode)
    return way


def is_sound(path: Path, digest: str) -> bool:
    """Whether a plain file is there and has this SHA-256; all of it is read.

    Raises
    ------
    OSError
        It cannot be read.
    """
    try:
        with open_regular(path) as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest() == digest
    except DamagedError:
        return False
    except OSError as error:
        if error.errno == errno.EIO:
            return False
        raise


def fetch(source: Path, digest: str, target: Path) -> str:
    """Copy a file out of the store and verify the copy.

    Parameters
    ----------
    source : Path
        In the store.
    digest : str
        The SHA-256 that it must have.
    target : Path
        Where to write, overwriting.

    Returns
    -------
    str
        The way that was taken; see `copy_open`.

    Raises
    ------
    DamagedError
        The file in the store is missing, is no plain file, or has other content.
    OSError
        It cannot be read.
    OutputError
        The target cannot be written.
    """
    with open_regular(source) as reader:
        try:
            # Not every filesystem keeps what it promises of kernel copies: if the store is
            # in order and the copy is not, it is copied once more by hand.
            for copy in (copy_open, _copy_plainly):
                way = copy(reader, target)
                if sha256_of_file(target) == digest:
                    sync(target)
                    return way
                if not is_sound(source, digest):
                    break
            else:
                raise OSError(errno.EIO, "it does not hold what was written to it")
        except OSError as error:
            if error.errno == errno.ESTALE:
                raise
            # A bad disk does not say on which side.
            if error.errno != errno.EIO or is_sound(source, digest):
                raise OutputError(target, error) from error
    raise DamagedError(f"{source}: its content has another digest", source)


def fetch_all(files: Iterable[tuple[Path, str, Path]]) -> None:
    """Copy files out of the store; either all of them are put in place or none is.

    Parameters
    ----------
    files : iterable of (Path, str, Path)
        Where it is in the store, its SHA-256, where it belongs.

    Raises
    ------
    DamagedError, OSError, OutputError
        As `fetch`. Nothing half-written is left.
    """
    placed: list[tuple[Path, Path]] = []
    try:
        for source, digest, path in files:
            beside = path.with_name(f".restored.{path.name}")
            placed.append((beside, path))
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(path, error) from error
            try:
                fetch(source, digest, beside)
            except OutputError as failure:
                raise OutputError(path, failure.error) from failure
        for beside, path in placed:
            try:
                os.replace(beside, path)
            except OSError as error:
                raise OutputError(path, error) from error
    finally:
        for beside, _ in placed:
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove whatever lies at a path in the store, also a folder; nothing is fine, too."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        if not path.is_dir() or path.is_symlink():
            raise
        shutil.rmtree(path)
