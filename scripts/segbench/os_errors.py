"""Errors of the operating system, explained with the path, the free space and what to do.

Disks fill up, folders are read-only, names are too long: `explain` turns such an OSError, or
what a library makes of it, into a `SegbenchError`. docs/reference/supported-environments.md
lists what was tried.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil

from segbench.errors import SegbenchError

#: Error numbers of a full disk or an exhausted quota.
FULL = frozenset((errno.ENOSPC, errno.EDQUOT))

#: Libraries with their own I/O code report these by message alone.
_MESSAGES = {errno.ENOSPC: "No space left on device", errno.EDQUOT: "Disk quota exceeded"}

#: In bytes. Endings, and the suffix of a file being written, need the rest of 255.
LONGEST_NAME = 220


def existing(path: Path) -> Path:
    """The path itself, or its nearest parent that exists."""
    path = path.absolute()
    while not os.path.exists(path) and path != path.parent:
        path = path.parent
    return path


def readable_bytes(count: float) -> str:
    """A number of bytes with a decimal unit.

    Examples
    --------
    >>> readable_bytes(0), readable_bytes(1536), readable_bytes(4.2e9)
    ('0 B', '1.5 kB', '4.2 GB')
    """
    units = ["TB", "GB", "MB", "kB"]
    if count < 1000:
        return f"{count:.0f} B"
    while (count := count / 1000) >= 1000 and len(units) > 1:
        units.pop()
    return f"{count:.1f} {units[-1]}"


def _user() -> str:
    return f"user {psutil.Process().username()}"


def _owner(path: Path) -> str:
    try:
        about = existing(path).stat()
    except OSError:
        return ""
    return f"{existing(path)} has owner {about.st_uid} and mode {about.st_mode & 0o7777:04o}"


def _fullest(paths: Iterable[Path]) -> Path:
    """The path with the least free space: a failed write does not say which file it was."""
    return min((existing(path) for path in paths), key=lambda p: shutil.disk_usage(p).free)


def disk_full(path: Path) -> SegbenchError:
    """The error for a full disk, or an exhausted quota, below a path."""
    folder = existing(path)
    usage = shutil.disk_usage(folder)
    return SegbenchError(
        f"{path}: the disk is full, or the quota exhausted: {readable_bytes(usage.free)} of "
        f"{readable_bytes(usage.total)} free at {folder}",
        "enough space for the whole file; the partial file has been removed",
        "free some space there (`df -h` and `du -sh` show what uses it; `scripts/store.py prune` "
        "shrinks the store), or move `folder` or `store` of the config to a larger disk; then run "
        "the same command again: finished jobs are kept",
    )


def _denied(path: Path) -> SegbenchError:
    return SegbenchError(
        f"{path}: permission denied ({_owner(path)})",
        f"a folder that {_user()} may use: outputs and the store are written, raw data only read",
        "change the owner or the mode, or set `folder` (outputs) and `store` of the config to "
        "other folders",
    )


def _read_only(path: Path) -> SegbenchError:
    return SegbenchError(
        f"{path}: the filesystem is mounted read-only",
        "a writable folder; only raw data and the checkout may be read-only",
        "set `folder` (outputs) and `store` of the config to writable folders",
    )


def name_too_long(path: Path) -> SegbenchError:
    """The error for a path with a name that filesystems do not take."""
    longest = max(path.parts, key=len, default="")
    return SegbenchError(
        f"{path}: a name in it is too long: {len(os.fsencode(longest))} bytes in {longest!r}",
        f"names of at most {LONGEST_NAME} bytes, and paths of at most 4096",
        "shorten the names of the recipes in the config, or use a folder with a shorter path",
    )


def _no_locks(path: Path) -> SegbenchError:
    return SegbenchError(
        f"{path}: the filesystem cannot lock files",
        "a filesystem that supports flock, so that two jobs never do the same work at once",
        "mount it with locks (Lustre: -o flock; NFS: without nolock), or set `store` and "
        "`folder` of the config to folders on another filesystem",
    )


def _too_many_files(path: Path) -> SegbenchError:
    return SegbenchError(
        f"{path}: too many open files",
        "a limit on open files that is high enough for the job",
        "raise it (`ulimit -n 4096`) and run the same command again",
    )


_EXPLANATIONS: dict[int, Callable[[Path], SegbenchError]] = {
    errno.ENOSPC: disk_full,
    errno.EDQUOT: disk_full,
    errno.EACCES: _denied,
    errno.EPERM: _denied,
    errno.EROFS: _read_only,
    errno.ENAMETOOLONG: name_too_long,
    errno.ENOLCK: _no_locks,
    errno.ENOSYS: _no_locks,
    errno.EMFILE: _too_many_files,
    errno.ENFILE: _too_many_files,
}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and those that it was raised from."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _number_of(error: BaseException) -> int | None:
    """The number of the operating system's error behind an exception; None: there is none."""
    for link in _chain(error):
        if isinstance(link, OSError) and link.errno in _EXPLANATIONS:
            return link.errno
        for number, message in _MESSAGES.items():
            if message in str(link):
                return number
    return None


def _file_of(error: BaseException) -> Path | None:
    for link in _chain(error):
        name = getattr(link, "filename", None)
        if isinstance(name, str | bytes) and name:
            return Path(os.fsdecode(name))
    return None


def explain(error: BaseException, paths: Iterable[Path] = ()) -> SegbenchError | None:
    """Explain an error of the operating system.

    Parameters
    ----------
    error : exception
        What was caught, e.g. ENOSPC, EACCES, EROFS or what a library made of them.
    paths : iterable of Path
        Where the work may have been writing. A failed write does not say which file it
        was; then the path with the least free space is named.

    Returns
    -------
    SegbenchError or None
        None for any other exception: it is a bug, and needs its traceback.
    """
    if isinstance(error, SegbenchError):
        return error
    number = _number_of(error)
    if number is None:
        return None
    path = _file_of(error)
    if path is None:
        known = [*paths, Path.cwd()]
        path = _fullest(known) if number in FULL else known[0]
    explained = _EXPLANATIONS[number](path)
    notes = "; ".join(getattr(error, "__notes__", []))
    return (
        SegbenchError(f"{explained.what}; {notes}", explained.expected, explained.action)
        if notes
        else explained
    )
