"""Sizes and times of a tree's files: enough to know that nothing in it has changed.

As everywhere with sizes and times (Snakemake, make, rsync), a file that is given another
content of the same size and then its old time again is not seen to differ.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from segbench.decoders.listing import leads_up
from segbench.errors import SegbenchError
from segbench.files import write_text

#: Size in bytes, and time of the last change in nanoseconds.
Stamp = tuple[int, int]

#: Name of a file relative to the tree's root -> its stamp.
Tree = dict[str, Stamp]


def stamp_of(path: Path) -> Stamp:
    """Size and time of one file.

    Raises
    ------
    SegbenchError
        It is not there, or may not be looked at.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise SegbenchError(
            f"{path}: {error.strerror}",
            "a readable file",
            "check the folder and its permissions",
        ) from error
    return status.st_size, status.st_mtime_ns


def tree_of(root: Path, limit: int) -> Tree | None:
    """Stamps of all files of a tree; folders are stamped too, an empty one may matter.

    Parameters
    ----------
    root : Path
        Links below it are followed, unless they lead to a folder in which they lie.
    limit : int
        Files and folders after which it is given up: the tree holds much besides the
        dataset, and looking at all of it is no gain.

    Returns
    -------
    dict or None
        None: given up, or a folder cannot be read.
    """
    found: Tree = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(f"{root}/{folder}") as entries:
                for entry in entries:
                    name = folder + entry.name
                    if entry.is_dir():
                        if not entry.is_symlink() or not leads_up(Path(entry.path)):
                            folders.append(f"{name}/")
                        found[f"{name}/"] = (0, 0)
                        continue
                    status = entry.stat()
                    found[name] = (status.st_size, status.st_mtime_ns)
        except OSError:
            return None
        if len(found) > limit:
            return None
    return found


def _digest(said: Sequence[str], tree: Tree, written: Iterable[Path]) -> str:
    lines = [*said, *(f"{path} {stamp_of(path)}" for path in sorted(written))]
    lines += [f"{name} {tree[name]}" for name in sorted(tree)]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def read_seen(seen: Path, said: Sequence[str], tree: Tree, written: Iterable[Path]) -> bool:
    """Whether all of this is as `write_seen` saw it.

    Parameters
    ----------
    seen : Path
        What was written then; none, or a damaged one, is another.
    said : sequence of str
        What else the written files depend on.
    tree : Tree
        From `tree_of`.
    written : iterable of Path
        What was made of the tree; it must not have changed either.
    """
    try:
        return seen.read_bytes().decode("ascii", "replace") == _digest(said, tree, written)
    except OSError:
        return False


def write_seen(seen: Path, said: Sequence[str], tree: Tree, written: Iterable[Path]) -> None:
    """Note what a tree looked like before `written` was made of it; see `read_seen`."""
    write_text(seen, _digest(said, tree, written))
