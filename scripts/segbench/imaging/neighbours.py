"""Slices of a stack with the slices around them as channels (2.5-D)."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np

from segbench.errors import SegbenchError
from segbench.imaging.shard import ShardSample

#: A prepared image (y, x, channel), and the shape that it had before.
Slice = tuple[np.ndarray, tuple[int, ...]]


class Neighbours:
    """Slices with their neighbours; each slice is prepared once if they are requested in order.

    Parameters
    ----------
    items : sequence of ShardSample
        All slices of all stacks of a shard.
    make : callable
        Reads and prepares the image of one slice; safe in threads.
    reach : int
        Slices on each side.
    keep : int
        Prepared slices to keep besides those of one window.

    Notes
    -----
    Every step works on each slice by itself, so a slice prepared once serves all its
    neighbours. Slices are counted in the order of their positions: where one is missing in
    the stack, the next one that is there takes its place.
    """

    def __init__(
        self,
        items: Sequence[ShardSample],
        make: Callable[[ShardSample], Slice],
        reach: int,
        keep: int = 0,
    ) -> None:
        stacks: dict[str, list[ShardSample]] = defaultdict(list)
        for item in in_order(items):
            if not item.raw.stack:
                raise SegbenchError(
                    f"preprocessing recipe: neighbours: {reach}, but sample "
                    f"{item.raw.sample!r} is no slice of a stack",
                    "a dataset whose samples are slices of volumes",
                    "set `neighbours: 0`",
                )
            stacks[item.raw.stack].append(item)
        self._stacks = dict(stacks)
        self._place = {
            item.raw.sample: number
            for stack in stacks.values()
            for number, item in enumerate(stack)
        }
        self._make, self._reach = make, reach
        self._kept: OrderedDict[str, Slice] = OrderedDict()
        self._most = 2 * reach + 1 + keep
        self._lock = Lock()

    def image(self, item: ShardSample) -> Slice:
        """Give a slice's image with its neighbours' channels.

        Returns
        -------
        image : ndarray, (y, x, (2 * reach + 1) * channel)
            The slice `reach` before first; at the stack's ends the last one is repeated.
        shape : tuple of int
            Of the slice itself before it was prepared.

        Raises
        ------
        SegbenchError
            If slices of the stack differ in size.
        """
        stack, place = self._stacks[item.raw.stack], self._place[item.raw.sample]
        numbers = np.arange(place - self._reach, place + self._reach + 1)
        around = [stack[number] for number in numbers.clip(0, len(stack) - 1)]
        parts = [self._slice(each) for each in around]
        own, shape = parts[self._reach]
        for other, (part, _) in zip(around, parts, strict=True):
            if part.shape != own.shape:
                raise SegbenchError(
                    f"slice {other.raw.sample!r} is {part.shape} and its neighbour "
                    f"{item.raw.sample!r} {own.shape}",
                    "slices of one size in a stack",
                    "set `resize`, or `neighbours: 0`, in the preprocessing recipe",
                )
        return np.concatenate([part for part, _ in parts], axis=-1), shape

    def _slice(self, item: ShardSample) -> Slice:
        name = item.raw.sample
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        # Not under the lock: two threads may prepare one slice, and get the same.
        made = self._make(item)
        with self._lock:
            self._kept[name] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


def in_order(items: Sequence[ShardSample]) -> list[ShardSample]:
    """Samples by stack and position, so that neighbours follow each other."""
    return sorted(items, key=lambda item: (item.raw.stack, item.raw.position, item.raw.sample))
