"""TIFF files: plain, ImageJ, OME, tiled, BigTIFF."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.decoder import Choices, Decoded, Decoder, Header, check_axes
from segbench.decoders.faults import naming


class TiffDecoder(Decoder):
    """Reads files with tifffile, which decompresses with imagecodecs."""

    name = "TIFF"
    mask_ending = ".tif"

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        return self.read(path, choices).header

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        with naming(path), _strict_tiff(path) as file:
            series = file.series[0]
            _check_segments(series)
            axes, pixels = series.axes.lower(), np.asarray(series.asarray())
        pixels, axes = _axes_in_order(path, pixels, axes)
        return Decoded(Header(axes, pixels.shape, pixels.dtype), pixels)

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`."""
        import tifffile

        tifffile.imwrite(
            path, label, photometric="minisblack", compression="deflate",
            metadata=None, software="segbench",
        )  # fmt: skip


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
    check_axes(path, names, pixels.shape)
    return np.ascontiguousarray(pixels), names


#: The decoder of this module.
DECODER = TiffDecoder()
