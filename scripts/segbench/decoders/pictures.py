"""PNG, JPEG, BMP and WebP pictures."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segbench.decoders.decoder import Choices, Decoded, Decoder, Header
from segbench.decoders.faults import naming
from segbench.errors import SegbenchError

if TYPE_CHECKING:
    from PIL import Image

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@contextmanager
def open_picture(path: Path) -> Iterator[Image.Image]:
    """Open a picture with Pillow; a decompression bomb is refused as a damaged file is."""
    from PIL import Image

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    with naming(path, "picture file", *bombs), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path) as image:
            yield image


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


class PictureDecoder(Decoder):
    """Reads what Pillow reads with one plain grid of pixels."""

    name = "picture"
    mask_ending = ".png"

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        return self.read(path, choices).header

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        verify_png(path)
        palette = None
        with open_picture(path) as image:
            if image.mode not in {"1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I;16B"}:
                raise SegbenchError(
                    f"{path}: pictures of mode {image.mode} are not read",
                    "1-bit, grey, RGB or RGBA pixels",
                    "save the picture as a plain PNG",
                )
            mode = image.mode
            if mode == "P":
                palette = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
            pixels = np.asarray(image)
        axes = "yxc" if pixels.ndim == 3 else "yx"
        header = Header(
            axes, pixels.shape, pixels.dtype, colour=mode.startswith("RGB"),
            alpha=mode in {"LA", "RGBA"},
        )  # fmt: skip
        return Decoded(header, pixels, palette)

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`."""
        from PIL import Image

        Image.fromarray(np.ascontiguousarray(label)).save(path, format="PNG")


#: The decoder of this module.
DECODER = PictureDecoder()
