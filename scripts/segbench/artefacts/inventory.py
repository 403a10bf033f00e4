"""The inventory of a shard: the raw files of its samples, and what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from segbench.artefacts.tsv import parse_table, read_table, table_text, whole_number
from segbench.files import write_text

COLUMNS = ("sample", "path", "bytes", "sha256")


@dataclass(frozen=True, order=True, slots=True)
class RawFile:
    """One raw file of one sample.

    Attributes
    ----------
    sample : str
        Id of the sample.
    path : str
        The file, relative to the raw tree, in POSIX form.
    bytes : int
        Its size; of a table that many samples share, the size of what it says of this one.
    sha256 : str
        Digest of its content, or of that part.
    """

    sample: str
    path: str
    bytes: int
    sha256: str


def write_inventory(files: Iterable[RawFile], path: Path) -> bool:
    """Write an inventory if, and only if, its content differs.

    Parameters
    ----------
    files : iterable of RawFile
        Written sorted by sample and path.
    path : Path
        Tab-separated, with `COLUMNS`.

    Returns
    -------
    bool
        Whether it was written.

    Raises
    ------
    SegbenchError
        A file name holds a tab, a line end or another control character.
    """
    rows = [(file.sample, file.path, str(file.bytes), file.sha256) for file in sorted(files)]
    text = table_text(path, COLUMNS, rows, "rename the file")
    if path.exists() and path.read_bytes() == text.encode():
        return False
    write_text(path, text)
    return True


def read_inventory(path: str | Path) -> list[RawFile]:
    """Read an inventory, in the order of its rows.

    Raises
    ------
    SegbenchError
        The file is no inventory.
    """
    return read_table(path, COLUMNS, _file)


def parse_inventory(text: str) -> list[RawFile]:
    """Read the text of an inventory, see `read_inventory`."""
    return parse_table(text, "an inventory", COLUMNS, _file)


def is_inventory(path: str | Path) -> bool:
    """Whether a file is an inventory, by its header."""
    with open(path, "rb") as handle:
        return handle.readline() == ("\t".join(COLUMNS) + "\n").encode()


def by_sample(files: Iterable[RawFile]) -> dict[str, dict[str, RawFile]]:
    """Sort files by sample and path."""
    found: dict[str, dict[str, RawFile]] = {}
    for file in files:
        found.setdefault(file.sample, {})[file.path] = file
    return found


def _file(row: dict[str, str]) -> RawFile:
    return RawFile(row["sample"], row["path"], whole_number(row, "bytes"), row["sha256"])
