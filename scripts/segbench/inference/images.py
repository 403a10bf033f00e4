"""The new images of a folder: listing and opening them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path, PurePosixPath

import numpy as np

from segbench.artefacts.inventory import RawFile, read_inventory, write_inventory
from segbench.datasets.inventory import HashCache
from segbench.datasets.opening import on_grid, read
from segbench.decoders.decoder import Choices, Entry, Header
from segbench.decoders.images import as_image
from segbench.decoders.listing import list_images, natural
from segbench.decoders.registry import (
    BY_ENDING,
    CONVERT,
    NO_ENDING,
    ending_of,
    lacks_ending,
    load,
)
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes

#: Stand for the digest of an image that cannot be read, and of a file that is no image.
UNREADABLE, NO_IMAGE = "unreadable", "no image"


#: End of the name of an image's first channel, where each has a file.
FIRST = "_0000"


@dataclass(frozen=True)
class NewImage:
    """An image: a file, several files or a folder.

    Attributes
    ----------
    name : str
        What is opened: a POSIX path relative to the folder of images.
    sha256 : str
        Digest of its files.
    stem : str
        What its results are named after.
    """

    name: str
    sha256: str
    stem: str

    @property
    def ending(self) -> str:
        """The ending in lower case, e.g. ``.png``; empty for formats that are not read."""
        return ending_of(self.name).lower()

    @property
    def mask_ending(self) -> str:
        """The ending of its masks; empty for formats that are not read."""
        if lacks_ending(self.name):
            return load(NO_ENDING).mask_ending
        return load(BY_ENDING[self.ending]).mask_ending if self.ending else ""


def write_manifest(
    folder: Path, manifest: Path, cache: Path, channels_in_files: bool = False
) -> None:
    """List the images of a folder and its subfolders, with their digests.

    Parameters
    ----------
    folder : Path
        Links in it are followed. What operating systems leave behind is skipped.
    manifest : Path
        An inventory: of each image the stem as its sample, what is opened as its path, and the
        size and digest of all its files. Files that are no images are listed too. Rewritten only
        if its content differs.
    cache : Path
        Digests of files whose size and modification time have not changed.
    channels_in_files : bool
        ``NAME_0000.*``, ``NAME_0001.*``, ... are the channels of the image NAME, as in nnU-Net.

    Raises
    ------
    SegbenchError
        The folder holds no image.
    """
    entries, others = list_images(folder, refuse=False, tolerant=True)
    if channels_in_files:
        entries = _with_channels(entries)
    meant = [name for name in others if PurePosixPath(name).suffix.lower() in CONVERT]
    others = [name for name in others if name not in meant]
    if not entries and not meant:
        found = f"; it holds {', '.join(others[:3])}" if others else ""
        raise SegbenchError(
            f"{folder}: there is no image in this folder{found}",
            f"files ending in {', '.join(sorted(BY_ENDING))}",
            "give the folder of your images: --config images=FOLDER",
        )
    digests = HashCache(cache)
    listed = [_listed(folder, entry, digests) for entry in entries]
    listed += [RawFile(name, name, 0, UNREADABLE) for name in meant]
    listed += [RawFile(name, name, 0, NO_IMAGE) for name in others]
    digests.save()
    write_inventory(listed, manifest)


def _with_channels(entries: Sequence[Entry]) -> list[Entry]:
    """One entry for the channels of an image, if they count from 0 without a gap."""
    by_name = {entry.name: entry for entry in entries}
    joined: dict[str, Entry] = {}
    for first in entries:
        if first.stem.endswith(FIRST):
            ending = ending_of(first.name)
            names = takewhile(by_name.__contains__, _channel_names(first.name, ending))
            channels = [by_name[name] for name in names]
            parts = tuple(part for channel in channels for part in channel.parts)
            joined[first.name] = first._replace(parts=parts, stem=first.stem.removesuffix(FIRST))
            joined |= {channel.name: joined[first.name] for channel in channels}
    return list(dict.fromkeys(joined.get(entry.name, entry) for entry in entries))


def _channel_names(first: str, ending: str) -> Iterator[str]:
    stem = first.removesuffix(ending).removesuffix(FIRST)
    return (f"{stem}_{number:04d}{ending}" for number in count())


def _channels(folder: Path, image: NewImage) -> list[Path]:
    """The files of an image's channels; its one file where they are not apart."""
    ending = ending_of(image.name)
    if image.name.removesuffix(ending) != f"{image.stem}{FIRST}":
        return [folder / image.name]
    paths = (folder / name for name in _channel_names(image.name, ending))
    return list(takewhile(Path.exists, paths))


def _listed(folder: Path, entry: Entry, digests: HashCache) -> RawFile:
    """An image's row; the digest of several files covers their names below the image's place."""
    try:
        found = {part: digests.digest(folder, part) for part in entry.parts}
    except (SegbenchError, OSError):  # reported when it is opened; the others are still done
        return RawFile(entry.stem, entry.name, 0, UNREADABLE)
    size, digest = sum(size for size, _ in found.values()), found.get(entry.name, (0, ""))[1]
    if list(found) != [entry.name]:
        place = entry.name if entry.name not in found else str(PurePosixPath(entry.name).parent)
        inside = {str(PurePosixPath(p).relative_to(place)): sha for p, (_, sha) in found.items()}
        digest = sha256_of_bytes(json.dumps(inside, sort_keys=True).encode())
    return RawFile(entry.stem, entry.name, size, digest)


def read_manifest(manifest: Path) -> tuple[list[NewImage], list[str]]:
    """The images of a manifest, and the files that are no images, in natural order."""
    files = sorted(read_inventory(manifest), key=lambda file: natural(file.path))
    images = [NewImage(f.path, f.sha256, f.sample) for f in files if f.sha256 != NO_IMAGE]
    return images, [file.path for file in files if file.sha256 == NO_IMAGE]


def collisions(images: Sequence[NewImage]) -> dict[str, SegbenchError]:
    """Images whose results would share a name, e.g. a.png and a.tif: name -> error."""
    by_stem: dict[str, list[str]] = {}
    for image in images:
        by_stem.setdefault(image.stem, []).append(image.name)
    return {
        name: SegbenchError(
            f"{name}: has the same name as {', '.join(other for other in names if other != name)}",
            "image names that differ in more than their ending, as masks are named after images",
            "rename one of them or put them in different folders",
        )
        for names in by_stem.values()
        if len(names) > 1
        for name in names
    }


def read_new(folder: Path, image: NewImage, choices: Choices) -> tuple[np.ndarray, Header]:
    """Read a new image, (y, x, channel) or (z, y, x, channel), and its header.

    Raises
    ------
    SegbenchError
        The file is damaged or of an unsupported format.
    """
    first, *others = _channels(folder, image)
    decoded = read(first, choices)
    parts = [as_image(first, decoded)]
    for path in others:
        parts.append(as_image(path, on_grid(read(path, choices), path, decoded.header, first)))
    pixels = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
    return pixels, decoded.header


def spacing_of(header: Header, given_um: Sequence[float] | None) -> tuple[float, ...] | None:
    """Size of a pixel (y, x) or voxel (z, y, x) in millimetres; None if unknown.

    What the file says counts; `given_um` is what the user gives for all others, in micrometres.
    """
    if header.spacing_mm is not None:
        return header.spacing_mm
    if given_um is None or len(given_um) != len(header.size):
        return None
    return tuple(side / 1000 for side in given_um)
