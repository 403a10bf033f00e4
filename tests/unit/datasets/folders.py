"""Folders of the user's own for the tests: images, masks and sheets as people have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from segbench.config.dataset import Background, Class, Ignore, Layout
from segbench.datasets.folder import Folder, FolderSample
from segbench.decoders.decoder import Decoded, Header
from segbench.errors import SegbenchError
from unit.datasets.helpers import write_picture

SHAPE = (8, 10)
ONE = (Class(name="cell", value=1),)
TWO = (Class(name="cell", value=1), Class(name="debris", value=2))
COLOURED = (
    Class(name="stomach", value=1, labels=("#ff0000",)),
    Class(name="bowel", value=2, labels=("#00c800", "#ffff00")),
)


def image(seed: int = 0, shape: tuple[int, ...] = (*SHAPE, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def label(high: int = 2, seed: int = 0, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """A map in which every value from 0 to `high` occurs."""
    found = np.random.default_rng(seed).integers(0, high + 1, shape, dtype=np.uint8)
    found.flat[: high + 1] = np.arange(high + 1)
    return found


def painted(values: np.ndarray, colours: dict[int, str]) -> np.ndarray:
    """A map in colours such as #ff0000."""
    table = np.zeros((256, 3), np.uint8)
    for value, colour in colours.items():
        table[value] = tuple(bytes.fromhex(colour[1:]))
    return table[values]


def decoded(pixels: np.ndarray, axes: str = "", **header: Any) -> Decoded:
    """An array as a decoder hands it on."""
    axes = axes or {2: "yx", 3: "zyx"}[pixels.ndim]
    return Decoded(Header(axes, pixels.shape, pixels.dtype, **header), pixels)


def save(path: Path, array: np.ndarray) -> Path:
    """Write an array in the format of the ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, array)
    elif path.name.endswith((".nii", ".nii.gz")):
        import nibabel

        nibabel.save(nibabel.Nifti1Image(array.T, np.eye(4)), path)
    elif path.suffix in {".tif", ".tiff"}:
        import tifffile

        tifffile.imwrite(path, array, photometric="rgb" if array.shape[-1] == 3 else "minisblack")
    else:
        write_picture(path, array)
    return path


def folder_of(root: Path, masks: dict[str, np.ndarray], size: tuple[int, int] = SHAPE) -> Path:
    """A folder with an image for each mask; names with ending."""
    for number, (name, mask) in enumerate(masks.items()):
        stem = name.partition(".")[0]
        save(root / "images" / f"{stem}.png", image(number, (*size, 3)))
        save(root / "masks" / name, mask)
    return root


def make(
    task: str = "semantic",
    classes: tuple[Class, ...] = TWO,
    background: tuple[str | int, ...] | None = None,
    ignore: tuple[str | int, ...] | None = None,
    **layout: Any,
) -> Folder:
    known = None if background is None else Background(labels=background)
    hidden = None if ignore is None else Ignore(labels=ignore)
    return Folder(task, classes, known, Layout(**layout) if layout else None, hidden)


def scan(source: Folder, root: Path) -> dict[str, FolderSample]:
    return {raw.sample: raw for raw in source.scan(root)}


def read_labels(source: Folder, root: Path) -> dict[str, np.ndarray]:
    return {name: source.read_label(root, raw) for name, raw in scan(source, root).items()}


def fault(source: Folder, root: Path) -> SegbenchError:
    """The error that reading all labels ends in."""
    try:
        found = read_labels(source, root)
        for raw in source.scan(root):
            source.read_image(root, raw)
    except SegbenchError as error:
        return error
    raise AssertionError(f"no error, but {sorted(found)}")


def smeared(path: Path, mask: np.ndarray, quality: int = 60) -> Path:
    """The mask as a JPEG file, as people save it by mistake."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path, quality=quality)
    return path
