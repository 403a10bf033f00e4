"""Headers of NRRD and MetaImage files: what SimpleITK does not hand on of them.

SimpleITK reads both formats. It does not tell whether a file says its voxel size (1 mm is also
what it takes where nothing is said), in which unit, and in which other files the pixels are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segbench.errors import SegbenchError

#: Longest line and most lines of a header: Slicer writes long ones, other files are no headers.
_LONGEST, _MOST = 1 << 20, 100_000

#: Fields that name the files with the pixels, in lower case.
_DATA = ("data file", "datafile", "elementdatafile")

#: ``name: value`` of NRRD, ``name = value`` of MetaImage.
_FIELD = re.compile(r"([^:=]+?)\s*(?::(?!=)|=)\s*(.*?)\s*$")


@dataclass(frozen=True)
class TextHeader:
    """The fields of a header.

    Attributes
    ----------
    fields : mapping of str to str
        Names in lower case; without NRRD's ``key:=value`` pairs, which SimpleITK hands on.
    files : tuple of str
        Names of files with the pixels, as written; empty: they follow in the same file.
    end : int
        Where the header ends, in bytes.
    """

    fields: Mapping[str, str]
    files: tuple[str, ...]
    end: int


def read_text_header(path: Path) -> TextHeader:
    """Read the lines of a header, up to an empty line or to MetaImage's last field.

    Raises
    ------
    OSError, ValueError
        The file cannot be read, or is not one of these.
    """
    fields: dict[str, str] = {}
    data = "LOCAL"
    with path.open("rb") as file:
        for _ in range(_MOST):
            line = file.readline(_LONGEST).decode("latin-1")
            name, value = field.groups() if (field := _FIELD.match(line)) else ("", "")
            if name:
                fields[name.lower()] = value
            if name.lower() in _DATA:
                data = value
            if not line.strip() or name.lower() == _DATA[-1] or data.startswith("LIST"):
                break
        if data.split()[:1] != ["LIST"]:
            return TextHeader(fields, _files(data), file.tell())
        lines = file.read(_LONGEST).decode("utf-8", "replace").splitlines()
        return TextHeader(fields, tuple(one.strip() for one in lines if one.strip()), 0)


def _files(data: str) -> tuple[str, ...]:
    """File names of the data field: none, one, or a pattern with first, last and step."""
    if data.upper() == "LOCAL":
        return ()
    pattern, *numbers = data.split()
    if "%" not in pattern or len(numbers) < 2:
        return (data,)
    first, last, step = (*map(int, numbers[:3]), 1)[:3]
    return tuple(pattern % number for number in range(first, last + 1, step))


def parts_of(path: Path) -> tuple[str, ...]:
    """Name a header and the files with its pixels, relative to its folder.

    Raises
    ------
    SegbenchError
        See `check_files`.
    """
    files = read_text_header(path).files
    check_files(path, files)
    return (path.name, *files)


def check_files(path: Path, files: tuple[str, ...]) -> None:
    """Refuse a header whose pixels are in files that are absent or outside of its folder.

    Raises
    ------
    SegbenchError
    """
    for name in files:
        outside = Path(name).is_absolute() or ".." in Path(name).parts
        if outside or not (path.parent / name).is_file():
            raise SegbenchError(
                f"{path}: its pixels are in {name}, which is "
                + ("not below its folder" if outside else "not there"),
                "a header and its data files in one folder",
                "put the data file beside the header under the name that the header gives; or "
                "save the image as one file (.nrrd, .mha)",
            )
