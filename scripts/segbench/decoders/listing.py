"""Find images and masks below a folder: every file is read, junk, or named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from segbench.decoders.decoder import Entry
from segbench.decoders.registry import (
    BY_ENDING,
    CONVERT,
    Format,
    ending_of,
    format_of,
    load,
    unsupported,
)


def is_junk(name: str) -> bool:
    """Whether a file or folder was left by an operating system or an archiver.

    Examples
    --------
    >>> is_junk("._a.png"), is_junk("__MACOSX"), is_junk("a.png")
    (True, True, False)
    """
    return name.startswith(".") or name in {"__MACOSX", "Thumbs.db", "desktop.ini", "DICOMDIR"}


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key that takes digits as numbers: slice 2 before slice 10.

    Examples
    --------
    >>> sorted(["s10.png", "s2.png"], key=natural)
    ['s2.png', 's10.png']
    """
    parts = re.split(r"(\d+)", name)
    return [(1, int(p), p) if p.isdigit() else (0, 0, p) for p in parts]


def list_images(folder: Path, refuse: bool = True) -> tuple[list[Entry], list[str]]:
    """Images and masks below a folder, and the other files.

    Parameters
    ----------
    folder : Path
        Links below it are followed, loops are not.
    refuse : bool, optional
        Whether files of a kind that is often meant to be read, and is not, are an error. If not,
        they are among the others.

    Returns
    -------
    entries : list of Entry
        In natural order of their names.
    others : list of str
        Files that no decoder reads, relative to `folder`, in natural order; without junk.

    Raises
    ------
    SegbenchError
        A file is of a kind that is often meant to be read, and is not; or a decoder cannot know
        which files belong together.
    """
    entries: list[Entry] = []
    others: list[str] = []
    for place, names in _folders(folder):
        by_format: dict[Format, dict[str, str]] = {}
        for name in names:
            found = format_of(folder / place / name)
            if found is not None:
                stem = name[: len(name) - len(ending_of(name))]
                by_format.setdefault(found, {})[name] = stem
            elif refuse and Path(name).suffix.lower() in CONVERT:
                raise unsupported(folder / place / name)
            else:
                others.append((place / name).as_posix())
        for one, stems in by_format.items():
            others += [(place / name).as_posix() for name in stems]  # those taken go below
            for entry in load(one).entries(folder / place, stems):
                parts = tuple((place / part).as_posix() for part in entry.parts)
                stem = (place / entry.stem).as_posix()
                if stem == ".":  # all that the listed folder holds
                    stem = stems[entry.name] if len(parts) == 1 else folder.name
                entries.append(Entry((place / entry.name).as_posix(), parts, stem))
    taken = {part for entry in entries for part in (entry.name, *entry.parts)}
    return (
        sorted(entries, key=lambda entry: natural(entry.name)),
        sorted((name for name in others if name not in taken), key=natural),
    )


def _folders(root: Path) -> Iterator[tuple[PurePosixPath, list[str]]]:
    """Folders below the root with their names; a folder that is one image counts as a name."""
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(root, followlinks=True):
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        whole = [name for name in folders if _is_image(name)]
        folders[:] = sorted(n for n in folders if not is_junk(n) and n not in whole)
        names = sorted(name for name in (*files, *whole) if not is_junk(name))
        yield PurePosixPath(Path(place).relative_to(root).as_posix()), names


def _is_image(folder: str) -> bool:
    ending = ending_of(folder).lower()
    return bool(ending) and BY_ENDING[ending].folder
