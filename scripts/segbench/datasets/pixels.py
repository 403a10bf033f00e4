"""Decode picture files; errors name the file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.faults import naming
from segbench.decoders.pictures import open_picture, verify_png
from segbench.errors import SegbenchError


def read_pixels(path: Path) -> np.ndarray:
    """Decode a picture as it is stored.

    Parameters
    ----------
    path : Path
        PNG, TIFF or anything else that Pillow reads.

    Returns
    -------
    ndarray
        (y, x) or (y, x, channel); bool for 1-bit pictures, uint8 or uint16 for the others.

    Raises
    ------
    SegbenchError
        The file is absent, damaged or of a kind without a plain pixel grid.
    """
    verify_png(path)
    with open_picture(path) as image:
        if image.mode not in {"1", "L", "RGB", "RGBA", "I;16", "I;16B"}:
            raise SegbenchError(
                f"{path}: pictures of mode {image.mode} are not read",
                "1-bit, grey, RGB or RGBA pixels",
                "save the picture as a plain PNG",
            )
        return np.asarray(image)


def picture_size(path: Path) -> tuple[int, int]:
    """Height and width in pixels, from the file's header alone."""
    with open_picture(path) as image:
        return image.height, image.width


def read_binary(path: Path) -> np.ndarray:
    """Decode a mask of two values: 1-bit, 0/255 or 0/1.

    Returns
    -------
    ndarray
        (y, x), bool.

    Raises
    ------
    SegbenchError
        The file has channels, or values other than 0 and one of 1 and 255.
    """
    tiff = path.suffix.lower() in {".tif", ".tiff"}
    pixels = read_tiff(path)[0] if tiff else read_pixels(path)
    if pixels.ndim != 2:
        raise SegbenchError(
            f"{path}: the mask has {pixels.shape[2]} channels",
            "a mask of one channel",
            "save the mask as a grey or 1-bit picture",
        )
    if pixels.dtype == bool:
        return pixels
    mask: np.ndarray = pixels != 0
    top = int(pixels.max(initial=0))
    if top not in {0, 1, 255} or (pixels[mask] != top).any():
        values = np.unique(pixels)
        shown = ", ".join(map(str, values[:6])) + (", ..." if values.size > 6 else "")
        raise SegbenchError(
            f"{path}: the mask holds the values {shown}",
            "0 for background and 255 (or 1) for the object",
            "restore the publisher's file; masks must not be resized or saved as JPEG",
        )
    return mask


def read_tiff(path: Path) -> tuple[np.ndarray, str]:
    """Decode a TIFF file as it is stored, of any size, depth and number of equal pages.

    Files that are stored plain or deflated are read in one piece (27 MB in 10 ms instead of
    the 200 ms that Pillow needs); other compressions go through Pillow's libtiff.

    Parameters
    ----------
    path : Path
        TIFF; of a pyramid or an OME-TIFF the first series at full size.

    Returns
    -------
    pixels : ndarray
        Any real dtype; the channels, if there are some, last.
    axes : {"yx", "yxc", "zyx", "zyxc"}
        What they are; z counts the pages.

    Raises
    ------
    SegbenchError
        The file is absent or damaged, has a palette, or other axes than these.
    """
    import tifffile

    plain = {tifffile.COMPRESSION.NONE, *map(tifffile.COMPRESSION, (8, 32946))}
    ordinary = {tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB}
    with naming(path), _strict_tiff(path) as file:
        page, series = file.pages.first, file.series[0]
        axes = series.axes.lower()
        if page.compression in plain and page.photometric in ordinary and page.bitspersample >= 8:
            _check_segments(series)
            return _axes_in_order(path, np.asarray(series.asarray()), axes)
    if len(axes) - axes.count("s") > 2:
        raise SegbenchError(
            f"{path}: pages with the compression {page.compression.name} are not read",
            "pages that are stored plain or deflated",
            "save the file again without compression, or with deflate",
        )
    pixels = read_pixels(path)
    return pixels, "yxc" if pixels.ndim == 3 else "yx"


@contextmanager
def _strict_tiff(path: Path) -> Iterator[Any]:
    """Open a TIFF file; raise ValueError for whatever tifffile raises on a damaged header."""
    import tifffile

    slips = (TypeError, AttributeError, LookupError, ArithmeticError, RuntimeError, MemoryError)
    try:
        with tifffile.TiffFile(path) as file:
            if not len(file.pages):
                raise ValueError("it holds no picture")
            yield file
    except slips as error:
        raise ValueError(f"its header is damaged: {error}") from error


def _check_segments(series: Any) -> None:
    """Refuse files of which a part is not there: tifffile would fill it with zeros."""
    for page in series.pages:
        if page is None:
            continue
        count = math.prod(page.chunked)
        if len(page.dataoffsets) != count or len(page.databytecounts) != count:
            raise ValueError(f"{len(page.dataoffsets)} of {count} parts are there")
        if not all(page.databytecounts):
            raise ValueError("parts of it are empty")


def _axes_in_order(path: Path, pixels: np.ndarray, axes: str) -> tuple[np.ndarray, str]:
    """Channels last, and only axes that a picture or a volume has."""
    # S: samples of a pixel; C: channels stored as pages; Z, I, Q: pages.
    names = axes.translate(str.maketrans("siq", "czz"))
    for axis in range(pixels.ndim - 1, -1, -1):
        if names[axis] not in "yx" and pixels.shape[axis] == 1:
            pixels, names = pixels.squeeze(axis), names[:axis] + names[axis + 1 :]
    if "c" in names:
        place = names.index("c")
        pixels, names = np.moveaxis(pixels, place, -1), names.replace("c", "") + "c"
    if names not in {"yx", "yxc", "zyx", "zyxc"}:
        raise SegbenchError(
            f"{path}: a TIFF file with the axes {axes.upper()} ({pixels.shape})",
            "rows and columns, and at most channels and slices",
            "save each time point or position as a file of its own",
        )
    return np.ascontiguousarray(pixels), names


def read_colour(path: Path) -> np.ndarray:
    """Decode a picture in colour, without an alpha channel that says nothing.

    Parameters
    ----------
    path : Path
        PNG, JPEG or TIFF.

    Returns
    -------
    ndarray
        (y, x, 3), uint8; a grey picture in three equal channels.

    Raises
    ------
    SegbenchError
        The file cannot be decoded, has more than 8 bits, or is partly transparent.
    """
    if path.suffix.lower() in {".tif", ".tiff"}:
        pixels, axes = read_tiff(path)
    else:
        pixels = read_pixels(path)
        axes = "yxc" if pixels.ndim == 3 else "yx"
    channels = pixels.shape[-1] if axes == "yxc" else 1
    if pixels.dtype != np.uint8 or axes not in {"yx", "yxc"} or channels > 4:
        raise SegbenchError(
            f"{path}: {pixels.dtype} pixels, {' x '.join(map(str, pixels.shape))}",
            "one picture of 8 bits per channel, grey or RGB",
            "restore the published file",
        )
    if channels in {2, 4} and pixels[..., -1].min() != 255:
        raise SegbenchError(
            f"{path}: parts of the picture are transparent",
            "an alpha channel of 255 throughout, or none",
            "restore the published file, or save it without transparency",
        )
    if channels < 3:
        return np.repeat(pixels.reshape(*pixels.shape[:2], -1)[..., :1], 3, axis=2)
    return np.ascontiguousarray(pixels[..., :3])
