"""Unpack archives that may be hostile or damaged."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Literal

from segbench.errors import SegbenchError

#: More entries, or more bytes for each byte of the archive, are treated as an attack.
#: Microscopy archives have ratios below 10, masks stored as bitmaps about 100.
MAX_ENTRIES = 1_000_000
MAX_RATIO = 200
#: Below this many bytes the ratio says nothing.
FREE_BYTES = 64 * 2**20

_ACTION = "fetch the archive again from the publisher; do not use this one"


def _refuse(archive: Path, what: str) -> SegbenchError:
    return SegbenchError(f"{archive.name}: {what}", "an archive of plain files", _ACTION)


def _check_name(archive: Path, name: str) -> None:
    """Refuse a name that could lead out of the folder into which it is unpacked."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    absolute = name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":")
    if absolute or ".." in parts or "\0" in name:
        raise _refuse(archive, f"entry {name!r} leads out of its folder")


def _check_size(archive: Path, sizes: Iterable[int], target: Path) -> None:
    """Refuse archives that are bombs or do not fit on the disk."""
    total = count = 0
    for size in sizes:
        total, count = total + size, count + 1
    if count > MAX_ENTRIES:
        raise _refuse(archive, f"has {count} entries")
    if total > max(FREE_BYTES, MAX_RATIO * archive.stat().st_size):
        raise _refuse(archive, f"would unpack to {total} bytes, over {MAX_RATIO} times its size")
    free = shutil.disk_usage(target).free
    if total > free:
        raise SegbenchError(
            f"{archive.name}: unpacks to {total / 1e9:.2f} GB",
            f"at most the {free / 1e9:.2f} GB that are free in {target.parent}",
            "free some space, or put the data folder on another disk",
        )


def unpack(archive: Path, kind: Literal["zip", "tar"], target: Path) -> None:
    """Unpack an archive into an empty folder.

    Parameters
    ----------
    archive : Path
        The file.
    kind : {"zip", "tar"}
        tar: plain or compressed with gzip, bzip2 or xz.
    target : Path
        An existing folder. Nothing outside it is ever written.

    Raises
    ------
    SegbenchError
        The archive is damaged, encrypted, leads out of `target`, holds links that do (in a
        zip: any link) or special files, or is a decompression bomb.
    """
    try:
        if kind == "zip":
            _unpack_zip(archive, target)
        else:
            _unpack_tar(archive, target)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError) as e:
        raise _refuse(archive, f"cannot be unpacked ({e})") from e


def _unpack_zip(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as source:
        entries = source.infolist()
        seen: set[str] = set()
        for entry in entries:
            _check_name(archive, entry.filename)
            mode = entry.external_attr >> 16
            if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise _refuse(archive, f"entry {entry.filename!r} is a link or a special file")
            if entry.flag_bits & 1:
                raise _refuse(archive, f"entry {entry.filename!r} is encrypted")
            if entry.filename in seen:
                raise _refuse(archive, f"entry {entry.filename!r} occurs twice")
            seen.add(entry.filename)
        _check_size(archive, (entry.file_size for entry in entries), target)
        for entry in entries:
            path = target.joinpath(*PurePosixPath(entry.filename).parts)
            if entry.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            # zipfile stops at the declared size and checks the CRC, so the sum above holds.
            with source.open(entry) as reading, path.open("xb") as writing:
                shutil.copyfileobj(reading, writing, 1 << 20)


def _unpack_tar(archive: Path, target: Path) -> None:
    with tarfile.open(archive, "r:*") as source:
        members = []
        total = 0
        for member in source:
            _check_name(archive, member.name)
            members.append(member)
            total += member.size
            # Checked while reading: listing a compressed bomb already unpacks it.
            if total > max(FREE_BYTES, MAX_RATIO * archive.stat().st_size):
                break
        _check_size(archive, (member.size for member in members), target)
        # The data filter refuses links that lead out, devices and absolute names.
        source.extractall(target, members=members, filter="data")
