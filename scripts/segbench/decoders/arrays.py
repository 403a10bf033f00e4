"""NumPy arrays: ``.npy`` and ``.npz``. They do not name their axes, which are guessed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from segbench.decoders.decoder import (
    Choices,
    Decoded,
    Decoder,
    Header,
    as_stored,
    canonical,
    check_numbers,
    chosen,
    stored_window,
)
from segbench.decoders.faults import naming
from segbench.errors import SegbenchError

_KIND = "plain array of numbers (pickled objects are refused: they can run code)"


class ArrayDecoder(Decoder):
    """Reads plain arrays of numbers."""

    name = "NumPy"
    mask_ending = ".npy"
    names_axes = False

    def arrays(self, path: Path) -> list[str]:
        """See `Decoder.arrays`."""
        with naming(path, _KIND, zipfile.BadZipFile):
            found = np.load(path, "r", allow_pickle=False)
            if isinstance(found, np.ndarray):
                return []
            with found:
                return list(_shapes(found))

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`; of a compressed file too, only the header is read."""
        stored = _load(path, choices, "r", shape_only=True)
        array, axes = canonical(path, stored, _axes(choices, stored.shape))
        return Header(axes, array.shape, array.dtype.newbyteorder("="))

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        stored = _load(path, choices)
        array, axes = canonical(path, stored, _axes(choices, stored.shape))
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        return Decoded(Header(axes, array.shape, array.dtype), array)

    def window(self, path: Path, choices: Choices, window: tuple[slice, ...]) -> np.ndarray:
        """See `Decoder.window`; of ``.npy`` only the window is read."""
        stored = _load(path, choices, "r")
        axes = _axes(choices, stored.shape)
        canonical(path, stored, axes)  # refuses axes that do not fit
        part = canonical(path, stored[stored_window(axes, window)], axes)[0]
        return np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("="))

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`; the spatial axes lie in the order of the image's file."""
        stored = _load(source, choices, "r", shape_only=True)
        with path.open("wb") as file:
            np.save(file, as_stored(label, _axes(choices, stored.shape)))


def _load(
    path: Path, choices: Choices, mode: Literal["r"] | None = None, shape_only: bool = False
) -> np.ndarray:
    """The array as stored; mapped into memory with mode r, where that is possible."""
    with naming(path, _KIND, zipfile.BadZipFile):
        try:
            found = np.load(path, mode, allow_pickle=False)
        except ValueError as error:
            if not re.search("Object arrays|Python objects", str(error)):
                raise
            raise SegbenchError(
                f"{path}: holds pickled objects",
                f"a {_KIND}",
                "save the array itself with numpy.save, or masks as PNG or TIFF (Cellpose: Save "
                "masks)",
            ) from error
    if isinstance(found, np.ndarray):
        check_numbers(path, found.dtype, found.shape)
        return found
    with naming(path, _KIND, zipfile.BadZipFile), found:
        name = chosen(path, _shapes(found), choices)
        shape, dtype = _said(found.zip, name)
        check_numbers(path, dtype, shape)
        return np.broadcast_to(np.zeros((), dtype), shape) if shape_only else found[name]


def _shapes(found: Any) -> dict[str, tuple[int, ...]]:
    """Arrays of numbers in a ``.npz`` file with two or more axes."""
    said = {name: _said(found.zip, name) for name in found.files}
    return {
        name: shape
        for name, (shape, dtype) in said.items()
        if dtype.kind in "biuf" and len(shape) > 1
    }


def _said(archive: Any, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of an array of a ``.npz`` file; reads its header only."""
    member = name if name in archive.namelist() else f"{name}.npy"
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        else:  # of structures whose fields have names beyond ASCII
            shape, dtype = (), np.dtype("V1")
    return shape, dtype


def _axes(choices: Choices, shape: tuple[int, ...]) -> str:
    """Axes as the config says them, else guessed: a last side of at most 4 counts channels."""
    guessed = {2: "yx", 3: "yxc" if shape[-1:] <= (4,) else "zyx", 4: "zyxc"}.get(len(shape), "")
    return choices.axes or guessed


#: The decoder of this module.
DECODER = ArrayDecoder()
