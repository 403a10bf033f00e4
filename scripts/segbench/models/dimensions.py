"""Axes of batches of images and volumes. No Keras here."""

from __future__ import annotations

from typing import Any


def spatial_axes(array: Any) -> tuple[int, ...]:
    """Axes of (batch, ..., channel) between the first and the last."""
    return tuple(range(1, len(array.shape) - 1))
