"""Find a publisher's folder and its files by name, without opening any."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from segbench.decoders.decoder import Entry
from segbench.decoders.listing import is_folder, is_junk, unreadable
from segbench.errors import SegbenchError

#: File endings that count as pictures.
IMAGE_SUFFIXES = frozenset({".png", ".tif", ".tiff"})

#: How far below the raw root the publisher's own folder may lie.
MAX_DEPTH = 4


def subfolders(folder: Path) -> list[str]:
    """Names of the folders in a folder, sorted, junk left out.

    Raises
    ------
    SegbenchError
        It cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if is_folder(e) and not is_junk(e.name))
    except OSError as error:
        raise unreadable(folder, error) from error


def pictures(folder: Path, suffixes: Collection[str] = IMAGE_SUFFIXES) -> list[str]:
    """Names of the pictures in a folder, sorted, junk left out; empty without the folder."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(
            e.name
            for e in entries
            if not is_junk(e.name)
            and os.path.splitext(e.name)[1].lower() in suffixes
            and e.is_file()
        )


def unique(folder: Path, entries: Iterable[Entry], suffix: str = "") -> dict[str, Entry]:
    """Images or masks of a folder by their stems without a suffix, which is what pairs them.

    Accents count as equal however they are stored: as a sign of their own or not.

    Raises
    ------
    SegbenchError
        Two have one key, so that a pair would be ambiguous.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        key = entry.stem.removesuffix(suffix)
        key = key if key.isascii() else unicodedata.normalize("NFC", key)
        other = found.setdefault(key, entry)
        if other is not entry:
            raise SegbenchError(
                f"{folder}: {other.name} and {entry.name} differ only in their ending",
                "one file of each name",
                "remove one of the two",
            )
    return found


def by_stem(folder: Path, suffixes: Collection[str] = IMAGE_SUFFIXES) -> dict[str, str]:
    """Files of a folder with these endings, in any case, by their unique name without it."""
    names = pictures(folder, suffixes)
    entries = unique(folder, [Entry(name, (name,), Path(name).stem) for name in names])
    return {key: entry.name for key, entry in entries.items()}


def breadth_first(root: Path, depth: int = MAX_DEPTH) -> Iterator[Path]:
    """`root` and the folders below it, the nearest first, each level sorted by name."""
    level = [root]
    for remaining in range(depth, -1, -1):
        yield from level
        if remaining:
            level = [folder / name for folder in level for name in subfolders(folder)]


def locate(root: Path, is_base: Callable[[Path], bool], layout: str) -> Path:
    """Find the publisher's folder: `root` itself or the nearest below it that fits.

    Parameters
    ----------
    root : Path
        The raw tree.
    is_base : callable
        Says whether a folder is the one.
    layout : str
        How the folder looks, for the error.

    Raises
    ------
    SegbenchError
        There is no such folder.
    """
    if not root.is_dir():
        raise SegbenchError(
            f"{root}: there is no such folder", layout, "fetch the dataset, or correct the path"
        )
    for folder in breadth_first(root):
        if is_base(folder):
            return folder
    raise SegbenchError(
        f"{root}: the publisher's folders are not in it",
        layout,
        "unpack the publisher's archive there without changing its folders",
    )


def nearest_above(folder: Path, root: Path, name: str) -> Path | None:
    """Find a file in a folder or above it; never above the raw tree's root."""
    places = [folder, *(place for place in folder.parents if place.is_relative_to(root))]
    return next((place / name for place in places if (place / name).is_file()), None)
