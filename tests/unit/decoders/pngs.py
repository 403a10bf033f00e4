"""PNG files of every kind, packed by hand as no library writes them all; pictures to be turned."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from PIL import ExifTags, Image

#: Adam7: first row, first column, step of rows, step of columns of each pass.
PASSES = (
    (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
    (1, 0, 2, 1),
)  # fmt: skip


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(
        ">I", zlib.crc32(kind + content)
    )  # fmt: skip


def _rows(array: np.ndarray, bits: int) -> bytes:
    """Rows without a filter."""
    found = []
    for row in array:
        if bits < 8:
            places = np.arange(bits - 1, -1, -1)
            packed = np.packbits(((row[:, None] >> places) & 1).astype(np.uint8).ravel())
        else:
            packed = row.astype(">u2" if bits == 16 else "u1")
        found.append(b"\0" + packed.tobytes())
    return b"".join(found)


def png(
    array: np.ndarray,
    bits: int,
    colour: int,
    before: bytes = b"",
    after: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """A PNG file.

    `colour` is 0 for grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA; `before` and `after` are
    chunks before and after the pixels.
    """
    parts = [(0, 0, 1, 1)] if not interlaced else PASSES
    rows = b"".join(
        _rows(part, bits) for y, x, down, along in parts if (part := array[y::down, x::along]).size
    )
    head = struct.pack(">IIBBBBB", *array.shape[1::-1], bits, colour, 0, 0, interlaced)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head), before, chunk(b"IDAT", zlib.compress(rows)),
         after, chunk(b"IEND", b""))
    )  # fmt: skip


def put(path, content):
    path.write_bytes(content)
    return path


def oriented(path, array, value, **options):
    """Save a picture that says how it is to be turned."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    Image.fromarray(array).save(path, exif=exif, **options)
