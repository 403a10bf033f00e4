"""Where a run can work and where not, said in words instead of a traceback.

Disks fill up, folders are read-only, names are too long: what the operating system answers
then is turned into a `SegbenchError` that names the file, what is left of the place, and
what to do. docs/reference/supported-environments.md lists what was tried.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from segbench.errors import SegbenchError

#: What a full disk, or a used-up quota, answers.
FULL = frozenset((errno.ENOSPC, errno.EDQUOT))

#: Libraries that write through code of their own tell it by words alone.
_WORDS = {errno.ENOSPC: "No space left on device", errno.EDQUOT: "Disk quota exceeded"}

#: In bytes. Endings, and what a name carries while it is written, need the rest of 255.
LONGEST_NAME = 220

#: A place with less left is full: Snakemake's own notes would not fit.
_LEAST_BYTES = 256 << 10


def existing(path: Path) -> Path:
    """A path itself, or the nearest folder above it that exists."""
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
    return f"{existing(path)} is of owner {about.st_uid}, mode {about.st_mode & 0o7777:04o}"


def _fullest(places: Iterable[Path]) -> Path:
    """The place with the least left: a failed write does not say which file it was."""
    return min((existing(place) for place in places), key=lambda p: shutil.disk_usage(p).free)


def _full(path: Path) -> SegbenchError:
    place = existing(path)
    left = shutil.disk_usage(place)
    return SegbenchError(
        f"{path}: the disk is full (or the quota used up): {readable_bytes(left.free)} left "
        f"of {readable_bytes(left.total)} where {place} is",
        "room for the whole file; what was written of it is removed, it is no result",
        "make room there (`df -h` and `du -sh` show where it went; `scripts/store.py prune` "
        "frees the store), or move `folder` or `store` of the config to a larger disk; then run "
        "the same command again: finished jobs are kept",
    )


def _denied(path: Path) -> SegbenchError:
    return SegbenchError(
        f"{path}: permission denied ({_owner(path)})",
        f"a place that {_user()} may use: outputs and the store are written, raw data only read",
        "change the owner or the mode, or take other places with `folder` and `store` of the "
        "config",
    )


def _read_only(path: Path) -> SegbenchError:
    return SegbenchError(
        f"{path}: is on a filesystem that is mounted read-only",
        "a place that can be written to; only raw data and the checkout may be read-only",
        "set `folder` (outputs) and `store` of the config to places elsewhere",
    )


def _too_long(path: Path) -> SegbenchError:
    longest = max(path.parts, key=len, default="")
    return SegbenchError(
        f"{path}: a name in it is too long: {len(os.fsencode(longest))} bytes in {longest!r}",
        f"names of at most {LONGEST_NAME} bytes, and paths of at most 4096",
        "shorten the names of the recipes in the config, or move the folder further up",
    )


def _no_locks(path: Path) -> SegbenchError:
    return SegbenchError(
        f"{path}: the filesystem there cannot lock files",
        "one where flock works, so that two jobs never do the same work at the same time",
        "mount it with locks (Lustre: -o flock; NFS: without nolock), or set `store` and "
        "`folder` of the config to another filesystem",
    )


def _too_many_files(path: Path) -> SegbenchError:
    return SegbenchError(
        f"{path}: too many files are open",
        "a limit on open files that suffices for the job",
        "raise it (`ulimit -n 4096`) and run the same command again",
    )


_EXPLANATIONS: dict[int, Callable[[Path], SegbenchError]] = {
    errno.ENOSPC: _full,
    errno.EDQUOT: _full,
    errno.EACCES: _denied,
    errno.EPERM: _denied,
    errno.EROFS: _read_only,
    errno.ENAMETOOLONG: _too_long,
    errno.ENOLCK: _no_locks,
    errno.ENOSYS: _no_locks,
    errno.EMFILE: _too_many_files,
    errno.ENFILE: _too_many_files,
}


def _number_of(error: BaseException) -> int | None:
    """The operating system's error behind an exception, also when others wrap it."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, OSError) and behind.errno in _EXPLANATIONS:
            return behind.errno
        for number, words in _WORDS.items():
            if words in str(behind):
                return number
        behind = behind.__cause__ or behind.__context__
    return None


def _file_of(error: BaseException) -> Path | None:
    behind: BaseException | None = error
    while behind is not None:
        name = getattr(behind, "filename", None)
        if isinstance(name, str | bytes) and name:
            return Path(os.fsdecode(name))
        behind = behind.__cause__ or behind.__context__
    return None


def explain(error: BaseException, places: Iterable[Path] = ()) -> SegbenchError | None:
    """What the operating system refused, as an error that the user can act on.

    Parameters
    ----------
    error : exception
        What was caught, e.g. ENOSPC, EACCES, EROFS or what a library made of them.
    places : iterable of Path
        Where the work may have been writing. A failed write does not say which file it
        was; then the fullest of these is named.

    Returns
    -------
    SegbenchError or None
        None where it is something else: a mistake of ours, of which the traceback tells.
    """
    if isinstance(error, SegbenchError):
        return error
    number = _number_of(error)
    if number is None:
        return None
    path = _file_of(error)
    if path is None:
        known = [*places, Path.cwd()]
        path = _fullest(known) if number in FULL else known[0]
    told = _EXPLANATIONS[number](path)
    notes = "; ".join(getattr(error, "__notes__", []))
    return SegbenchError(f"{told.what}; {notes}", told.expected, told.action) if notes else told


def check_places(checkout: Path, folder: Path, names: Iterable[str] = ()) -> None:
    """Tell at once what would fail later, or fail obscurely.

    Parameters
    ----------
    checkout : Path
        Where the workflow's files are.
    folder : Path
        Where the outputs go.
    names : iterable of str
        Names that files will have, without their endings.

    Raises
    ------
    SegbenchError
        If nothing can be run here.
    """
    if any(mark in str(checkout) for mark in "{}"):
        raise SegbenchError(
            f"{checkout}: the path of the checkout has a brace in it",
            "no { or } there: Snakemake takes them for a wildcard",
            "rename that folder; all other characters may be used",
        )
    for name in names:
        if len(os.fsencode(name)) > LONGEST_NAME:
            raise _too_long(Path(name))
    encoding = sys.getfilesystemencoding().lower()
    if encoding != "utf-8":
        raise SegbenchError(
            f"names of files are read as {encoding}",
            "UTF-8, in which the outputs are written too",
            "unset PYTHONUTF8 and PYTHONCOERCECLOCALE, or export PYTHONUTF8=1 or LC_ALL=C.UTF-8",
        )
    try:
        (folder / ".snakemake").mkdir(parents=True, exist_ok=True)
        trial = folder / ".snakemake" / f"trial-{os.getpid()}"
        trial.touch()
        trial.unlink()
    except OSError as error:
        explained = explain(error, [folder])
        if explained is None:
            raise
        raise explained from None
    if shutil.disk_usage(folder).free < _LEAST_BYTES:
        raise _full(folder.absolute())
