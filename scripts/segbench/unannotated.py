"""Pixels that were not annotated: the value that marks them in stored labels.

It is the highest value of the dtype: 255 in label maps and in the mask of each overlapping class
(both uint8), 65535 in numbered objects (uint16). No loss, sampler, metric or measurement sees
such pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: In label maps and masks, uint8; the classes are 1 to 254.
UNANNOTATED = 255

#: In numbered objects, uint16; the objects are 1 to 65534.
UNANNOTATED_OBJECT = 65535


def unannotated(label: np.ndarray) -> np.ndarray:
    """Where a label was not annotated.

    Parameters
    ----------
    label : ndarray of uint8 or uint16, any shape
        Label map, numbered objects, or masks.

    Returns
    -------
    ndarray of bool, of the same shape

    Examples
    --------
    >>> import numpy as np
    >>> unannotated(np.uint8([0, 7, 255])).tolist(), unannotated(np.uint16([255, 65535])).tolist()
    ([False, False, True], [False, True])
    """
    found: np.ndarray = label == (UNANNOTATED if label.itemsize == 1 else UNANNOTATED_OBJECT)
    return found


def as_background(label: np.ndarray) -> np.ndarray:
    """A label in which what was not annotated is 0; the label itself if all of it was.

    Examples
    --------
    >>> import numpy as np
    >>> as_background(np.uint8([0, 7, 255])).tolist()
    [0, 7, 0]
    """
    hidden = unannotated(label)
    if not hidden.any():
        return label
    shown = label.copy()
    shown[hidden] = 0
    return shown
