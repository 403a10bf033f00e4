"""From the stored axes of a TIFF file to slices, rows, columns, channels; upright."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segbench.decoders.decoder import AXES, canonical, check_axes, stored_window
from segbench.decoders.tiff_pages import Picture
from segbench.errors import SegbenchError

#: tifffile's letters -> ours. S: samples of a pixel; C: channels in pages; Z, I (pages of a
#: plain file), Q (axis without a name): slices.
_LETTERS = str.maketrans("YXZIQCS", "yxzzzcc")

#: Orientation (tag 274) -> what makes stored rows and columns upright: rows reversed, columns
#: reversed, then both swapped (TIFF 6.0, section 8).
_UPRIGHT = {
    1: (False, False, False), 2: (False, True, False), 3: (True, True, False),
    4: (True, False, False), 5: (False, False, True), 6: (True, False, True),
    7: (True, True, True), 8: (False, True, True),
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """How the stored array becomes the one that is handed on.

    Attributes
    ----------
    stored : str
        Our letters (z, y, x, c) of the stored axes, in stored order.
    letters : str
        tifffile's letters of the same axes.
    shape : tuple of int
        Of the stored axes.
    orientation : int
        Value of tag 274, 1 to 8.
    axes : str
        Of the array that is handed on.
    final : tuple of int
        Shape of that array.
    """

    stored: str
    letters: str
    shape: tuple[int, ...]
    orientation: int
    axes: str
    final: tuple[int, ...]

    @property
    def swapped(self) -> bool:
        """Stored rows are columns of the upright picture."""
        return _UPRIGHT[self.orientation][2]


def layout_of(path: Path, picture: Picture, axes: str | None) -> Layout:
    """Name the axes of a picture.

    Parameters
    ----------
    path : Path
        For errors.
    picture : Picture
    axes : str or None
        The user's axes, instead of what the file says; as many as the file has, not counting
        axes of length 1 unless that makes the numbers agree.

    Raises
    ------
    SegbenchError
        There are axes other than slices, rows, columns, channels, or two of a kind; or the
        user's axes are of another number.
    """
    letters, shape = picture.axes, picture.shape
    stored = letters.translate(_LETTERS)
    if axes:
        if picture.series is not None and len(axes) == picture.series.ndim:
            letters, shape = picture.series.axes, picture.series.shape
        if len(axes) != len(shape):
            raise SegbenchError(
                f"{path}: has the {len(shape)} axes {letters} ({' x '.join(map(str, shape))}), and "
                f"`layout.axes` names {len(axes)} ({axes})",
                "one letter of z, y, x, c for each axis that is longer than 1",
                "set `layout.axes` in the dataset's config in the order in which the file has them",
            )
        stored = axes
    if len(set(stored)) < len(stored):
        check_axes(path, axes or letters, shape)
    orientation = int(picture.head.tags.valueof(274, 1))
    if orientation == 1 and stored in AXES:  # most files; small ones are to be read fast, too
        return Layout(stored, letters, shape, 1, stored, shape)
    array, order = canonical(path, np.broadcast_to(np.uint8(0), shape), stored)
    orientation = orientation if orientation in _UPRIGHT else 1
    final = upright(array, order, orientation).shape
    return Layout(stored, letters, shape, orientation, order, final)


def arranged(path: Path, array: np.ndarray, layout: Layout) -> np.ndarray:
    """A stored array, or a part of it, upright and on the axes that are handed on; a view."""
    if layout.stored != layout.axes:
        array, _ = canonical(path, array, layout.stored)
    return upright(array, layout.axes, layout.orientation) if layout.orientation > 1 else array


def upright(array: np.ndarray, axes: str, orientation: int) -> np.ndarray:
    """Apply an orientation tag to an array that has X next to Y; a view."""
    rows, columns, swap = _UPRIGHT[orientation]
    y = axes.index("y")
    flips = slice(None, None, -1 if rows else 1), slice(None, None, -1 if columns else 1)
    array = array[(slice(None),) * y + flips]
    return array.swapaxes(y, y + 1) if swap else array


def upright_window(window: tuple[slice, ...], layout: Layout) -> tuple[slice, ...]:
    """The stored part that becomes a window of the array that is handed on."""
    rows, columns, swap = _UPRIGHT[layout.orientation]
    if swap:
        window = (*window[:-2], window[-1], window[-2])
    named = stored_window(layout.stored, window)
    found = []
    for axis, size, part in zip(layout.stored, layout.shape, named, strict=True):
        start, stop, _ = part.indices(size)
        if (axis == "y" and rows) or (axis == "x" and columns):
            start, stop = size - stop, size - start
        found.append(slice(start, stop))
    return tuple(found)
