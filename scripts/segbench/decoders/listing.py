"""Find images and masks below a folder: every file is read, junk, or named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segbench.decoders.decoder import Entry
from segbench.decoders.registry import (
    BY_ENDING,
    CONVERT,
    Format,
    ending_of,
    format_of,
    is_folder_image,
    load,
    unsupported,
)
from segbench.errors import SegbenchError

_DIGITS = re.compile(r"(\d+)")


#: Names of what operating systems, disks and archivers leave behind, beside those that begin
#: with a dot.
JUNK = frozenset({
    "__MACOSX", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information",
    "lost+found", "@eaDir", "DICOMDIR",
})  # fmt: skip


def is_junk(name: str) -> bool:
    """Whether a file or folder was left by an operating system or an archiver.

    Examples
    --------
    >>> is_junk("._a.png"), is_junk("__MACOSX"), is_junk("a.png")
    (True, True, False)
    """
    return name.startswith(".") or name in JUNK


def natural(name: str) -> tuple[list[Any], str]:
    """Sort key that takes digits as numbers: slice 2 before slice 10.

    Examples
    --------
    >>> sorted(["s10.png", "s2.png"], key=natural)
    ['s2.png', 's10.png']
    """
    parts: list[Any] = _DIGITS.split(name)
    parts[1::2] = map(int, parts[1::2])
    return parts, name


def list_images(
    folder: Path, refuse: bool = True, tolerant: bool = False
) -> tuple[list[Entry], list[str]]:
    """Images and masks below a folder, and the other files.

    Parameters
    ----------
    folder : Path
        Links below it are followed, loops are not.
    refuse : bool, optional
        Whether files of a kind that is often meant to be read, and is not, are an error. If not,
        they are among the others.
    tolerant : bool, optional
        Files of a folder that a decoder cannot group are one entry, called as the folder; what is
        wrong is told when it is opened.

    Returns
    -------
    entries : list of Entry
        In natural order of their names.
    others : list of str
        Files that no decoder reads, relative to `folder`, in natural order; without junk.

    Raises
    ------
    SegbenchError
        A file is of a kind that is often meant to be read, and is not; or, unless `tolerant`, a
        decoder cannot know which files belong together.
    """
    entries: list[Entry] = []
    others: list[str] = []
    for place, names in walk(folder):
        by_format: dict[Format, dict[str, str]] = {}
        for name in names:
            ending = ending_of(name)
            kind = BY_ENDING[ending.lower()] if ending else format_of(folder / place / name)
            if kind is not None:
                by_format.setdefault(kind, {})[name] = name[: len(name) - len(ending)]
            elif refuse and Path(name).suffix.lower() in CONVERT:
                raise unsupported(folder / place / name)
            else:
                others.append(place + name)
        for one, stems in by_format.items():
            others += [place + name for name in stems]  # those taken go below
            try:
                grouped = load(one).entries(folder / place, stems)
            except SegbenchError:
                if not tolerant:
                    raise
                parts = tuple([place + name for name in stems])
                entries.append(Entry(place[:-1] or ".", parts, place[:-1] or folder.name))
                continue
            for entry in grouped:
                found = moved(entry, place)
                if entry.stem == ".":  # all that the folder holds
                    one_file = not place and len(entry.parts) == 1
                    whole = stems[entry.name] if one_file else place[:-1] or folder.name
                    found = found._replace(stem=whole)
                entries.append(found)
    taken = {part for entry in entries for part in (entry.name, *entry.parts)}
    return (
        sorted(entries, key=lambda entry: natural(entry.name)),
        sorted((name for name in others if name not in taken), key=natural),
    )


def moved(entry: Entry, place: str) -> Entry:
    """An entry of a folder, relative to one above it.

    Examples
    --------
    >>> moved(Entry("a.png", ("a.png",), "a"), "images/")
    Entry(name='images/a.png', parts=('images/a.png',), stem='images/a')
    """
    name, parts, stem = entry
    if len(parts) == 1 and parts[0] == name:
        return Entry(place + name, (place + name,), place + stem)
    return Entry(place + name, tuple([place + part for part in parts]), place + stem)


def walk(root: Path) -> Iterator[tuple[str, list[str]]]:
    """The folders below a folder and what is in them, without junk.

    Parameters
    ----------
    root : Path
        Links below it are followed, unless they lead to a folder in which they lie.

    Yields
    ------
    place : str
        A folder relative to `root`, with a slash at its end; empty for `root` itself.
    names : list of str
        The files in it, sorted; a folder that is one image counts as a file.

    Raises
    ------
    SegbenchError
        A folder cannot be read.
    """
    places = [""]
    while places:
        place = places.pop()
        names, folders = [], []
        try:
            with os.scandir(root / place) as found:
                for entry in found:
                    if is_junk(entry.name):
                        continue
                    if not is_folder(entry) or is_folder_image(entry.name):
                        names.append(entry.name)
                    elif not entry.is_symlink() or not leads_up(Path(entry.path)):
                        folders.append(f"{place}{entry.name}/")
        except OSError as error:
            raise unreadable(root / place, error) from error
        yield place, sorted(names)
        places += sorted(folders, reverse=True)


def unreadable(folder: Path, error: OSError) -> SegbenchError:
    """The error for a folder whose files cannot be listed."""
    return SegbenchError(
        f"{folder}: cannot be read ({error.strerror})",
        "a folder that can be read",
        "check the folder and its permissions",
    )


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder; a link that cannot be followed is a file."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def leads_up(link: Path) -> bool:
    """Whether a link leads to a folder in which it lies, however far above."""
    return any(os.path.samefile(link, folder) for folder in link.absolute().parents)
