"""A new folder in the layout that the config can name: links to the images, masks, a sheet."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from segbench.decoders.registry import ending_of, header_of
from segbench.errors import SegbenchError
from segbench.files import atomic_path
from segbench.inspection.pairs import Pairs, Place
from segbench.inspection.polygons import Annotated, drawn


def check_target(folder: Path, target: Path) -> None:
    """Refuse a folder that holds anything, or lies in the one that is inspected.

    Raises
    ------
    SegbenchError
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SegbenchError(
            f"masks={target}: exists and is not empty",
            "a new folder: nothing is overwritten",
            "give another name, or remove the folder",
        )
    if target.resolve().is_relative_to(folder.resolve()):
        raise SegbenchError(
            f"masks={target}: lies in the folder that is inspected",
            "a folder beside it",
            f"for example masks={folder.name}_masks",
        )


def gather_polygons(
    folder: Path, target: Path, images: Iterable[Annotated], instances: bool
) -> list[str]:
    """Draw a mask for each annotated image, and link the images.

    Parameters
    ----------
    folder : Path
        The folder that is inspected.
    target : Path
        New folder: ``images/KEY.*``, ``masks/KEY.png``.
    images : iterable of Annotated
    instances : bool
        See `segbench.inspection.polygons.drawn`.

    Returns
    -------
    list of str
        What was done, and what the user should know.

    Raises
    ------
    SegbenchError
        Two images have one key, or an image has another size than its annotations.
    """
    from PIL import Image

    keys: dict[str, str] = {}
    empty = overlapping = objects = 0
    for one in images:
        if (
            keys.setdefault(one.key, one.image) != one.image
            or header_of(folder / one.image).size != one.size
        ):
            _refuse(folder, one, keys)
        mask, overlap = drawn(one, instances)
        empty += not mask.any()
        overlapping += overlap
        objects += len(one.shapes)
        _link(folder / one.image, target / "images" / f"{one.key}{ending_of(one.image)}")
        with atomic_path(target / "masks" / f"{one.key}.png") as beside:
            Image.fromarray(np.asarray(mask)).save(beside, format="PNG")
    lines = [f"{len(keys)} masks of {objects} objects were drawn in {target / 'masks'}"]
    if empty:
        lines.append(f"{empty} images have no objects: their masks are empty")
    if overlapping:
        lines.append(f"{overlapping} pixels lie in several objects: the smaller one is on top")
    return lines


def _refuse(folder: Path, one: Annotated, keys: dict[str, str]) -> None:
    if keys[one.key] != one.image:
        raise SegbenchError(
            f"{folder}: {keys[one.key]} and {one.image} would have one mask, {one.key}.png",
            "names that differ in more than their folder and ending",
            "rename one of them, or inspect each folder by itself",
        )
    raise SegbenchError(
        f"{folder / one.image}: is {' x '.join(map(str, header_of(folder / one.image).size))}, its "
        f"annotations are for {' x '.join(map(str, one.size))}",
        "annotations of this image",
        "use the image that was annotated, or correct its height and width in the annotations",
    )


def gather_pairs(folder: Path, target: Path, pairs: Pairs) -> list[str]:
    """Link images and masks that lie in folders of their own for each part of a split.

    Returns
    -------
    list of str
        What was done.
    """
    for key, some in pairs.masks.items():
        image = pairs.images[key]
        _link_place(folder, image, target / "images" / key)
        for name, mask in some:
            _link_place(folder, mask, target / "masks" / name / key)
    return [f"{len(pairs.masks)} images and their masks are linked in {target}"]


def _link_place(folder: Path, place: Place, stem: Path) -> None:
    if len(place.entry.parts) > 1 and not (folder / place.entry.name).is_dir():
        raise SegbenchError(
            f"{folder / place.entry.name}: is one of {len(place.entry.parts)} files of an image",
            "an image in a file or folder of its own",
            "move the images into one folder, and their masks into another",
        )
    _link(folder / place.entry.name, stem.with_name(f"{stem.name}{ending_of(place.entry.name)}"))


def _link(path: Path, link: Path) -> None:
    """A link that holds when both folders are moved together; a copy where there are none."""
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(os.path.relpath(path.resolve(), link.parent.resolve()))
    except OSError:
        shutil.copy2(path, link)
