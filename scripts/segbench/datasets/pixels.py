"""Decoding picture files; whatever is wrong with one is said in its name."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from segbench.errors import SegbenchError

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn a decoder's exceptions into a SegbenchError that names the file."""
    from PIL import Image

    damaged = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, IndexError)
    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except FileNotFoundError as error:
        raise SegbenchError(
            f"{path}: there is no such file", "a picture", "fetch the dataset again"
        ) from error
    except (*damaged, *bombs) as error:
        raise SegbenchError(
            f"{path}: cannot be decoded ({error})",
            "a whole, undamaged picture file",
            "fetch this file again",
        ) from error


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
    from PIL import Image

    verify_png(path)
    with naming(path), Image.open(path) as image:
        if image.mode not in {"1", "L", "RGB", "RGBA", "I;16", "I;16B"}:
            raise SegbenchError(
                f"{path}: pictures of mode {image.mode} are not read",
                "1-bit, grey, RGB or RGBA pixels",
                "save the picture as a plain PNG",
            )
        return np.asarray(image)


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
    pixels = read_pixels(path)
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


def verify_png(path: Path) -> None:
    """Check the checksum of every chunk of a PNG file; other files pass.

    Decoders stop at the last row and do not look at the checksum of the pixel data, so
    that a flipped bit passes for a picture. This reads the file once and decodes nothing.

    Raises
    ------
    SegbenchError
        A chunk is damaged or the file ends early.

    References
    ----------
    PNG specification (third edition), 5.3 chunk layout, https://www.w3.org/TR/png-3/
    """
    with naming(path):
        data = path.read_bytes()
        if not data:
            raise ValueError("the file is empty")
        if not data.startswith(_PNG_SIGNATURE):
            return
        position, kind = len(_PNG_SIGNATURE), b""
        while kind != b"IEND":
            length, kind = struct.unpack_from(">I4s", data, position)
            end = position + 8 + length
            (expected,) = struct.unpack_from(">I", data, end)
            if zlib.crc32(memoryview(data)[position + 4 : end]) != expected:
                raise ValueError(f"the checksum of chunk {kind.decode('latin-1')} is wrong")
            position = end + 4
