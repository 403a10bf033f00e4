"""Images of any size through a network that takes batches of equal tiles. No Keras here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from segbench.prediction.tiling import Axis, Tiling, mirror

#: Tiles (n, y, x, channel) float32 to maps (n, y, x, map) float32 of the same n, y, x.
Forward = Callable[[np.ndarray], np.ndarray]

#: Images are taken together until they have this many pixels, so that batches are full.
PIXELS_AT_ONCE = 2**24


@dataclass
class _Canvas:
    """One image under way: its mirrored pixels, its plan and the sum of its tiles."""

    image: np.ndarray
    rows: Axis
    columns: Axis
    sums: np.ndarray | None = None
    weights: tuple[np.ndarray, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self.weights = self.rows.weights(), self.columns.weights()
        self.image = mirror(self.image, self.rows, self.columns)

    def _place(self, row: int, column: int) -> tuple[slice, slice]:
        top, left = self.rows.starts[row], self.columns.starts[column]
        return slice(top, top + self.rows.tile), slice(left, left + self.columns.tile)

    def cut(self, row: int, column: int) -> np.ndarray:
        """The pixels of one tile."""
        return self.image[self._place(row, column)]

    def add(self, row: int, column: int, maps: np.ndarray) -> None:
        """Add the maps of one tile, weighted."""
        if self.sums is None:
            self.sums = np.zeros((*self.image.shape[:2], maps.shape[-1]), np.float32)
        down, right = self.weights[0][row], self.weights[1][column]
        self.sums[self._place(row, column)] += maps * (down[:, None] * right)[..., None]

    def result(self) -> np.ndarray:
        """The blended maps without the mirrored pixels."""
        assert self.sums is not None  # every plan has a tile
        top, left = self.rows.before, self.columns.before
        return self.sums[top : top + self.rows.length, left : left + self.columns.length]


def predict_images(
    images: Iterable[np.ndarray], forward: Forward, tiling: Tiling, batch: int
) -> Iterator[np.ndarray]:
    """Apply a network to images of any size, in tiles that are blended.

    Parameters
    ----------
    images : iterable of ndarray (y, x, channel), float32
        Taken only as needed.
    forward : callable
        The network. It is given tiles of a few shapes, at most `batch` at a time, their
        number always a power of two or `batch`: a backend compiles few programs.
    tiling : Tiling
        How images are cut.
    batch : int
        Tiles at a time, of one image or several.

    Yields
    ------
    ndarray (y, x, map), float32
        In the order of the images. What comes out for an image does not depend on the
        images beside it nor on `batch`, if that holds for the network.
    """
    for group in _together(images, 4 * batch):
        canvases = [_Canvas(image, *tiling.plan(*image.shape[:2])) for image in group]
        _fill(canvases, forward, batch)
        while canvases:
            yield canvases.pop(0).result()


def _together(images: Iterable[np.ndarray], count: int) -> Iterator[list[np.ndarray]]:
    """Groups of images of at most so many images and, but for a single one, pixels."""
    group: list[np.ndarray] = []
    pixels = 0
    for image in images:
        size = image.shape[0] * image.shape[1]
        if group and (len(group) == count or pixels + size > PIXELS_AT_ONCE):
            yield group
            group, pixels = [], 0
        group.append(image)
        pixels += size
    if group:
        yield group


def _fill(canvases: Sequence[_Canvas], forward: Forward, batch: int) -> None:
    """Run all tiles of some images, those of one shape together."""
    tiles: dict[tuple[int, int], list[tuple[_Canvas, int, int]]] = defaultdict(list)
    for canvas in canvases:
        shape = canvas.rows.tile, canvas.columns.tile
        for row in range(len(canvas.rows.starts)):
            tiles[shape] += [(canvas, row, column) for column in range(len(canvas.columns.starts))]
    for shape in sorted(tiles):
        for start in range(0, len(tiles[shape]), batch):
            chunk = tiles[shape][start : start + batch]
            stack = np.stack([canvas.cut(row, column) for canvas, row, column in chunk])
            maps = forward(_fill_up(stack, batch))
            for (canvas, row, column), tile in zip(chunk, maps, strict=False):
                canvas.add(row, column, tile)


def _fill_up(stack: np.ndarray, batch: int) -> np.ndarray:
    """Repeat the last tile until the number of tiles is one of the few allowed."""
    count = len(stack)
    wanted = min(1 << (count - 1).bit_length(), batch)
    return stack if wanted == count else np.concatenate([stack, *[stack[-1:]] * (wanted - count)])
