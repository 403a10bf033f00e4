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
    """An image being predicted: its pixels, its tiles and the sum of the tiles done."""

    image: np.ndarray | Source
    axes: tuple[Axis, ...]
    sums: np.ndarray | None = None
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
            self.sums = np.zeros((*(axis.length for axis in self.axes), maps.shape[-1]), np.float32)
        # Mirrored pixels only give context: they are not summed.
        inside = tuple(slice(axis.before, axis.tile - axis.after) for axis in self.axes)
        parts = zip(self.weights, place, inside, strict=True)
        weight = reduce(np.multiply.outer, [rows[k][part] for rows, k, part in parts])
        ends = zip(self.starts(place), weight.shape, strict=True)
        target = self.sums[tuple(slice(start, start + side) for start, side in ends)]
        maps = maps[inside]
        for number in range(maps.shape[-1]):  # map by map: long strides beat a last axis of 3
            target[..., number] += maps[..., number] * weight

    def result(self) -> np.ndarray:
        """The blended maps."""
        assert self.sums is not None  # every plan has a tile
        return self.sums


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
        for chunk in _batches(tiles[shape], batch):
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
