"""An image that is larger than memory, opened for prediction: read and prepared by rows."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from segbench.config.preprocessing import Preprocessing
from segbench.datasets.opening import fitting
from segbench.decoders.decoder import Choices, Decoded, Decoder, Header
from segbench.decoders.images import as_image
from segbench.decoders.registry import decoder_of
from segbench.errors import SegbenchError
from segbench.imaging.pixel_values import image_scale, quantise, to_channels
from segbench.imaging.prepare import marked
from segbench.imaging.recipe_checks import check, check_kind
from segbench.imaging.streamed import measured

#: Pictures of more pixels than this are read, predicted and measured part by part.
LARGE = 2**26
#: Rows that are read at a time, from a multiple of their number; tiles of files often fit.
ROWS = 512
#: Such bands that are kept.
BANDS = 3


def is_large(header: Header) -> bool:
    """Whether an image is to be opened as a `LargeImage`; volumes are not."""
    return len(header.size) == 2 and math.prod(header.size) > LARGE


class LargeImage:
    """A source of pixels as the network was trained on them, see `segbench.prediction.sources`.

    Parameters
    ----------
    path : Path
    choices : Choices
        What is said of the file.
    recipe : Preprocessing
        Its statistics are measured here, in passes over the image.

    Attributes
    ----------
    header : Header
    shape : tuple of int
        (y, x, channel) after preprocessing.
    remarks : set of str
        See `segbench.imaging.remarks`; all of them once every row was prepared.

    Raises
    ------
    SegbenchError
        The recipe has a step that needs the whole image in memory.

    Notes
    -----
    Of formats without windows (PNG, JPEG) and with a palette, the image is in memory once, as
    stored.
    """

    def __init__(self, path: Path, choices: Choices, recipe: Preprocessing) -> None:
        self._path, self._choices, self._recipe = path, fitting(path, choices), recipe
        self._decoder = decoder_of(path)
        self.header = self._decoder.header(path, self._choices)
        self._whole: Decoded | None = None
        if type(self._decoder).window is Decoder.window or self.header.palette:
            self._whole = self._decoder.read(path, self._choices)
        self._bands: OrderedDict[int, np.ndarray] = OrderedDict()
        self._slab: tuple[int, int, np.ndarray] | None = None
        self._scale = np.float32(image_scale(recipe.dtype))
        self.remarks: set[str] = set()
        self._check()
        channels = self._channels(0, 1).shape[-1]
        self.shape = (*self.header.size, channels)
        complete = self.header.dtype.kind != "f"
        self._change = measured(self._parts, channels, recipe, self.remarks, complete)

    def _check(self) -> None:
        check(self._recipe)
        check_kind(self._recipe, volume=False)
        asked = {"resize": self._recipe.resize is not None, "neighbours": self._recipe.neighbours}
        keys = [key for key, on in asked.items() if on]
        if keys:
            size = " x ".join(map(str, self.header.size))
            raise SegbenchError(
                f"{self._path}: {size} px, and the preprocessing has {' and '.join(keys)}",
                f"at most {LARGE} px for such preprocessing",
                "cut the image into pieces, or read a smaller level of it; or apply a model whose "
                "preprocessing keeps each image's own size",
            )

    def rows(self, first: int, last: int) -> np.ndarray:
        """Rows of the image as stored: (y, x, channel)."""
        parts = []
        for start in range(first - first % ROWS, last, ROWS):
            band = self._band(start)
            parts.append(band[max(first - start, 0) : last - start])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _band(self, start: int) -> np.ndarray:
        if start not in self._bands:
            while len(self._bands) >= BANDS:
                self._bands.popitem(last=False)
            height, width = self.header.size
            window = slice(start, min(start + ROWS, height)), slice(0, width)
            self._bands[start] = self._read(window)
        self._bands.move_to_end(start)
        return self._bands[start]

    def _read(self, window: tuple[slice, ...]) -> np.ndarray:
        if self._whole is None:
            pixels = self._decoder.window(self._path, self._choices, window)
            return as_image(self._path, Decoded(self.header, pixels))
        part = Decoded(self._whole.header, self._whole.pixels[window], self._whole.palette)
        return as_image(self._path, part)

    def _channels(self, first: int, last: int) -> np.ndarray:
        return to_channels(marked(self.rows(first, last), self.remarks), self._recipe.channels)

    def _parts(self) -> Iterator[np.ndarray]:
        height = self.header.size[0]
        for start in range(0, height, ROWS):
            yield self._channels(start, min(start + ROWS, height))

    def window(self, start: Sequence[int], stop: Sequence[int]) -> np.ndarray:
        """Prepared pixels from `start` to before `stop`, float32; see `Source`.

        Tiles are processed row by row, so the rows of one are prepared once for all tiles in them.
        """
        first, last = start[0], stop[0]
        if self._slab is None or self._slab[:2] != (first, last):
            self._slab = None  # before the next is prepared, not after
            prepared = quantise(self._change(self._channels(first, last)), self._recipe.dtype)
            self._slab = first, last, prepared
        return self._slab[2][:, start[1] : stop[1]].astype(np.float32) * self._scale
