"""The new images of a folder: listing and opening them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segbench.artefacts.inventory import RawFile, read_inventory, write_inventory
from segbench.datasets.folder_files import (
    ENDINGS,
    REFUSED,
    ending_of,
    read_image_file,
    unsupported,
    walk,
)
from segbench.datasets.inventory import HashCache
from segbench.errors import SegbenchError

#: Endings of files that have an affine and a spacing of their own.
NIFTI = (".nii.gz", ".nii")


@dataclass(frozen=True)
class NewImage:
    """An image file: its POSIX path relative to the folder, and its SHA-256."""

    name: str
    sha256: str

    @property
    def ending(self) -> str:
        """The file ending in lower case, e.g. ``.png``; empty for unsupported formats."""
        return ending_of(Path(self.name).name).lower()

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return self.name[: len(self.name) - len(self.ending)] if self.ending else self.name


def write_manifest(folder: Path, manifest: Path, cache: Path) -> None:
    """List the images of a folder and its subfolders, with their digests.

    Parameters
    ----------
    folder : Path
        Hidden files and what operating systems leave behind are skipped.
    manifest : Path
        An inventory with one sample per image; rewritten only if its content differs.
    cache : Path
        Digests of files whose size and modification time have not changed.

    Raises
    ------
    SegbenchError
        The folder holds no image.
    """
    names: list[str] = []
    others: list[str] = []
    for path in walk(folder):
        known = ending_of(path.name) or path.suffix.lower() in REFUSED
        (names if known else others).append(path.relative_to(folder).as_posix())
    if not names:
        found = f"; it holds {', '.join(sorted(others)[:3])}" if others else ""
        raise SegbenchError(
            f"{folder}: there is no image in this folder{found}",
            f"files ending in {', '.join(ENDINGS)}",
            "give the folder of your images: --config images=FOLDER",
        )
    digests = HashCache(cache)
    listed = []
    for name in names:
        try:
            size, digest = digests.digest(folder, name)
        except (SegbenchError, OSError):  # reported when it is opened; the others are still done
            size, digest = 0, "unreadable"
        listed.append(RawFile(name, name, size, digest))
    digests.save()
    write_inventory(listed, manifest)


def read_manifest(manifest: Path) -> list[NewImage]:
    """The images of a manifest, in its order."""
    return [NewImage(file.path, file.sha256) for file in read_inventory(manifest)]


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


def read_new(folder: Path, image: NewImage) -> np.ndarray:
    """Read a new image, (y, x, channel) or (z, y, x, channel), as stored.

    Raises
    ------
    SegbenchError
        The file is damaged or of an unsupported format.
    """
    path = folder / image.name
    if not image.ending:
        raise unsupported(path)
    return read_image_file(path)


def spacing_of(
    folder: Path, image: NewImage, axes: int, given_um: Sequence[float] | None
) -> tuple[float, ...] | None:
    """Size of a pixel (y, x) or voxel (z, y, x) in millimetres; None if unknown.

    NIfTI files state it themselves; `given_um` is what the user gives for all other images,
    in micrometres. `axes` is the number of spatial axes of the image.
    """
    if image.ending in NIFTI:
        from segbench.decoders.nifti import spacing_mm

        found = spacing_mm(folder / image.name)
        return found if found is not None and len(found) == axes else None
    if given_um is None or len(given_um) != axes:
        return None
    return tuple(side / 1000 for side in given_um)


def affine_of(
    folder: Path, image: NewImage, spacing_mm: Sequence[float] | None = None
) -> np.ndarray:
    """The (4, 4) affine of voxels (x, y, z, 1): the file's, else made from the spacing."""
    if image.ending in NIFTI:
        from segbench.decoders.nifti import affine_of as read_affine

        return read_affine(folder / image.name)
    sides = [*reversed(spacing_mm or (1.0,) * 3), 1.0, 1.0][:3]
    return np.diag([*sides, 1.0])
