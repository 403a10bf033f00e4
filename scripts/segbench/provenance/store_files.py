"""Copy files into and out of the store, in the cheapest way that the filesystems allow.

Into it: reflink (two files share blocks until one is written), else hard link, else copy. Out of
it: reflink, else copy inside the kernel, else plain copy; never a hard link.
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

#: Linux ioctl: share the blocks of another file.
_FICLONE = 0x40049409

#: Bytes per call of a copy inside the kernel.
_COPY_BYTES = 1 << 30

#: Errors of filesystems that do not support an operation; all others are failures.
_CANNOT = frozenset(
    (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTTY, errno.EPERM)
)

#: Errors of a full disk or an exhausted quota.
FULL = frozenset((errno.ENOSPC, errno.EDQUOT))


class DamagedError(Exception):
    """A file of the store is missing or damaged.

    Parameters
    ----------
    what : str
        The problem.
    path : Path, optional
        The damaged file.
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
    """Open a plain file for reading; links, folders and pipes are refused.

    Raises
    ------
    DamagedError
        It is missing or not a plain file.
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
    """Make an open file share all blocks of another; returns whether that is supported."""
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
    """Copy an open file in the cheapest way.

    Returns
    -------
    {"reflink", "kernel copy", "copy"}
        The way taken.

    Notes
    -----
    Never a hard link: links share one modification time, Snakemake touches its outputs, and
    the link in another checkout would look new there.
    """
    with open(target, "wb") as writer:
        if reflink(reader.fileno(), writer.fileno()):
            return "reflink"
        if _copy_in_kernel(reader.fileno(), writer.fileno()):
            return "kernel copy"
    return _copy_plainly(reader, target)


def copy_file(source: Path, target: Path) -> str:
    """Copy a file in the cheapest way; see `copy_open`."""
    with open(source, "rb") as reader:
        return copy_open(reader, target)


def _hard_link(source: Path, target: Path, mode: int, group: int) -> bool:
    """Hard link a file; returns whether that is possible and the group can read it."""
    about = source.stat()
    if about.st_uid != os.geteuid():
        return False  # we may not change its mode
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
    """Copy a finished output into the store in the cheapest way.

    Parameters
    ----------
    source : Path
        The output. Where it becomes a hard link, it gets the mode and group below, too; a later
        change in place is detected by its digest.
    target : Path
        A new file.
    mode, group : int
        Of the file in the store.

    Returns
    -------
    {"reflink", "hard link", "kernel copy", "copy"}
        The way taken.
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
    """Whether a plain file exists and has this SHA-256.

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
        Its expected SHA-256.
    target : Path
        Where to write, overwriting.

    Returns
    -------
    str
        The way taken; see `copy_open`.

    Raises
    ------
    DamagedError
        The file in the store is missing, not a plain file, or has other content.
    OSError
        It cannot be read.
    OutputError
        The target cannot be written.
    """
    with open_regular(source) as reader:
        try:
            # Kernel copies fail silently on some filesystems: if the object is sound and the
            # copy is not, copy once more in user space.
            for copy in (copy_open, _copy_plainly):
                way = copy(reader, target)
                if sha256_of_file(target) == digest:
                    sync(target)
                    return way
                if not is_sound(source, digest):
                    break
            else:
                raise OSError(errno.EIO, "it does not return what was written")
        except OSError as error:
            if error.errno == errno.ESTALE:
                raise
            # EIO does not tell which side failed.
            if error.errno != errno.EIO or is_sound(source, digest):
                raise OutputError(target, error) from error
    raise DamagedError(f"{source}: content does not match its digest", source)


def fetch_all(files: Iterable[tuple[Path, str, Path]]) -> None:
    """Copy files out of the store, all or none.

    Parameters
    ----------
    files : iterable of (Path, str, Path)
        Path in the store, SHA-256, target.

    Raises
    ------
    DamagedError, OSError, OutputError
        As `fetch`. No partial file is left.
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
    """Remove a file or folder of the store, if it exists."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        if not path.is_dir() or path.is_symlink():
            raise
        shutil.rmtree(path)
