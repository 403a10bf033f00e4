"""The new images: which files of a folder they are, and what is in them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segbench.artefacts.inventory import RawFile, read_inventory, write_inventory
from segbench.datasets.folder_files import ENDINGS, REFUSED, ending_of, read_image_file
from segbench.datasets.inventory import HashCache
from segbench.datasets.tree import is_junk
from segbench.errors import SegbenchError

#: Endings of files that have an affine and a spacing of their own.
NIFTI = (".nii.gz", ".nii")


@dataclass(frozen=True)
class NewImage:
    """A file that holds an image.

    Attributes
    ----------
    name : str
        Path relative to the folder, POSIX.
    sha256 : str
        Of its content.
    """

    name: str
    sha256: str

    @property
    def ending(self) -> str:
        """Such as ``.png``, in small letters; empty for kinds that are not read."""
        return ending_of(Path(self.name).name).lower()

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return self.name[: len(self.name) - len(self.ending)] if self.ending else self.name


def write_manifest(folder: Path, manifest: Path, cache: Path) -> None:
    """List the images of a folder and of all folders below it, with their digests.

    Parameters
    ----------
    folder : Path
        Hidden files and what operating systems leave behind are passed over.
    manifest : Path
        An inventory in which each image is a sample; rewritten only if its content differs.
    cache : Path
        Digests of files whose size and time have not changed.

    Raises
    ------
    SegbenchError
        The folder holds no image.
    """
    names: list[str] = []
    others: list[str] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_junk(name))
        for name in sorted(name for name in files if not is_junk(name)):
            path = (Path(place) / name).relative_to(folder).as_posix()
            known = ending_of(name) or Path(name).suffix.lower() in REFUSED
            (names if known else others).append(path)
    if not names:
        found = f"; it holds {', '.join(sorted(others)[:3])}" if others else ""
        raise SegbenchError(
            f"{folder}: there is no image in this folder{found}",
            f"files ending in {', '.join(ENDINGS)}",
            "give the folder of your images: --config images=FOLDER",
        )
    known_digests = HashCache(cache)
    listed = []
    for name in names:
        try:
            size, digest = known_digests.digest(folder, name)
        except (SegbenchError, OSError):  # says so when its turn comes, and stops no other
            size, digest = 0, "unreadable"
        listed.append(RawFile(name, name, size, digest))
    known_digests.save()
    write_inventory(listed, manifest)


def read_manifest(manifest: Path) -> list[NewImage]:
    """The images of a manifest, in its order.

    Raises
    ------
    SegbenchError
        The manifest is not readable.
    """
    return [NewImage(file.path, file.sha256) for file in read_inventory(manifest)]


def collisions(images: Sequence[NewImage]) -> dict[str, SegbenchError]:
    """Images whose results would have one name, e.g. a.png and a.tif: name -> error."""
    by_stem: dict[str, list[str]] = {}
    for image in images:
        by_stem.setdefault(image.stem, []).append(image.name)
    return {
        name: SegbenchError(
            f"{name}: has the same name as {', '.join(other for other in names if other != name)}",
            "images that differ in more than their ending: their masks are named as they are",
            "rename one of them, or put them in different folders",
        )
        for names in by_stem.values()
        if len(names) > 1
        for name in names
    }


def read_new(folder: Path, image: NewImage) -> np.ndarray:
    """Open a new image as the readers of the datasets do.

    Returns
    -------
    ndarray
        (y, x, channel) or (z, y, x, channel), as stored.

    Raises
    ------
    SegbenchError
        The file is damaged, or of a kind that is not read.
    """
    path = folder / image.name
    if not image.ending:
        suffix = path.suffix.lower()
        raise SegbenchError(
            f"{path}: files of the kind {suffix} are not read",
            f"a file ending in {', '.join(ENDINGS)}",
            REFUSED.get(suffix, "save it as PNG, TIFF or NIfTI"),
        )
    if image.ending in NIFTI:
        from segbench.datasets.nifti import read_nifti

        return read_nifti(path)
    return read_image_file(path)


def spacing_of(
    folder: Path, image: NewImage, axes: int, given_um: Sequence[float] | None
) -> tuple[float, ...] | None:
    """Size of a pixel (y, x) or voxel (z, y, x) in millimetres.

    Parameters
    ----------
    folder, image
        A NIfTI file says it itself.
    axes : {2, 3}
        Spatial axes of the image.
    given_um : sequence of float or None
        What the user says of all images, in micrometres.

    Returns
    -------
    tuple of float or None
        None: not known.
    """
    if image.ending in NIFTI:
        from segbench.datasets.nifti import spacing_mm

        found = spacing_mm(folder / image.name)
        return found if found is not None and len(found) == axes else None
    if given_um is None or len(given_um) != axes:
        return None
    return tuple(side / 1000 for side in given_um)


def affine_of(
    folder: Path, image: NewImage, spacing_mm: Sequence[float] | None = None
) -> np.ndarray:
    """Affine of an image's voxels (x, y, z, 1): the file's, else from the spacing, (4, 4)."""
    if image.ending in NIFTI:
        from segbench.datasets.nifti import affine_of as read_affine

        return read_affine(folder / image.name)
    sides = [*reversed(spacing_mm or (1.0,) * 3), 1.0, 1.0][:3]
    return np.diag([*sides, 1.0])
