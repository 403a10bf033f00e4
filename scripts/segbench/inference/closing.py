"""Connected pieces of a mask that comes row by row: which of them are complete."""

from __future__ import annotations

import cv2
import numpy as np


class Closing:
    """Finds the 4-connected pieces of a mask that no further row can touch.

    Rows are kept from the first one of a piece that is not complete. Pieces for which that would
    be too many rows are given up: they are never among the complete ones.

    Parameters
    ----------
    width : int
        Pixels in a row.
    limit : int
        Most pixels that are kept.

    Attributes
    ----------
    first : int
        The first row that is kept.
    kept : int
        Number of rows that are kept.
    given_up : int
        Number of pieces that were given up.
    """

    def __init__(self, width: int, limit: int) -> None:
        self._limit = limit
        self._pending = np.zeros((0, width), bool)
        self._lost = np.zeros((0, width), bool)
        self.first = 0
        self.given_up = 0

    @property
    def kept(self) -> int:
        """Number of rows that are kept."""
        return len(self._pending)

    def add(self, rows: np.ndarray, last: bool) -> np.ndarray:
        """Add rows.

        Parameters
        ----------
        rows : ndarray of bool, (y, x)
        last : bool
            No further rows follow.

        Returns
        -------
        ndarray of bool, (kept before + y, x)
            The pieces that are complete now, from the row that `first` was before the call.
        """
        pending = np.concatenate([self._pending, rows])
        lost = np.concatenate([self._lost, np.zeros_like(rows)])
        count, pieces, boxes, _ = cv2.connectedComponentsWithStats(
            pending.view(np.uint8), connectivity=4, ltype=cv2.CV_32S
        )
        gone, still_open = np.zeros(count, bool), np.zeros(count, bool)
        gone[pieces[lost]] = True
        if not last:
            still_open[pieces[-1]] = True
        still_open &= ~gone
        still_open[0] = False
        if (len(pending) - _top(boxes, still_open, len(pending))) * pending.shape[1] > self._limit:
            self.given_up += int(still_open.sum())
            gone |= still_open
            still_open[:] = False
        start = _top(boxes, still_open, len(pending))
        if not last and gone[pieces[-1]].any():
            # The last row stays, so that what hangs on a piece that was given up is known.
            start = min(start, len(pending) - 1)
        self._pending, self._lost = (still_open | gone)[pieces[start:]], gone[pieces[start:]]
        self.first += start
        complete = ~(still_open | gone)
        complete[0] = False
        return np.asarray(complete[pieces])


def _top(boxes: np.ndarray, chosen: np.ndarray, rows: int) -> int:
    """The first row of some pieces; `rows` if there are none."""
    return int(boxes[chosen, cv2.CC_STAT_TOP].min(initial=rows))
