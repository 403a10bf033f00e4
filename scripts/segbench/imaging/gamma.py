"""Power-law correction."""

from __future__ import annotations

import numpy as np

from segbench.imaging.unit_range import require_unit


def apply_gamma(image: np.ndarray, gamma: float) -> np.ndarray:
    """Raise an image to a power.

    Parameters
    ----------
    image : ndarray of float32, any shape, 0...1
    gamma : float
        Above 1 darkens, below 1 brightens; > 0.

    Returns
    -------
    ndarray of float32, 0...1

    Raises
    ------
    SegbenchError
        If values lie outside 0...1.

    Examples
    --------
    >>> apply_gamma(np.array([0, 0.5, 1], np.float32), 2.0).tolist()
    [0.0, 0.25, 1.0]
    """
    require_unit(image, "gamma")
    result: np.ndarray = np.power(image, np.float32(gamma), dtype=np.float32)
    return result
