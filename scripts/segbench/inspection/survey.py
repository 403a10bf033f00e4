"""What is in a folder: its images, what their headers say, and the other files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

import numpy as np

from segbench.decoders.decoder import Choices, Entry, Header
from segbench.decoders.listing import list_images
from segbench.decoders.registry import CONVERT, NO_CHOICES, ending_of, header_of
from segbench.errors import SegbenchError

#: At most so many headers are read, evenly spread.
HEADERS = 400

Item = TypeVar("Item")


@dataclass(frozen=True)
class Survey:
    """A folder before anything is known of its layout.

    Attributes
    ----------
    folder : Path
    entries : list of Entry
        Images and masks alike.
    others : list of str
        Files that are neither, relative to the folder.
    headers : dict of str to Header
        Name of an entry -> what it says; of at most `HEADERS` entries.
    faults : dict of str to SegbenchError
        Name of an entry -> why it cannot be read.
    """

    folder: Path
    entries: list[Entry]
    others: list[str]
    headers: dict[str, Header]
    faults: dict[str, SegbenchError]


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """At most `count` items, evenly spread, the first and the last among them.

    Examples
    --------
    >>> spread("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if len(items) <= count:
        return list(items)
    return [items[int(place)] for place in np.linspace(0, len(items) - 1, count).round()]


def survey(folder: Path, choices: Choices = NO_CHOICES) -> Survey:
    """List a folder and read headers.

    Raises
    ------
    SegbenchError
        There is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise SegbenchError(
            f"images={folder}: there is no such folder",
            "a folder of images and masks",
            "give its path, relative to the project or absolute",
        )
    entries, others = list_images(folder, refuse=False, tolerant=True)
    if not entries and not others:
        raise SegbenchError(
            f"images={folder}: the folder is empty", "images and masks", "give another folder"
        )
    headers: dict[str, Header] = {}
    faults: dict[str, SegbenchError] = {}
    for entry in spread(entries, HEADERS):
        try:
            headers[entry.name] = header_of(folder / entry.name, choices)
        except SegbenchError as error:
            faults[entry.name] = error
    return Survey(folder, entries, others, headers, faults)


def counted(values: Mapping[str, int] | Counter[str], most: int = 6) -> str:
    """Values with their counts, the most frequent first.

    Examples
    --------
    >>> counted({"png": 2, "tif": 5})
    '5 tif, 2 png'
    """
    order = sorted(values, key=lambda name: (-values[name], name))
    shown = ", ".join(f"{values[name]} {name}" for name in order[:most])
    return shown + (f", and {len(order) - most} other kinds" if len(order) > most else "")


def shape_in_words(header: Header) -> str:
    """Size, channels and type of an image.

    Examples
    --------
    >>> shape_in_words(Header("yxc", (40, 50, 3), np.dtype("uint8")))
    '40 x 50, 3 channels, uint8'
    """
    channels = header.shape[-1] if header.axes.endswith("c") else 1
    named = f" ({', '.join(header.channels)})" if header.channels else ""
    return (
        f"{' x '.join(map(str, header.size))}, {channels} channel{'s' * (channels > 1)}{named}, "
        f"{header.dtype.name}"
    )


def lines_of(found: Survey) -> list[str]:
    """The folder in words: formats, sizes, spacing, files that are no images."""
    lines = [f"{len(found.entries)} images and masks"]
    if found.entries:
        endings = Counter(
            ending_of(entry.name).lower() or "without ending" for entry in found.entries
        )
        lines.append(f"  formats: {counted(endings)}")
    shapes = Counter(shape_in_words(header) for header in found.headers.values())
    read = "" if len(found.headers) + len(found.faults) == len(found.entries) else (
        f" (of the {len(found.headers)} headers that were read)"
    )  # fmt: skip
    for shape, count in shapes.most_common(8):
        lines.append(f"  {count} of {shape}{read}")
    if len(shapes) > 8:
        lines.append(f"  and {len(shapes) - 8} other sizes or types")
    spacings = Counter(spacing_in_words(header) for header in found.headers.values())
    if spacings:
        lines.append(f"  pixel spacing: {counted(spacings, 4)}")
    if found.others:
        kinds = Counter(
            PurePosixPath(name).suffix.lower() or "without ending" for name in found.others
        )
        lines.append(f"{len(found.others)} other files: {counted(kinds)}")
    return lines


def spacing_in_words(header: Header) -> str:
    """Size of a pixel or voxel."""
    if header.spacing_mm is None:
        return "not said by the file"
    return " x ".join(f"{mm:.4g}" for mm in header.spacing_mm) + " mm"


def unreadable_lines(found: Survey) -> list[str]:
    """Warnings of files that cannot be read, or must be converted first."""
    lines = fault_lines(found.faults)
    for suffix, advice in CONVERT.items():
        names = [name for name in found.others if name.lower().endswith(suffix)]
        if names:
            lines.append(
                f"{len(names)} {'files' if len(names) > 1 else 'file'} in {suffix} "
                f"(e.g. {names[0]}): {advice}"
            )
    return lines


def fault_lines(faults: Mapping[str, SegbenchError]) -> list[str]:
    """Files that cannot be read; of those with one fault, the first."""
    alike: dict[tuple[str, str], list[str]] = {}
    for name, error in faults.items():
        alike.setdefault((error.what.replace(name, ""), error.action), []).append(name)
    return [
        f"{faults[names[0]].what}{f' (and {len(names) - 1} more)' * (len(names) > 1)}; {action}"
        for (_, action), names in alike.items()
    ]


def readable(found: Survey) -> list[Entry]:
    """Images and masks, without an ending of which no file can be read where another can."""
    read = {ending_of(name) for name in found.headers}
    failed = {ending_of(name) for name in found.faults} - read
    return [entry for entry in found.entries if not read or ending_of(entry.name) not in failed]
