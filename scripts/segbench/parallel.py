"""Ordered parallel map with bounded memory, and progress in the log."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Bytes of the block that `keep_freed_memory` frees.
_BLOCK = 2**24


def keep_freed_memory() -> None:
    """Make glibc keep freed arrays of up to 16 MiB instead of returning them to the system.

    An image's temporary arrays are of the size that glibc maps and unmaps each time, and
    faulting their pages in again costs more than computing them (measured: half of the
    time of a resize). Freeing one large block raises the threshold, as described under
    M_MMAP_THRESHOLD in mallopt(3). Elsewhere this does nothing.
    """
    np.empty(_BLOCK, dtype=np.uint8)


def log_progress(log: logging.Logger, text: str, number: int, total: int) -> None:
    """Log every tenth of the items and the last; `text` takes their number and the total."""
    if number == total or number % max(total // 10, 1) == 0:
        log.info(text, number, total)


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Apply a function to each item; give the results in the order of the items.

    Threads, not processes: decoding, resampling, hashing and compressing all release
    Python's lock, and no image has to be copied between processes.

    Parameters
    ----------
    function : callable
        Safe to run in several threads at a time.
    items : iterable
        Taken only as needed.
    threads : int
        Threads, at least 1; 1 runs everything in the calling thread.

    Yields
    ------
    object
        ``function(item)``. At most ``2 * threads`` items are under way or waiting to be
        fetched at any moment, however many there are.

    Raises
    ------
    Exception
        What `function` raised for the first item, in order, for which it did; items not
        yet begun are then given up.

    Examples
    --------
    >>> list(ordered_map(lambda x: x * x, range(5), threads=2))
    [0, 1, 4, 9, 16]
    """
    keep_freed_memory()
    if threads <= 1:
        yield from map(function, items)
        return
    remaining = iter(items)
    pool = ThreadPoolExecutor(threads)
    try:
        pending: deque[Future[Result]] = deque(
            pool.submit(function, item) for item in islice(remaining, 2 * threads)
        )
        while pending:
            yield pending.popleft().result()
            pending.extend(pool.submit(function, item) for item in islice(remaining, 1))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
