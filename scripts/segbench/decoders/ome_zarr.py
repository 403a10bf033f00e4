"""OME-Zarr images and labels (0.4 in Zarr 2, 0.5 in Zarr 3), and plain Zarr arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from segbench.decoders.decoder import (
    Choices,
    Decoded,
    Decoder,
    Entry,
    Header,
    canonical,
    stored_window,
)
from segbench.decoders.faults import naming
from segbench.decoders.ome_zarr_masks import write_labels
from segbench.decoders.ome_zarr_metadata import COLOURS, Stored, open_stored
from segbench.decoders.ome_zarr_nodes import names_in


class OmeZarrDecoder(Decoder):
    """Reads folders with zarr, after ome-zarr-models has checked their metadata."""

    name = "OME-Zarr"
    packages = ("ome-zarr-models",)
    mask_ending = ".zarr"

    def entries(self, folder: Path, stems: Mapping[str, str]) -> list[Entry]:
        """See `Decoder.entries`; all files of a store are its parts."""
        return [Entry(name, tuple(_files(folder, name)), stem) for name, stem in stems.items()]

    def arrays(self, path: Path) -> list[str]:
        """See `Decoder.arrays`."""
        with _naming(path):
            return names_in(path)

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        with _naming(path):
            return _header(path, open_stored(path, choices), choices)

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        with _naming(path):
            stored = open_stored(path, choices)
            header = _header(path, stored, choices)
            return Decoded(header, _part(path, stored, choices, (slice(None),) * len(header.size)))

    def window(self, path: Path, choices: Choices, window: tuple[slice, ...]) -> np.ndarray:
        """See `Decoder.window`; reads the chunks that it touches."""
        with _naming(path):
            return _part(path, open_stored(path, choices), choices, window)

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask` and `write_labels`."""
        write_labels(label, path, open_stored(source, choices), names)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    slips = (TypeError, LookupError, AttributeError, RuntimeError)
    with naming(path, "Zarr store", *slips):
        yield


def _files(folder: Path, name: str) -> Iterator[str]:
    """All files of a store, relative to `folder`, sorted."""
    for place, folders, files in os.walk(folder / name, followlinks=True):
        folders.sort()
        for file in sorted(files):
            yield (Path(place) / file).relative_to(folder).as_posix()


def _letters(stored: Stored, choices: Choices) -> str:
    """Axes as stored, without one slice or one channel, unless the user names them."""
    if choices.axes is not None:
        return stored.letters
    sides = zip(stored.letters, stored.array.shape, strict=True)
    return "".join("?" if letter in "zc" and side == 1 else letter for letter, side in sides)


def _header(path: Path, stored: Stored, choices: Choices) -> Header:
    dtype = stored.array.dtype.newbyteorder("=")
    whole = np.broadcast_to(np.zeros((), dtype), stored.array.shape)
    view, axes = canonical(path, whole, _letters(stored, choices))
    sides, names = stored.millimetres(), stored.channels()
    return Header(
        axes, view.shape, dtype,
        spacing_mm=None if sides is None else tuple(sides[one][0] for one in axes.rstrip("c")),
        affine=stored.affine(),
        channels=names,
        colour=axes.endswith("c") and [name.lower() for name in names] in COLOURS,
        labels=stored.label_names(),
        notes=stored.notes,
    )  # fmt: skip


def _part(path: Path, stored: Stored, choices: Choices, window: tuple[slice, ...]) -> np.ndarray:
    letters = _letters(stored, choices)
    part = np.asarray(stored.array[stored_window(letters, window)])
    found, axes = canonical(path, part, letters)
    if not axes.endswith("c"):
        return np.ascontiguousarray(found, dtype=found.dtype.newbyteorder("="))
    # Channel by channel: NumPy's copy of all at once takes four times as long.
    pixels = np.empty(found.shape, found.dtype.newbyteorder("="))
    for channel in range(found.shape[-1]):
        pixels[..., channel] = found[..., channel]
    return pixels


#: The decoder of this module.
DECODER = OmeZarrDecoder()
