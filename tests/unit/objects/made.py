"""Labels with shapes whose measures are known, and small descriptions."""

from __future__ import annotations

import numpy as np

from segbench.objects import ImageInfo, Origin, join, measure

ONE = {"nucleus": 1}

ORIGIN = Origin(
    "cells", "Cells, a dataset", "CC0 1.0", "A. Person 2026", "cells/run-1", "a" * 64,
    {"fold-0/model.keras": "b" * 64},
)  # fmt: skip

IMAGES = [
    ImageInfo("first", (30, 40), (0.001, 0.001), "case 1"),
    ImageInfo("second", (30, 40), (0.001, 0.001), "case 1"),
    ImageInfo("third", (30, 40)),
]


def row(label, image=None, spacing=None, task="semantic"):
    """The measures of the only object of a label."""
    found = measure(np.asarray(label), image, ONE, task, spacing, "s")
    assert len(found) == 1
    return found.iloc[0].to_dict()


def rectangle(height, width, margin=2):
    label = np.zeros((height + 2 * margin, width + 2 * margin), np.uint8)
    label[margin : margin + height, margin : margin + width] = 1
    return label


def disk(radius, height=1.0):
    """A disk; with `height` an ellipse whose vertical half axis is radius / height."""
    y, x = np.mgrid[-radius - 2 : radius + 3, -radius - 2 : radius + 3]
    return ((height * y) ** 2 + x**2 <= radius**2).astype(np.uint8)


def first_image():
    """Three objects: 4 x 5 inside, 2 x 3 at the border, a ring of 24."""
    label = np.zeros((30, 40), np.uint16)
    label[3:7, 10:15] = 1
    label[20:22, 0:3] = 2
    label[12:17, 20:26] = 3
    label[13:16, 21:25] = 0
    label[13, 21:23] = 3
    label[13, 23:25] = 3
    return label


def frame(source="predicted"):
    """Objects of two images; the second has one of 6 x 6; the third image has none."""
    second = np.zeros((30, 40), np.uint16)
    second[4:10, 4:10] = 1
    grey = np.arange(1200, dtype=np.uint16).reshape(30, 40)
    parts = [
        measure(
            label, grey, ONE, "instances", spacing, name, dataset="cells", source=source
        )
        for name, label, spacing in (
            ("second", second, (0.001, 0.001)),
            ("first", first_image(), (0.001, 0.001)),
            ("third", np.zeros((30, 40), np.uint16), None),
        )
    ]  # fmt: skip
    return join(parts)
