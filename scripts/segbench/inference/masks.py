"""Masks as PNG, TIFF or NIfTI files, like the image they belong to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from segbench.files import atomic_path
from segbench.inference.images import NIFTI, NewImage

#: File ending of a mask by that of its image. Arrays may be volumes, so they become TIFF.
MASK_ENDINGS = {
    ".png": ".png",
    ".jpg": ".png",
    ".jpeg": ".png",
    ".tif": ".tif",
    ".tiff": ".tif",
    ".npy": ".tif",
    **dict.fromkeys(NIFTI, ".nii.gz"),
}


def mask_files(image: NewImage, task: str, classes: Sequence[str]) -> dict[str, str]:
    """Paths of an image's masks, by name of the output; overlapping classes get a file each.

    Examples
    --------
    >>> mask_files(NewImage("a/b.jpg", ""), "semantic", ["cell"])
    {'mask': 'a/b.png'}
    >>> list(mask_files(NewImage("b.nii.gz", ""), "overlapping", ["WT", "T C"]).values())
    ['b.WT.nii.gz', 'b.T_C.nii.gz']
    """
    if task == "classification" or not image.ending:
        return {}
    ending = MASK_ENDINGS[image.ending]
    if task != "overlapping":
        return {"mask": image.stem + ending}
    return {
        f"mask {number}": f"{image.stem}.{re.sub(r'[^A-Za-z0-9_-]+', '_', name)}{ending}"
        for number, name in enumerate(classes)
    }


def write_masks(label: np.ndarray, paths: Mapping[str, Path], affine: np.ndarray | None) -> None:
    """Write the masks of one image.

    Parameters
    ----------
    label : ndarray, (y, x) or (z, y, x), overlapping masks along a last axis
        uint8 label map or uint16 numbered objects.
    paths : mapping of str to Path
        From `mask_files`, in the order of the classes.
    affine : ndarray, (4, 4), or None
        Of the image's voxels (x, y, z, 1); for NIfTI only.
    """
    parts = [label] if list(paths) == ["mask"] else list(np.moveaxis(label, -1, 0))
    for part, path in zip(parts, paths.values(), strict=True):
        write_mask(part, path, affine)


def write_mask(label: np.ndarray, path: Path, affine: np.ndarray | None = None) -> None:
    """Write one mask to ``.png`` (2-D only), ``.tif`` or ``.nii.gz``; equal masks, equal bytes."""
    label = np.ascontiguousarray(label)
    with atomic_path(path) as beside:
        if path.name.endswith(".nii.gz"):
            from segbench.decoders.nifti import nifti_bytes

            volume = label if label.ndim == 3 else label[None]
            beside.write_bytes(nifti_bytes(volume, np.eye(4) if affine is None else affine))
        elif path.suffix == ".tif":
            import tifffile

            tifffile.imwrite(
                beside, label, photometric="minisblack", compression="deflate",
                metadata=None, software="segbench",
            )  # fmt: skip
        else:
            from PIL import Image

            Image.fromarray(label).save(beside, format="PNG")
