"""Annotations in YOLO's format for segmentation: a text file of polygons for each image.

The format: https://docs.ultralytics.com/datasets/segment/
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from segbench.decoders.registry import header_of
from segbench.errors import SegbenchError
from segbench.inspection.names import SPLITS, key_of, split_of
from segbench.inspection.polygons import Annotated, Shape, ring_of
from segbench.inspection.survey import Survey

#: Names of the file that names the classes.
_NAMES = ("data.yaml", "data.yml", "dataset.yaml", "classes.txt", "obj.names")


def label_files(found: Survey) -> dict[str, str]:
    """Images and their text files: name of an image -> file of polygons, empty where it has none.

    Empty if the folder is not in this format: no text file is called as an image, in its folder
    or in ``labels`` beside ``images``.
    """
    texts = {name for name in found.others if name.endswith(".txt")}
    pairs = {}
    for entry in found.entries:
        pairs[entry.name] = next((name for name in _places(entry.stem) if name in texts), "")
    return pairs if any(_is_label(found.folder / name) for name in pairs.values() if name) else {}


def _places(stem: str) -> list[str]:
    parts = PurePosixPath(stem).parts
    moved = ["labels" if part == "images" else part for part in parts[:-1]]
    return [f"{stem}.txt", PurePosixPath(*moved, f"{parts[-1]}.txt").as_posix()]


def _is_label(path: Path) -> bool:
    """Whether a text begins with a class and numbers."""
    try:
        first = path.read_text("utf-8").split("\n", 1)[0].split()
        return (
            len(first) >= 5 and first[0].isdecimal() and all(0 <= float(n) <= 1 for n in first[1:])
        )
    except (OSError, ValueError):
        return False


def read_yolo(found: Survey, files: Mapping[str, str]) -> tuple[list[str], list[Annotated]]:
    """Read annotations.

    Parameters
    ----------
    found : Survey
    files : mapping of str to str
        From `label_files`. An image without a file has no objects.

    Returns
    -------
    classes : list of str
        By their numbers.
    images : list of Annotated

    Raises
    ------
    SegbenchError
        A line is a box, or no polygon; file and line are named.
    """
    images, highest = [], 0
    for name, file in files.items():
        header = header_of(found.folder / name)
        if len(header.size) != 2:
            raise SegbenchError(f"{found.folder / name}: is a volume", "pictures", "remove it")
        size = (header.size[0], header.size[1])
        shapes = _shapes(found.folder / file, size) if file else []
        highest = max([highest, *(shape.category + 1 for shape in shapes)])
        split = split_of(PurePosixPath(name).parts[:-1])
        key = key_of(name, split)
        images.append(Annotated(name, key, size, shapes, SPLITS.get(split, "")))
    names = _class_names(found)
    return [*names, *(f"class {n}" for n in range(len(names), highest))], images


def _shapes(path: Path, size: tuple[int, int]) -> list[Shape]:
    shapes = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        cells = line.split()
        if not cells:
            continue
        try:
            category, numbers = int(cells[0]), [float(cell) for cell in cells[1:]]
        except ValueError:
            category, numbers = -1, []
        if len(numbers) == 4 and category >= 0:
            raise SegbenchError(
                f"{path}: line {number} is a box",
                "a class and the corners of a polygon: x y x y x y ..., parts of width and height",
                "boxes do not say which pixels belong to an object: export polygons",
            )
        ring = ring_of(numbers)
        if ring is None or category < 0:
            raise SegbenchError(
                f"{path}: line {number} is no polygon: {line[:40]!r}",
                "a class and the corners of a polygon: x y x y x y ..., parts of width and height",
                "correct or remove the line",
            )
        shapes.append(Shape(category, (ring * [size[1], size[0]],)))
    return shapes


def _class_names(found: Survey) -> list[str]:
    """Names of the classes from the file that lists them; empty if there is none."""
    for name in sorted(found.others, key=lambda name: name.count("/")):
        path = found.folder / name
        if path.name not in _NAMES:
            continue
        text = path.read_text("utf-8")
        if path.suffix in {".txt", ".names"}:
            return [line.strip() for line in text.splitlines() if line.strip()]
        content: Any = yaml.safe_load(text)
        names = content.get("names") if isinstance(content, dict) else None
        if isinstance(names, dict):
            highest = max((int(key) for key in names), default=-1)
            return [str(names.get(n, f"class {n}")) for n in range(highest + 1)]
        if isinstance(names, list):
            return [str(one) for one in names]
    return []
