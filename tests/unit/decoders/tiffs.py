"""What the tests of TIFF files share."""

from __future__ import annotations

import numpy as np

from segbench.decoders.decoder import Choices
from segbench.decoders.tiff import DECODER
from segbench.errors import SegbenchError

PLAIN = Choices()
RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 17), dtype=np.uint8)
RGB = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)
STACK = RNG.integers(0, 60000, (5, 12, 17), dtype=np.uint16)


def taken(path, choices=PLAIN):
    """Header and pixels, on which header, array and a window agree."""
    header, found = DECODER.header(path, choices), DECODER.read(path, choices)
    assert (found.header.axes, found.header.notes) == (header.axes, header.notes)
    assert found.pixels.shape == header.shape
    assert found.pixels.dtype == header.dtype
    part = tuple(slice(side // 3, side // 3 + (side + 1) // 2) for side in header.size)
    assert np.array_equal(DECODER.window(path, choices, part), found.pixels[part])
    return header, found.pixels


def refusal(path, choices=PLAIN):
    """The error that header and read agree on."""
    said = []
    for take in (DECODER.header, DECODER.read):
        try:
            take(path, choices)
        except SegbenchError as error:
            said.append(error)
    assert len({str(error) for error in said}) == 1
    assert len(said) == 2
    return said[0]
