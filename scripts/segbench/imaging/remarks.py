"""What a user should know about images that were prepared, counted per shard."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

#: Samples named in a warning.
NAMED = 3

UNKNOWN = "pixels without a value (NaN or infinite), which are left out of all statistics"
EQUAL_PERCENTILES = (
    "equal 1st and 99th percentiles in a channel, which was stretched from its smallest to its "
    "largest value"
)


class Remarks:
    """Collects remarks on samples; safe in threads.

    Examples
    --------
    >>> remarks = Remarks()
    >>> with remarks.on("a") as found:
    ...     found.add(UNKNOWN)
    >>> remarks.lines(5)[0].split(":")
    ['1 of 5 samples', ' pixels without a value (NaN or infinite), which are left out of all \
statistics', ' a']
    """

    def __init__(self) -> None:
        self._samples: defaultdict[str, set[str]] = defaultdict(set)

    @contextmanager
    def on(self, sample: str) -> Iterator[set[str]]:
        """Give a set whose remarks are recorded for the sample."""
        found: set[str] = set()
        yield found
        for remark in found:
            self._samples[remark].add(sample)

    def lines(self, total: int) -> list[str]:
        """One line for each remark: how many of `total` samples, and the first of them."""
        found = []
        for remark, samples in sorted(self._samples.items()):
            names = ", ".join(sorted(samples)[:NAMED]) + ", ..." * (len(samples) > NAMED)
            found.append(f"{len(samples)} of {total} samples: {remark}: {names}")
        return found

    def warn(self, total: int) -> None:
        """Log the lines as warnings."""
        for line in self.lines(total):
            log.warning("preprocess: %s", line)
