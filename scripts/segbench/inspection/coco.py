"""Annotations in COCO's format: polygons and run lengths in one JSON file for many images.

The format: https://cocodataset.org/#format-data
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from segbench.datasets.rle import decode_coco
from segbench.errors import SegbenchError
from segbench.inspection.names import SPLITS, key_of, split_of
from segbench.inspection.polygons import Annotated, Shape, ring_of
from segbench.inspection.survey import Survey

#: Larger files are no annotations.
LARGEST = 2 * 1024**3


def annotation_files(found: Survey) -> dict[str, dict[str, Any]]:
    """The files in COCO's format: name -> content."""
    files = {}
    for name in found.others:
        path = found.folder / name
        if path.suffix.lower() == ".json" and path.stat().st_size < LARGEST:
            try:
                content = json.loads(path.read_bytes())
            except ValueError:
                continue
            if (
                isinstance(content, dict)
                and {"images", "annotations", "categories"} <= content.keys()
            ):
                files[name] = content
    return files


def read_coco(
    found: Survey, files: Mapping[str, Mapping[str, Any]]
) -> tuple[list[str], list[Annotated]]:
    """Read annotations.

    Parameters
    ----------
    found : Survey
    files : mapping of str to dict
        From `annotation_files`; several are the parts of a split.

    Returns
    -------
    classes : list of str
        Names of the categories that have a number in any file, in the order of their ids.
    images : list of Annotated
        All that the files list, also those without objects.

    Raises
    ------
    SegbenchError
        An image is not there, a category has two names, or an annotation is a box or cannot be
        read; file and id are named.
    """
    names: dict[int, str] = {}
    for file, content in files.items():
        for category in content["categories"]:
            known = names.setdefault(int(category["id"]), str(category["name"]))
            if known != category["name"]:
                raise SegbenchError(
                    f"{found.folder / file}: category {category['id']} is {category['name']!r}, "
                    f"and {known!r} in another file",
                    "one name for each category in all files",
                    "inspect each folder by itself",
                )
    owner: dict[str, str] = {}
    used = {int(a["category_id"]) for content in files.values() for a in content["annotations"]}
    order = {number: place for place, number in enumerate(sorted(used & set(names)))}
    images = []
    for file, content in files.items():
        for image in _images(found, file, content, order):
            if image.image in owner:
                raise SegbenchError(
                    f"{found.folder / file}: lists {image.image}, which {owner[image.image]} lists",
                    "each image in one list, once",
                    "keep one file of annotations of each image, and move the others elsewhere",
                )
            owner[image.image] = file
            images.append(image)
    return [names[number] for number in order], images


def _images(
    found: Survey, file: str, content: Mapping[str, Any], order: Mapping[int, int]
) -> list[Annotated]:
    by_image: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for annotation in content["annotations"]:
        by_image[annotation["image_id"]].append(annotation)
    where = found.folder / file
    listed = {entry.name for entry in found.entries}
    by_name: dict[str, list[str]] = defaultdict(list)
    for name in listed:
        by_name[PurePosixPath(name).name].append(name)
    images = []
    for image in content["images"]:
        name = _located(where, file, str(image["file_name"]).replace("\\", "/"), listed, by_name)
        size = (int(image["height"]), int(image["width"]))
        # Of a split the file, or the folder of the images, is called after the part.
        split = split_of([*PurePosixPath(name).parts[:-1], *PurePosixPath(file).parts])
        shapes = [
            _shape(f"{where}: annotation {a.get('id')}", a, size, order)
            for a in by_image[image["id"]]
        ]
        key = key_of(name, split)
        images.append(Annotated(name, key, size, shapes, SPLITS.get(split, "")))
    return images


def _located(
    where: Path, file: str, name: str, listed: set[str], by_name: Mapping[str, list[str]]
) -> str:
    """The image that a file of annotations means."""
    beside = PurePosixPath(file).parent
    for place in (beside / name, beside / "images" / name, PurePosixPath(name)):
        if place.as_posix() in listed:
            return place.as_posix()
    same = by_name.get(PurePosixPath(name).name, [])
    same = [one for one in same if one.endswith(f"/{name}")] or same
    if len(same) > 1:
        part = split_of([PurePosixPath(file).stem])
        same = [one for one in same if part and part in split_of(PurePosixPath(one).parts[:-1])]
    if len(same) == 1:
        return same[0]
    raise SegbenchError(
        f"{where}: the image {name!r} is {'there more than once' if same else 'not in the folder'}",
        "the images beside the file of annotations, or in a folder of its name",
        "put the images there, or inspect the folder that holds both",
    )


def _shape(
    where: str, annotation: Mapping[str, Any], size: tuple[int, int], order: Mapping[int, int]
) -> Shape:
    number = int(annotation["category_id"])
    if number not in order:
        raise SegbenchError(
            f"{where}: the category {number} is not listed", "ids of categories", "correct the file"
        )
    crowd = bool(annotation.get("iscrowd"))
    outline = annotation.get("segmentation")
    if isinstance(outline, dict):
        return Shape(order[number], mask=_run_lengths(where, outline, size), crowd=crowd)
    if not outline:
        raise SegbenchError(
            f"{where}: has a box and no outline",
            "annotations with `segmentation`: polygons or run lengths",
            "boxes do not say which pixels belong to an object: export segmentations",
        )
    rings = tuple(ring_of(numbers) for numbers in outline)
    if any(ring is None for ring in rings):
        raise SegbenchError(
            f"{where}: a polygon has fewer than three corners",
            "x, y of three corners or more",
            "remove or redraw the object",
        )
    return Shape(order[number], tuple(ring for ring in rings if ring is not None), crowd=crowd)


def _run_lengths(where: str, outline: Mapping[str, Any], size: tuple[int, int]) -> np.ndarray:
    if tuple(outline.get("size", ())) != size:
        raise SegbenchError(
            f"{where}: run lengths for {outline.get('size')} pixels; the image has {list(size)}",
            "the size of the image",
            "correct the file",
        )
    return decode_coco(outline["counts"], size, where)
