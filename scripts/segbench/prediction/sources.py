"""Sources of pixels: of a large volume only those that the current tiles need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from segbench.archives import ArchiveSet


class Source(Protocol):
    """An image that is read window by window."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(y, x, channel) or (z, y, x, channel)."""

    def window(self, start: Sequence[int], stop: Sequence[int]) -> np.ndarray:
        """Pixels from `start` to before `stop` along the spatial axes, float32."""


class StoredVolume:
    """A volume in an archive, read slab by slab.

    Tiles are processed along the first axis, so a slab as deep as a tile is read once, in the
    archive's dtype, and serves all tiles in it.

    Parameters
    ----------
    samples : ArchiveSet
        Holds the array ``image`` (z, y, x, channel).
    sample : str
    scale : float
        Factor of the stored values.
    """

    def __init__(self, samples: ArchiveSet, sample: str, scale: np.float32) -> None:
        self._samples = samples
        self._sample = sample
        self._scale = scale
        self._slab: tuple[int, int, np.ndarray] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(z, y, x, channel)."""
        return self._samples.shape(self._sample, "image")

    def window(self, start: Sequence[int], stop: Sequence[int]) -> np.ndarray:
        """Pixels from `start` to before `stop`, scaled, float32."""
        first, last = start[0], stop[0]
        if self._slab is None or self._slab[:2] != (first, last):
            self._slab = None  # before the next is read, not after
            slab = self._samples.read_window(self._sample, "image", (first,), (last,))
            self._slab = first, last, slab
        inner = tuple(map(slice, start[1:], stop[1:]))
        return self._slab[2][:, *inner].astype(np.float32) * self._scale


class ArrayVolume:
    """A volume (z, y, x, channel) in memory, converted to float32 and scaled per window."""

    def __init__(self, array: np.ndarray, scale: np.float32) -> None:
        self._array, self._scale = array, scale

    @property
    def shape(self) -> tuple[int, ...]:
        """(z, y, x, channel)."""
        return self._array.shape

    def window(self, start: Sequence[int], stop: Sequence[int]) -> np.ndarray:
        """Pixels from `start` to before `stop`, scaled, float32."""
        return self._array[tuple(map(slice, start, stop))].astype(np.float32) * self._scale


def image_of(samples: ArchiveSet, sample: str, axes: str) -> np.ndarray | StoredVolume:
    """An image as the network was trained on it, float32: (y, x, channel), or a StoredVolume.

    The archives' attribute ``image_scale`` scales stored values to 0...1.
    """
    scale = np.float32(samples.attributes.get("image_scale", 1.0))
    if axes.startswith("z"):
        return StoredVolume(samples, sample, scale)
    return samples.read(sample, "image").astype(np.float32) * scale
