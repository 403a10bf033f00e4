"""Find a publisher's folder and its files by name, without opening any."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from segbench.decoders.listing import is_junk
from segbench.errors import SegbenchError

#: File endings that count as pictures.
IMAGE_SUFFIXES = frozenset({".png", ".tif", ".tiff"})

#: How far below the raw root the publisher's own folder may lie.
MAX_DEPTH = 4

# "--" is left out: amplified copies are called SOURCE--POSE.
_SAFE_ID = re.compile(r"(?!.*--)[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def subfolders(folder: Path) -> list[str]:
    """Names of the folders in a folder, sorted, junk left out."""
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if e.is_dir() and not is_junk(e.name))


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


def unique(folder: Path, keyed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Files of a folder by their keys.

    Raises
    ------
    SegbenchError
        Two files have one key, so that a pair would be ambiguous.
    """
    found: dict[str, str] = {}
    for key, name in keyed:
        other = found.setdefault(key, name)
        if other != name:
            raise SegbenchError(
                f"{folder}: {other} and {name} differ only in their ending",
                "one file of each name",
                "remove one of the two",
            )
    return found


def by_stem(folder: Path, suffixes: Collection[str] = IMAGE_SUFFIXES) -> dict[str, str]:
    """Files of a folder with these endings, in any case, by their unique name without it."""
    return unique(folder, ((Path(name).stem, name) for name in pictures(folder, suffixes)))


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


def check_id(sample: str, where: Path) -> str:
    """Give `sample` back if it can be a file name and an id; else raise SegbenchError."""
    if not _SAFE_ID.fullmatch(sample):
        raise SegbenchError(
            f"{where}: {sample!r} cannot be a sample's id",
            "a name of letters, digits, '.', '_' and single '-', at most 128 of them",
            "rename the file",
        )
    return sample
