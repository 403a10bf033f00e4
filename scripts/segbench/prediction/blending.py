"""Apply a network for batches of equal tiles to images of any size. No Keras here."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeVar

import numpy as np

from segbench.prediction.sources import Source
from segbench.prediction.tiling import Axis, Tiling, mirror

#: Tiles (n, y, x, channel) or (n, z, y, x, channel) float32 to maps of the same axes but the
#: last, float32; of a classifier (n, map).
Forward = Callable[[np.ndarray], np.ndarray]

#: Images are grouped up to this many pixels, so that batches are full.
PIXELS_AT_ONCE = 2**24

Item = TypeVar("Item")
Image = TypeVar("Image", np.ndarray, np.ndarray | Source)


@dataclass
class _Canvas:
    """An image being predicted: its pixels, its tiles and the sum of the tiles done.

    `sums` begins at row (of volumes slice) `first`: what lies before was taken.
    """

    image: np.ndarray | Source
    axes: tuple[Axis, ...]
    sums: np.ndarray | None = None
    first: int = 0
    weights: list[np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self.weights = [axis.weights() for axis in self.axes]

    def starts(self, place: tuple[int, ...]) -> list[int]:
        """Where one tile begins, along each axis."""
        return [axis.starts[k] for axis, k in zip(self.axes, place, strict=True)]

    def cut(self, place: tuple[int, ...]) -> np.ndarray:
        """The pixels of one tile, mirrored ones included."""
        low = self.starts(place)
        high = [
            min(start + axis.tile, axis.length) for axis, start in zip(self.axes, low, strict=True)
        ]
        if isinstance(self.image, np.ndarray):
            pixels = self.image[tuple(map(slice, low, high))]
        else:
            pixels = self.image.window(low, high)
        return mirror(pixels, self.axes)

    def add(self, place: tuple[int, ...], maps: np.ndarray) -> None:
        """Add the maps of one tile, weighted, at its place in the image."""
        if self.sums is None:
            self.sums = self._zeros(self.axes[0].length, maps.shape[-1])
        # Mirrored pixels only give context: they are not summed.
        inside = tuple(slice(axis.before, axis.tile - axis.after) for axis in self.axes)
        parts = zip(self.weights, place, inside, strict=True)
        weight = reduce(np.multiply.outer, [rows[k][part] for rows, k, part in parts])
        starts = self.starts(place)
        starts[0] -= self.first
        ends = zip(starts, weight.shape, strict=True)
        target = self.sums[tuple(slice(start, start + side) for start, side in ends)]
        maps = maps[inside]
        for number in range(maps.shape[-1]):  # map by map: long strides beat a last axis of 3
            target[..., number] += maps[..., number] * weight

    def _zeros(self, rows: int, maps: int) -> np.ndarray:
        return np.zeros((rows, *(axis.length for axis in self.axes[1:]), maps), np.float32)

    def result(self) -> np.ndarray:
        """The blended maps."""
        assert self.sums is not None  # every plan has a tile
        return self.sums

    def band(self, maps: int, stop: int) -> None:
        """Make room for rows up to `stop`, behind those that are not done."""
        done = self._zeros(0, maps) if self.sums is None else self.sums
        self.sums = np.concatenate([done, self._zeros(stop - self.first - len(done), maps)])

    def take(self, stop: int) -> np.ndarray:
        """The blended maps up to row `stop`, which all tiles on them have reached."""
        assert self.sums is not None
        taken, self.sums = self.sums[: stop - self.first], self.sums[stop - self.first :].copy()
        self.first = stop
        return taken


def predict_images(
    images: Iterable[np.ndarray | Source], forward: Forward, tiling: Tiling, batch: int
) -> Iterator[np.ndarray]:
    """Apply a network to images of any size, in blended tiles.

    Parameters
    ----------
    images : iterable of ndarray (y, x, channel) or (z, y, x, channel), float32, or Source
        Taken only as needed. A `Source` gives its pixels tile by tile: of a large volume only
        a slab is in memory.
    forward : callable
        The network. It gets tiles of a few shapes, at most `batch` at a time, their number a
        power of two or `batch`, so that a backend compiles few programs.
    tiling : Tiling
        How images are cut.
    batch : int
        Tiles at a time, of one or several images.

    Yields
    ------
    ndarray (y, x, map) or (z, y, x, map), float32
        In the order of the images. Results do not depend on `batch` or on other images,
        if that holds for the network.
    """
    for group in _together(images, 4 * batch):
        canvases = [_Canvas(image, tiling.plan(*image.shape[:-1])) for image in group]
        _fill(canvases, forward, batch)
        while canvases:
            yield canvases.pop(0).result()


def predict_bands(
    image: Source, forward: Forward, maps: int, tiling: Tiling, batch: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Apply a network to an image that is too large to be in memory, with its maps.

    Parameters
    ----------
    image : Source
    maps : int
        Number of maps of the network.
    forward, tiling, batch
        See `predict_images`.

    Yields
    ------
    int
        First row (of volumes slice) of the band.
    ndarray (y, x, map) or (z, y, x, map), float32
        What `predict_images` gives there. The bands follow each other to the end of the image.
    """
    canvas = _Canvas(image, tiling.plan(*image.shape[:-1]))
    axis, *others = canvas.axes
    stops = [*axis.starts[1:], axis.length]
    for number, (start, stop) in enumerate(zip(axis.starts, stops, strict=True)):
        canvas.band(maps, min(start + axis.tile, axis.length))
        places = np.ndindex(*(len(other.starts) for other in others))
        _run([(canvas, (number, *place)) for place in places], forward, batch)
        yield canvas.first, canvas.take(stop)


