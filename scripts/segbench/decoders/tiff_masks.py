"""Masks as TIFF files that lie on their image: its resolution and its description."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.decoder import Header
from segbench.decoders.tiff_axes import Layout
from segbench.decoders.tiff_grid import number, unit_of_tags
from segbench.decoders.tiff_pages import Picture
from segbench.errors import SegbenchError

_CENTIMETRE = 3


def write(
    label: np.ndarray, path: Path, file: Any, picture: Picture, layout: Layout, header: Header
) -> None:
    """Write a mask with what its image says of the grid.

    Parameters
    ----------
    label : ndarray of unsigned integers, (y, x) or (z, y, x)
        On the upright grid. It is written so, without an orientation tag: every reader finds it
        on the image as it is shown, also those that do not know the tag.
    path : Path
        File to write; equal masks of one image give equal bytes.
    file : tifffile.TiffFile
        The image's open file.
    picture : Picture
    layout : Layout
    header : Header
        Of the image.
    """
    import tifffile

    label = np.ascontiguousarray(label)
    options: dict[str, Any] = {"metadata": None, **_resolution(picture, layout, header)}
    if file.is_ome:
        label = _narrowed(label, path)
        options["metadata"] = _ome(label, header)
    elif file.is_imagej:
        options["description"] = _imagej(label.shape, file.imagej_metadata)
    tifffile.imwrite(
        path, label, ome=file.is_ome, photometric="minisblack", compression="zlib",
        software="segbench", **options,
    )  # fmt: skip


def _narrowed(label: np.ndarray, path: Path) -> np.ndarray:
    """Labels in the types that OME has, of at most 32 bits."""
    if label.dtype.itemsize < 8:
        return label
    top = np.iinfo(np.uint32).max
    if label.max(initial=0) > top:
        raise SegbenchError(
            f"{path}: the mask has labels above {top}",
            f"labels up to {top}, which OME-TIFF can hold",
            "number the labels anew, or save the image as a plain TIFF",
        )
    return label.astype(np.uint32)


def _resolution(picture: Picture, layout: Layout, header: Header) -> dict[str, Any]:
    """The image's resolution tags, at the level that was read."""
    tags = picture.head.tags
    found = [tags.valueof(code) for code in (282, 283)]
    unit = int(tags.valueof(296, 2))
    described = picture.head.is_imagej or unit_of_tags(picture.head)
    if header.spacing_mm is not None and not described:
        sizes = header.spacing_mm[-2:]
        return {"resolution": (10 / sizes[1], 10 / sizes[0]), "resolutionunit": _CENTIMETRE}
    if not all(map(number, found)):
        return {}
    if picture.factors:
        found = [
            number(value) / picture.factors[axis] for value, axis in zip(found, "XY", strict=True)
        ]
    if layout.swapped:
        found.reverse()
    return {"resolution": tuple(found), "resolutionunit": unit if 1 <= unit <= 5 else 1}


def _ome(label: np.ndarray, header: Header) -> dict[str, Any]:
    """OME metadata; the identifier comes from the pixels, so that equal masks are equal files."""
    digest = hashlib.sha256(repr((label.shape, label.dtype.str)).encode())
    digest.update(label.data)
    axes = "ZYX"[-label.ndim :]
    said: dict[str, Any] = {
        "axes": axes,
        "UUID": str(uuid.uuid5(uuid.NAMESPACE_OID, digest.hexdigest())),
        "Creator": "segbench",
    }
    if header.spacing_mm is not None:
        for axis, size in zip(axes, header.spacing_mm, strict=True):
            said[f"PhysicalSize{axis}"] = float(f"{size * 1000:.12g}")
            said[f"PhysicalSize{axis}Unit"] = "µm"
    return said


def _imagej(shape: tuple[int, ...], image: dict[str, Any]) -> str:
    """ImageJ's description with the units of the image; tifffile writes none for 32-bit masks."""
    import tifffile

    units = ("unit", "yunit", "zunit", "spacing", "xorigin", "yorigin", "zorigin")
    kept = {key: _ascii(image[key]) for key in units if key in image}
    return str(tifffile.imagej_description(shape, "ZYX"[-len(shape) :], **kept))


def _ascii(value: object) -> object:
    r"""A text with other letters than ASCII as ImageJ writes them: µ as ``\u00B5``."""
    if not isinstance(value, str):
        return value
    return "".join(one if one.isascii() else f"\\u{ord(one):04X}" for one in value)
