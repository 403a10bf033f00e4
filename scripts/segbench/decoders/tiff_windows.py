"""A part of a TIFF picture: only the tiles or strips that it needs are read."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from segbench.decoders.tiff_axes import Layout
from segbench.decoders.tiff_pages import Picture, read_stored, squeezed

#: Axes of a page as tifffile decodes it: samples stored apart, depth, rows, columns, samples.
_PAGE_AXES = 5


def read_window(picture: Picture, layout: Layout, window: tuple[slice, ...]) -> np.ndarray:
    """Read a part of the stored array.

    Parameters
    ----------
    picture : Picture
    layout : Layout
        Of the picture.
    window : tuple of slice
        With start and stop, one for each stored axis.

    Returns
    -------
    ndarray
        Of the window's shape; memory is needed for it and the tiles or strips it touches.
        Plain pixels in one piece are mapped into memory.
    """
    sizes = [part.stop - part.start for part in window]
    axes = zip(window, layout.letters, layout.shape, strict=True)
    window = tuple(part for part, axis, n in axes if n != 1 or axis in "YX")
    series, key = picture.series, picture.keyframe
    if series is not None and series.dataoffset is not None and key.parent.filehandle.is_file:
        stored = _mapped(key, picture.shape, series.dataoffset)
        return _plain(stored[window]).reshape(sizes)
    names, page_shape = squeezed(key.axes, key.shape)
    outer = picture.shape[: -len(page_shape)]
    if picture.shape[len(outer) :] != page_shape or getattr(series, "transform", None) is not None:
        return read_stored(picture)[window].reshape(sizes)
    inner = _page_window(names, key, window[len(outer) :])
    found = [
        _page_part(picture.pages[int(np.ravel_multi_index(place, outer)) if outer else 0], inner)
        for place in itertools.product(*(range(p.start, p.stop) for p in window[: len(outer)]))
    ]
    return (np.stack(found) if len(found) > 1 else found[0]).reshape(sizes)


def _mapped(page: Any, shape: tuple[int, ...], offset: int) -> np.ndarray:
    """Plain pixels of a page's file, mapped into memory."""
    file = page.parent
    kind = file.byteorder + page.keyframe.dtype.char
    return np.asarray(file.filehandle.memmap_array(kind, shape, offset=offset))


def _plain(mapped: np.ndarray) -> np.ndarray:
    """A copy in native byte order."""
    return np.array(mapped, dtype=mapped.dtype.newbyteorder("="))


def _page_window(axes: str, key: Any, window: tuple[slice, ...]) -> tuple[slice, ...]:
    """The window of a page on its five axes."""
    apart = axes.startswith("S")
    names = axes.replace("S", "P", 1) if apart else axes
    given = dict(zip(names, window, strict=True))
    return tuple(given.get(axis, slice(0, n)) for axis, n in zip("PZYXS", key.shaped, strict=True))


def _page_part(page: Any, window: tuple[slice, ...]) -> np.ndarray:
    """The part of a page, on its five axes."""
    key, handle = page.keyframe, page.parent.filehandle
    closed = handle.closed
    if closed:  # tifffile keeps the further files of a picture closed
        handle.open()
    try:
        if key.is_final and handle.is_file:
            return _plain(_mapped(page, key.shaped, page.dataoffsets[0])[window])
        return _decoded(page, window)
    finally:
        if closed:
            handle.close()


def _decoded(page: Any, window: tuple[slice, ...]) -> np.ndarray:
    key = page.keyframe
    chunk = (1, 1, key.rowsperstrip, key.imagewidth)
    if key.is_tiled:
        chunk = (1, key.tiledepth, key.tilelength, key.tilewidth)
    grid = tuple(math.ceil(n / size) for n, size in zip(key.shaped, chunk, strict=False))
    touched = [
        range(part.start // size, math.ceil(part.stop / size))
        for part, size in zip(window, chunk, strict=False)
    ]
    indices = [int(np.ravel_multi_index(at, grid)) for at in itertools.product(*touched)]
    found = np.empty([part.stop - part.start for part in window], key.dtype)
    options = {}
    if key.jpegtables is not None or key.jpegheader is not None:
        options = {"jpegtables": page.jpegtables, "jpegheader": key.jpegheader}
    segments = page.parent.filehandle.read_segments(
        [page.dataoffsets[i] for i in indices], [page.databytecounts[i] for i in indices], indices
    )
    for data, index in segments:
        segment, start, _ = key.decode(data, index, **options)
        _place(found, window, segment[None], start)
    return found


def _place(found: np.ndarray, window: tuple[slice, ...], segment: np.ndarray, start: Any) -> None:
    """Copy what a segment and the window have in common."""
    to, of = [], []
    for axis in range(_PAGE_AXES):
        low = max(window[axis].start, start[axis])
        high = min(window[axis].stop, start[axis] + segment.shape[axis])
        to.append(slice(low - window[axis].start, high - window[axis].start))
        of.append(slice(low - start[axis], high - start[axis]))
    found[tuple(to)] = segment[tuple(of)]
