"""MetaImage files: ``.mha``, and ``.mhd`` with its data files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.itk import ItkDecoder, Said
from segbench.decoders.text_headers import TextHeader

_SPACING = {"elementspacing", "elementsize"}
_PLACE = {"offset", "position", "origin", "transformmatrix", "rotation", "orientation"}
_BIG_ENDIAN = ("binarydatabyteordermsb", "elementbyteordermsb")


class MetaImageDecoder(ItkDecoder):
    """Reads MetaImages with SimpleITK."""

    name = "MetaImage"
    mask_ending = ".mha"
    reader = "MetaImageIO"

    def said(self, text: TextHeader) -> Said:
        """See `ItkDecoder.said`."""
        names = set(text.fields)
        unit = text.fields.get("distanceunits", "")
        return Said(bool(names & _SPACING), bool(names & _PLACE), unit)

    def verify(self, path: Path, text: TextHeader, pixels: np.ndarray) -> None:
        """Compare pixels with the checksum at the end of zlib's data: ITK does not look at it.

        References
        ----------
        RFC 1950, ZLIB compressed data format, https://www.rfc-editor.org/rfc/rfc1950
        """
        import imagecodecs

        fields = text.fields
        if fields.get("compresseddata", "").lower() != "true" or len(text.files) > 1:
            return
        with (path.parent / text.files[0] if text.files else path).open("rb") as file:
            start = 0 if text.files else text.end
            size = int(fields.get("compresseddatasize", 0))
            file.seek(*((start + size - 4, 0) if size else (-4, 2)))
            expected = int.from_bytes(file.read(4), "big")
        if any(fields.get(name, "").lower() == "true" for name in _BIG_ENDIAN):
            pixels = pixels.byteswap()
        checksum: Any = imagecodecs.deflate_adler32  # takes arrays, too; much faster than zlib's
        if checksum(np.ascontiguousarray(pixels)) != expected:
            raise ValueError("the checksum of its compressed pixels is wrong")

    def fields(
        self, text: TextHeader, label: np.ndarray, names: Mapping[int, str]
    ) -> dict[str, str]:
        """See `ItkDecoder.fields`."""
        unit = text.fields.get("distanceunits")
        return {"ITK_VoxelUnits": unit} if unit else {}


#: The decoder of this module.
DECODER = MetaImageDecoder()
