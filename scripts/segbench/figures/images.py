"""Images made for the eye: brightness, channels, size."""

from __future__ import annotations

import numpy as np

from segbench.known_pixels import fill_unknown, mark_unknown


def display_image(
    image: np.ndarray,
    scale: float,
    height: int,
    width: int,
    limits: tuple[float, float] | None = None,
) -> np.ndarray:
    """Make an image for the eye, at another size.

    Parameters
    ----------
    image : (y, x, c) ndarray
        As stored; value = stored * `scale`. Pixels without a value (NaN, infinite) are black.
    scale : float
        Makes stored values 0...1.
    height, width : int
        Of the result, in pixels.
    limits : (float, float), optional
        Values (after `scale`) that become black and white. By default 0 and 1, or the 1st
        and the 99th percentile where values lie outside (a z-score, say).

    Returns
    -------
    (height, width, 3) ndarray of float32
        In 0...1. Of other than three channels, the mean is shown in grey.
    """
    import cv2

    values = mark_unknown(image.astype(np.float32) * np.float32(scale))
    black = 0.0 if limits is None else limits[0]
    values = fill_unknown(values, float(np.fmin.reduce(values, axis=None, initial=black)))
    if values.shape[2] != 3:
        values = values.mean(axis=2, keepdims=True)
    shrinks = height * width < values.shape[0] * values.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    values = cv2.resize(np.ascontiguousarray(values), (width, height), interpolation=interpolation)
    values = values.reshape(height, width, -1)
    low, high = float(values.min()), float(values.max())
    if limits is not None:
        values = (values - limits[0]) / max(limits[1] - limits[0], 1e-6)
    elif low < -1e-3 or high > 1 + 1e-3:
        low, high = (float(v) for v in np.percentile(values, (1, 99)))
        values = (values - low) / max(high - low, 1e-6)
    return np.broadcast_to(np.clip(values, 0, 1), (height, width, 3))
