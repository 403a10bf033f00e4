"""Values of the pixels of DICOM images: decompressed, in the modality's unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.dicom_codecs import decompressed
from segbench.decoders.dicom_planes import Plane
from segbench.errors import SegbenchError


def check_readable(path: Path, dataset: Any) -> None:
    """Refuse kinds of pixels that are no image.

    Raises
    ------
    SegbenchError
    """
    if "ConcatenationUID" in dataset:
        raise SegbenchError(
            f"{path}: is a part of an image in several files (a concatenation)",
            "all frames of an image in one file",
            "join the files, e.g. with dcm2niix, which writes one NIfTI volume",
        )
    bits = dataset.get("BitsStored", 1)
    if dataset.get("HighBit", bits - 1) != bits - 1:
        raise SegbenchError(
            f"{path}: its values begin at bit {dataset.HighBit + 1 - bits} (HighBit "
            f"{dataset.HighBit}, BitsStored {bits})",
            "values that begin at bit 0",
            "export the image again",
        )
    if "TotalPixelMatrixRows" in dataset:
        raise SegbenchError(
            f"{path}: is a slide in tiles ({dataset.TotalPixelMatrixRows} x "
            f"{dataset.TotalPixelMatrixColumns} pixels)",
            "one grid of pixels",
            "convert it to OME-TIFF, e.g. with bioformats2raw and raw2ometiff",
        )
    if dataset.get("SamplesPerPixel", 1) not in {1, 3}:
        raise SegbenchError(
            f"{path}: has {dataset.SamplesPerPixel} samples a pixel",
            "1, or 3 of red, green and blue",
            "save it as an RGB image",
        )


def value_dtype(path: Path, planes: Sequence[Plane]) -> np.dtype:
    """Type of the values of an image's planes; reads no pixels.

    Values that are not rescaled keep the type that is stored (one bit: bool). Where the slope is
    1 and the intercepts are whole numbers, as in CT, it is the smallest signed integer that holds
    what the stored bits can hold; else float32, or float64 for stored 32 bits.
    """
    stored = [_stored_dtype(plane.dataset) for plane in planes]
    widest = np.result_type(*set(stored))
    scales = [rescale_of(path, plane) for plane in planes]
    tables = {plane.dataset.ModalityLUTSequence[0].LUTDescriptor[2] for plane in planes
              if "ModalityLUTSequence" in plane.dataset}  # fmt: skip
    if tables:
        return np.dtype(np.uint8 if max(tables) <= 8 else np.uint16)
    if all(scale == (1.0, 0.0) for scale in scales):
        return widest
    if widest.kind == "f" or any(s != 1 or not i.is_integer() for s, i in scales):
        return np.dtype(np.float64 if widest.itemsize > 2 and widest != np.float32 else np.float32)
    low, high = 0, 0
    for plane, (_, intercept) in zip(planes, scales, strict=True):
        bits, signed = plane.dataset.BitsStored, plane.dataset.PixelRepresentation
        low = min(low, (-(1 << bits - 1) if signed else 0) + int(intercept))
        high = max(high, (1 << bits - signed) - 1 + int(intercept))
    return next(
        np.dtype(kind)
        for kind in (np.int16, np.int32, np.int64)
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max
    )


def _stored_dtype(dataset: Any) -> np.dtype:
    from pydicom.pixels.utils import pixel_dtype

    if dataset.get("BitsAllocated") == 1:
        return np.dtype(bool)
    # Without pixels read, floats are told by their missing sign.
    floats = "PixelRepresentation" not in dataset
    return pixel_dtype(dataset, as_float=floats).newbyteorder("=")


def rescale_of(path: Path, plane: Plane) -> tuple[float, float]:
    """Slope and intercept of a plane's values."""
    if is_colour(plane.dataset):
        return 1.0, 0.0
    slope, intercept = plane.get("RescaleSlope"), plane.get("RescaleIntercept")
    found = (
        1.0 if slope in (None, "") else float(slope),
        0.0 if intercept in (None, "") else float(intercept),
    )
    if not np.isfinite(found).all() or found[0] == 0:
        raise SegbenchError(
            f"{path}: {plane.name} has the rescale slope {slope} and intercept {intercept}",
            "finite numbers, and no slope of 0",
            "export the series again",
        )
    return found


def is_colour(dataset: Any) -> bool:
    """Whether pixels are red, green and blue once they are read."""
    return bool(dataset.get("SamplesPerPixel", 1) == 3)


def read_values(path: Path, planes: Sequence[Plane], dtype: np.dtype) -> np.ndarray:
    """Values of planes, in their order.

    Parameters
    ----------
    path : Path
        The image, for errors.
    planes : sequence of Plane
        Of equal size. A file's pixels are let go once they are decoded.
    dtype : dtype
        From `value_dtype`.

    Returns
    -------
    ndarray
        (plane, y, x), of colours (plane, y, x, 3).

    Raises
    ------
    SegbenchError
        The pixels are damaged or not there.
    """
    first = planes[0].dataset
    colours = (3,) * is_colour(first)
    values = np.empty((len(planes), first.Rows, first.Columns, *colours), dtype)
    for target, plane, stored in zip(values, planes, _decoded(path, planes), strict=True):
        if stored.shape != target.shape:
            raise SegbenchError(
                f"{path}: {plane.name} has pixels of shape {stored.shape}",
                f"{target.shape}, as its header says",
                "fetch this file again",
            )
        target[...] = _scaled(path, plane, stored, dtype)
    return values


def _decoded(path: Path, planes: Sequence[Plane]) -> Iterator[np.ndarray]:
    for _, group in groupby(planes, key=lambda plane: id(plane.dataset)):
        of_file = list(group)
        dataset = of_file[0].dataset
        whole = of_file[0].frame is None
        pixels = decompressed(path.with_name(of_file[0].name) if whole else path, dataset)
        if "PixelData" in dataset:
            del dataset.PixelData
        if whole:
            yield pixels
            continue
        frames = pixels if int(dataset.get("NumberOfFrames") or 1) > 1 else pixels[None]
        for plane in of_file:
            yield frames[plane.frame]


def _scaled(path: Path, plane: Plane, stored: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if "ModalityLUTSequence" in plane.dataset:
        from pydicom.pixels.processing import apply_modality_lut

        return np.asarray(apply_modality_lut(stored, plane.dataset))
    slope, intercept = rescale_of(path, plane)
    if (slope, intercept) == (1.0, 0.0):
        return stored
    if dtype.kind == "i":
        return np.asarray(stored.astype(dtype) + dtype.type(intercept))
    return np.asarray(stored * np.float64(slope) + np.float64(intercept))


def palette_of(path: Path, dataset: Any) -> np.ndarray | None:
    """Colours of the stored values of a palette image.

    Returns
    -------
    ndarray of uint8, (n, 3), or None

    Raises
    ------
    SegbenchError
        The colours have more than 8 bits that count, or go with negative values.
    """
    from pydicom.pixels.processing import apply_color_lut

    if dataset.get("PhotometricInterpretation") != "PALETTE COLOR":
        return None
    indices = np.arange(1 << dataset.BitsStored, dtype=np.uint16)
    colours = apply_color_lut(indices, dataset)
    if colours.dtype == np.uint8:
        return np.asarray(colours)
    high = (colours >> 8).astype(np.uint8)
    if dataset.PixelRepresentation or not ((colours == high * np.uint16(257)).all()
                                           or not (colours & 255).any()):  # fmt: skip
        raise SegbenchError(
            f"{path}: its palette holds colours of 16 bits",
            "colours of 8 bits a channel",
            "save the image in RGB",
        )
    return high
