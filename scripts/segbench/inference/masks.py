"""Masks like the image they belong to: in its format, with its header."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from segbench.datasets.opening import fitting
from segbench.decoders.decoder import Choices
from segbench.decoders.registry import decoder_of
from segbench.files import atomic_path, zip_entry
from segbench.inference.images import NewImage
from segbench.inference.labels import Labels


def mask_files(image: NewImage, task: str, classes: Sequence[str]) -> dict[str, str]:
    """Paths of an image's masks, by name of the output; overlapping classes get a file each.

    Examples
    --------
    >>> mask_files(NewImage("a/b.jpg", "", "a/b"), "semantic", ["cell"])
    {'mask': 'a/b.png'}
    >>> list(mask_files(NewImage("b.nii", "", "b"), "overlapping", ["WT", "T C"]).values())
    ['b.WT.nii.gz', 'b.T_C.nii.gz']
    """
    ending = image.mask_ending
    if task == "classification" or not ending:
        return {}
    if task != "overlapping":
        return {"mask": image.stem + ending}
    return {
        f"mask {number}": f"{image.stem}.{re.sub(r'[^A-Za-z0-9_-]+', '_', name)}{ending}"
        for number, name in enumerate(classes)
    }


def write_masks(
    label: np.ndarray, paths: Mapping[str, Path], source: Path, choices: Choices, labels: Labels
) -> None:
    """Write the masks of one image.

    Parameters
    ----------
    label : ndarray of unsigned integers, (y, x) or (z, y, x), overlapping masks along a last axis
        Label map or numbered objects.
    paths : mapping of str to Path
        From `mask_files`, in the order of the classes.
    source : Path
        The image, whose format and header the masks get.
    choices : Choices
        Of the image.
    labels : Labels
    """
    decoder, choices = decoder_of(source), fitting(source, choices)
    axes = len(decoder.header(source, choices).size)
    for (part, names), path in zip(_parts(label, labels), paths.values(), strict=True):
        with atomic_path(path) as beside:
            # A picture that the config calls a volume is still a picture.
            whole = part if part.ndim == axes else part[0]
            decoder.write_mask(np.ascontiguousarray(whole), beside, source, choices, names)


def _parts(label: np.ndarray, labels: Labels) -> Iterator[tuple[np.ndarray, dict[int, str]]]:
    """The masks of a label, and the names of their values; numbered objects have none."""
    if labels.task == "overlapping":
        yield from ((label[..., n], {1: name}) for n, name in enumerate(labels.classes))
    elif label.dtype == np.uint8:
        yield label, {value: name for name, value in labels.classes.items()}
    else:
        yield label, {}


def pack(folder: Path, file: Path) -> None:
    """Put a folder in one zip file, which the store takes; equal folders give equal bytes."""
    with atomic_path(file) as beside, zipfile.ZipFile(beside, "w") as target:
        for path in files_in(folder):
            target.writestr(zip_entry(path.relative_to(folder).as_posix()), path.read_bytes())


def unpack(file: Path, folder: Path) -> None:
    """Make the folder that `pack` packed; an older one is replaced."""
    with atomic_path(folder) as beside, zipfile.ZipFile(file) as source:
        source.extractall(beside)


def files_in(path: Path) -> list[Path]:
    """All files in a folder, sorted; of a file itself."""
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [one for one in found if one.is_file()]
