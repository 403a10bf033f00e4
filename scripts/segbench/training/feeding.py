"""Random crops for training, tiles for validation. No Keras here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np

from segbench.training import randomness
from segbench.training.samples import Samples, StoredSample
from segbench.training.survey import Focus
from segbench.unannotated import UNANNOTATED

#: Windows of an archive that are read in parallel.
READERS = 4

#: Number of a sample, and the corner of a window in it.
Place = tuple[int, tuple[int, ...]]

Pair = tuple[np.ndarray, np.ndarray]


def _annotated(samples: Sequence[Samples], numbers: Sequence[int]) -> dict[str, np.ndarray]:
    """Which maps of each window were annotated; nothing if all were in all samples."""
    classes = next((len(one.annotated) for one in samples if one.annotated is not None), 0)
    if not classes:
        return {}
    rows = np.ones((len(numbers), 1 + classes), np.uint8)  # the background comes first
    for row, number in zip(rows, numbers, strict=True):
        found = samples[number].annotated
        if found is not None:
            row[1:] = found
    return {"annotated": rows}


def _cutter(
    samples: Sequence[Samples], window: tuple[int, ...]
) -> Callable[[Sequence[Place]], list[Pair]]:
    """Make a function that cuts windows of image and target; in parallel if they are read."""

    def cut(place: Place) -> Pair:
        number, start = place
        return samples[number].window(start, window)

    if not any(isinstance(sample, StoredSample) for sample in samples):
        return lambda places: [cut(place) for place in places]
    readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
    return lambda places: list(readers.map(cut, places))


class Feed:
    """Batches of random crops, which depend on (seed, epoch, step) alone.

    Parameters
    ----------
    samples : sequence of Samples
        The training samples.
    window : tuple of int
        Sides of the crops. Smaller samples are mirrored up to it.
    batch : int
        Crops per batch.
    steps : int
        Batches per epoch.
    seed : int
        Of the training.
    focus : Focus, optional
        Moves some of the crops onto objects.
    """

    def __init__(
        self,
        samples: Sequence[Samples],
        window: tuple[int, ...],
        batch: int,
        steps: int,
        seed: int,
        focus: Focus | None = None,
    ) -> None:
        self.samples, self.window, self.focus = samples, window, focus
        self.batch, self.steps, self.seed = batch, steps, seed
        self._cut = _cutter(samples, window)

    def places(self, epoch: int, step: int) -> list[Place]:
        """Places of the crops of a batch (epochs count from 1, steps from 0)."""
        start = ((epoch - 1) * self.steps + step) * self.batch
        order = randomness.visiting_order(self.seed, len(self.samples), start, self.batch)
        corners = randomness.generator(self.seed, randomness.CROP, epoch, step).random(
            (self.batch, len(self.window))
        )
        places = []
        for number, corner in zip(order, corners, strict=True):
            room = self._room(int(number))
            places.append(
                (int(number), tuple(int(u * (n + 1)) for u, n in zip(corner, room, strict=True)))
            )
        return self._focused(places, epoch, step) if self.focus else places

    def _room(self, number: int) -> list[int]:
        """How far the window's corner can lie from the sample's, along each axis."""
        size = self.samples[number].size
        return [max(n - side, 0) for n, side in zip(size, self.window, strict=True)]

    def _focused(self, places: list[Place], epoch: int, step: int) -> list[Place]:
        """Move the last crops of a batch onto chosen pixels, which lie anywhere inside them."""
        assert self.focus is not None
        draw = randomness.generator(self.seed, randomness.FOCUS, epoch, step)
        moved = self.focus.count(self.batch, draw.random())
        numbers = draw.random((self.batch, 3 + len(self.window)))
        for index in range(self.batch - moved, self.batch):
            sample, pixel = self.focus.choose(places[index][0], numbers[index, :3])
            inside = (numbers[index, 3:] * self.window).astype(int)
            start = np.clip(pixel - inside, 0, self._room(sample))
            places[index] = sample, tuple(start.tolist())
        return places

    def make(self, epoch: int, step: int) -> dict[str, np.ndarray]:
        """One batch (epochs count from 1, steps from 0).

        Image, target and seed; where classes of some samples were not annotated, also
        ``annotated``, uint8 (batch, map).
        """
        places = self.places(epoch, step)
        pairs = self._cut(places)
        return {
            "image": np.stack([image for image, _ in pairs]),
            "target": np.stack([target for _, target in pairs]),
            "seed": randomness.step_seed(self.seed, epoch, step),
            **_annotated(self.samples, [number for number, _ in places]),
        }

    def epoch(self, epoch: int) -> Iterator[dict[str, np.ndarray]]:
        """All batches of an epoch."""
        return (self.make(epoch, step) for step in range(self.steps))


class Tiles:
    """Whole samples cut into windows, each annotated pixel of weight 1 in exactly one of them.

    Iterating gives batches, cut anew each time: dicts of image, target and weight (batch,
    ..., 1) uint8 (of whole images (batch, 1)), and ``annotated`` as of `Feed.make`; and the
    number of the sample of each window, -1 for the filling.

    Parameters
    ----------
    samples : sequence of Samples
        The validation samples.
    window : tuple of int
        Sides.
    batch : int
        Windows per batch; the last one is filled up with windows of weight 0.
    partial : bool, optional
        Whether targets mark pixels that were not annotated: where no map was, the weight is 0.
    """

    def __init__(
        self,
        samples: Sequence[Samples],
        window: tuple[int, ...],
        batch: int,
        partial: bool = False,
    ) -> None:
        self.samples, self.window, self.batch, self.partial = samples, window, batch, partial
        self._cut = _cutter(samples, window)
        self.tiles = [
            (owner, corner, low)
            for owner, sample in enumerate(samples)
            for corner, low in _tiles_of(sample.size, window)
        ]

    def __iter__(self) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        for first in range(0, len(self.tiles), self.batch):
            group = self.tiles[first : first + self.batch]
            missing = self.batch - len(group)
            pairs = self._cut([(owner, corner) for owner, corner, _ in group])
            weights = [self._weight(*tile, pairs[0][1].ndim) for tile in group]
            filled = pairs + pairs[:1] * missing
            owners = [tile[0] for tile in group]
            arrays = {
                "image": np.stack([image for image, _ in filled]),
                "target": np.stack([target for _, target in filled]),
                "weight": np.stack(weights + [np.zeros_like(weights[0])] * missing),
                **_annotated(self.samples, owners + owners[:1] * missing),
            }
            if self.partial:
                arrays["weight"] *= (arrays["target"] != UNANNOTATED).any(axis=-1, keepdims=True)
            yield arrays, np.array(owners + [-1] * missing)

    def _weight(
        self, owner: int, corner: tuple[int, ...], low: tuple[int, ...], axes: int
    ) -> np.ndarray:
        """Weight 1 inside the sample, where no earlier window counts it."""
        if axes == 1:  # the target of a whole image
            return np.ones(1, np.uint8)
        weight = np.zeros((*self.window, 1), np.uint8)
        size = self.samples[owner].size
        weight[tuple(slice(a - c, n - c) for a, c, n in zip(low, corner, size, strict=True))] = 1
        return weight


def _tiles_of(
    size: tuple[int, ...], window: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Corner of each window of a sample, and of the pixels that it counts."""
    for low in product(*(range(0, n, side) for n, side in zip(size, window, strict=True))):
        yield (
            tuple(min(a, max(n - side, 0)) for a, n, side in zip(low, size, window, strict=True)),
            low,
        )
