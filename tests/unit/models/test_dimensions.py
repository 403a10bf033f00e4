"""Axes of batches."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.models.dimensions import spatial_axes


@pytest.mark.parametrize(
    ("shape", "axes"), [((2, 4, 5, 1), (1, 2)), ((2, 3, 4, 5, 1), (1, 2, 3)), ((2, 7), ())]
)
def test_axes_between_batch_and_channel(shape, axes):
    assert spatial_axes(np.zeros(shape)) == axes
