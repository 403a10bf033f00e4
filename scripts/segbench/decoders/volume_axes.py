"""Axes of files whose arrays are stored as x, y, z: NIfTI, NRRD, MetaImage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segbench.errors import SegbenchError


@dataclass(frozen=True)
class Axes:
    """The axes of a file, in its own order.

    Attributes
    ----------
    stored : tuple of int
        Lengths of (x, y, z, channel), each at least 1.
    names : str
        Of the array as handed on: `decoder.AXES`.
    """

    stored: tuple[int, int, int, int]
    names: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array as handed on."""
        x, y, z, channels = self.stored
        sizes = {"z": z, "y": y, "x": x, "c": channels}
        return tuple(sizes[name] for name in self.names)

    def in_order(self, array: np.ndarray) -> np.ndarray:
        """An array (x, y, z, channel) with the axes that are handed on."""
        array = array.transpose(2, 1, 0, 3)
        array = array if self.names.startswith("z") else array[0]
        return array if self.names.endswith("c") else array[..., 0]


def axes_of(path: Path, shape: tuple[int, ...], values: int, chosen: str | None) -> Axes:
    """Name the axes of a file; the first three are x, y, z, however long they are.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        (x, y[, z[, ...]]) as stored. One axis after z may count channels.
    values : int
        Values of a voxel, of a type that has several (colours, vectors); else 1.
    chosen : str or None
        `Choices.axes`: with z, one slice is a volume, else a picture; ``yxc``: what is stored as
        slices are channels.

    Raises
    ------
    SegbenchError
        The file has more axes than space and channels, or others than `chosen`.
    """
    x, y, z, *others = (*shape, 1, 1)[: max(3, len(shape))]
    several = [length for length in (*others, values) if length > 1]
    if len(shape) < 2 or min(shape) < 1 or len(several) > 1:
        raise SegbenchError(
            f"{path}: has the shape {shape}" + (f" of {values} values each" if values > 1 else ""),
            "(x, y), (x, y, z) or (x, y, z, channel), none of them empty",
            "save one volume per file",
        )
    channels = several[0] if several else 1
    wanted = "" if chosen is None else "".join(sorted(chosen.lower(), key="zyxc".find))
    if wanted == "yxc" and z > 1 and channels == 1:
        return Axes((x, y, 1, z), "yxc")
    names = ("zyx" if z > 1 or "z" in wanted else "yx") + "c" * (channels > 1)
    if wanted and wanted.rstrip("c") != names.rstrip("c"):
        raise SegbenchError(
            f"{path}: has {z} slices",
            f"one, as `layout: {{axes: {chosen}}}` says",
            "set `layout: {axes: zyx}`, or leave it out: the file names its axes",
        )
    return Axes((x, y, z, channels), names)
