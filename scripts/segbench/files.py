"""Atomic writes (temporary file, fsync, rename), digests, reproducible zip entries."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

#: Every entry of every archive carries this time, so that equal content is equal bytes.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it into place if the block succeeds.

    Parameters
    ----------
    path : str or Path
        The final file or folder. Missing parent folders are made.

    Yields
    ------
    Path
        A name in the same folder. It keeps the ending of `path`, so that writers that look at
        the ending behave. The block makes a file of it, or a folder, which takes the place of an
        older folder. It is removed if the block fails.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{uuid4().hex[:12]}.partial.{path.name}")
    try:
        yield beside
        for part in (beside, *beside.rglob("*")):
            sync(part)
        if beside.is_dir() and path.is_dir():
            shutil.rmtree(path)
        os.replace(beside, path)
    except OSError as error:
        # A failed write does not say of which file: the user needs to know where.
        if error.filename in (None, str(beside), beside):
            error.filename = str(path)
        with suppress(OSError):
            error.add_note(f"{beside.stat().st_size} bytes of it were written")
        raise
    finally:
        with suppress(OSError):
            remove(beside)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it; what is absent is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: str | Path) -> None:
    """Force the bytes of a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, atomically."""
    with atomic_path(path) as beside:
        beside.write_bytes(text.encode("utf-8"))


def sha256_of_bytes(data: bytes) -> str:
    """SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: str | Path) -> str:
    """SHA-256 of a file's content, in hexadecimal.

    Examples
    --------
    >>> sha256_of_file("/dev/null")[:8]
    'e3b0c442'
    """
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def zip_entry(name: str) -> zipfile.ZipInfo:
    """An uncompressed zip entry without a clock, an owner or a platform."""
    entry = zipfile.ZipInfo(name, date_time=ZIP_TIME)
    entry.compress_type = zipfile.ZIP_STORED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
