"""What header and array say of a file must agree, also in refusing it."""

from __future__ import annotations

import pytest

from segbench.decoders.decoder import Choices
from segbench.errors import SegbenchError

ANY = Choices()


def read(decoder, path, choices=ANY):
    """A file's array; its header says the same."""
    found = decoder.read(path, choices)
    said = decoder.header(path, choices)
    assert said == found.header
    assert (found.pixels.shape, found.pixels.dtype) == (said.shape, said.dtype)
    assert found.pixels.flags.c_contiguous
    assert found.pixels.dtype.isnative
    return found


def refused(decoder, path, *parts, choices=ANY):
    """Header and array are refused with the file's name and these parts of the message."""
    for look in (decoder.read, decoder.header):
        with pytest.raises(SegbenchError) as caught:
            look(path, choices)
        for part in (path.name, *parts):
            assert part in str(caught.value)