def classify_images(
    images: Iterable[np.ndarray], forward: Forward, batch: int
) -> Iterator[np.ndarray]:
    """Apply a classifier to whole images, those of equal size together.

    Yields
    ------
    ndarray (map,), float32
        In the order of the images.
    """
    for group in _together(images, 4 * batch):
        by_shape: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for number, image in enumerate(group):
            by_shape[image.shape].append(number)
        results: dict[int, np.ndarray] = {}
        for shape in sorted(by_shape):
            for chunk in _batches(by_shape[shape], batch):
                stack = np.stack([group[number] for number in chunk])
                results.update(zip(chunk, forward(_fill_up(stack, batch)), strict=False))
        yield from (np.asarray(results[number], np.float32) for number in range(len(group)))


def _together(images: Iterable[Image], count: int) -> Iterator[list[Image]]:
    """Groups of at most `count` images and, unless a single image has more, few pixels."""
    group: list[Image] = []
    pixels = 0
    for image in images:
        size = math.prod(image.shape[:-1])
        if group and (len(group) == count or pixels + size > PIXELS_AT_ONCE):
            yield group
            group, pixels = [], 0
        group.append(image)
        pixels += size
    if group:
        yield group


def _fill(canvases: Sequence[_Canvas], forward: Forward, batch: int) -> None:
    """Run all tiles of some images, those of equal shape together."""
    tiles: dict[tuple[int, ...], list[tuple[_Canvas, tuple[int, ...]]]] = defaultdict(list)
    for canvas in canvases:
        shape = tuple(axis.tile for axis in canvas.axes)
        places = np.ndindex(*(len(axis.starts) for axis in canvas.axes))
        tiles[shape] += [(canvas, place) for place in places]
    for shape in sorted(tiles):
        _run(tiles[shape], forward, batch)


def _run(tiles: Sequence[tuple[_Canvas, tuple[int, ...]]], forward: Forward, batch: int) -> None:
    """Run tiles of equal shape."""
    for chunk in _batches(tiles, batch):
        stack = np.stack([canvas.cut(place) for canvas, place in chunk])
        maps = forward(_fill_up(stack, batch))
        for (canvas, place), tile in zip(chunk, maps, strict=False):
            canvas.add(place, tile)


def _batches(items: Sequence[Item], batch: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + batch] for start in range(0, len(items), batch))


def _fill_up(stack: np.ndarray, batch: int) -> np.ndarray:
    """Repeat the last tile until the batch has one of the few allowed sizes."""
    count = len(stack)
    wanted = min(1 << (count - 1).bit_length(), batch)
    return stack if wanted == count else np.concatenate([stack, *[stack[-1:]] * (wanted - count)])
