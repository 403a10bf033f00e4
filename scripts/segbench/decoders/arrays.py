"""NumPy arrays: ``.npy``. They do not name their axes, which are guessed from the shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segbench.decoders.decoder import Choices, Decoded, Decoder, Header, canonical
from segbench.decoders.faults import naming
from segbench.errors import SegbenchError


class ArrayDecoder(Decoder):
    """Reads plain arrays of numbers."""

    name = "NumPy"
    mask_ending = ".tif"

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        return self.read(path, choices).header

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        kind = "plain array of numbers (pickled objects are refused: they can run code)"
        with naming(path, kind):
            array = np.load(path, allow_pickle=False)
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or not array.size:
            raise SegbenchError(
                f"{path}: holds {getattr(array, 'dtype', 'no')} values of shape "
                f"{getattr(array, 'shape', ())}",
                "an array of numbers with rows and columns",
                "save one picture or volume per file",
            )
        array, axes = canonical(path, array, choices.axes or _guessed(array.shape))
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        return Decoded(Header(axes, array.shape, array.dtype), array)


def _guessed(shape: tuple[int, ...]) -> str:
    """Axes of an array that does not name them: a last side of at most 4 counts channels."""
    return {2: "yx", 3: "yxc" if shape[-1] <= 4 else "zyx", 4: "zyxc"}.get(len(shape), "")


#: The decoder of this module.
DECODER = ArrayDecoder()
