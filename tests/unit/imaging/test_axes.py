"""Names of axes, by task."""

from __future__ import annotations

import pytest

from segbench.imaging.axes import image_axes, label_axes, spatial


@pytest.mark.parametrize(
    ("task", "image", "volume"),
    [
        ("semantic", "yx", "zyx"), ("instances", "yx", "zyx"),
        ("overlapping", "yxk", "zyxk"), ("classification", "s", "s"),
    ],
)  # fmt: skip
def test_labels(task, image, volume):
    assert (label_axes(task, False), label_axes(task, True)) == (image, volume)


def test_images():
    assert (image_axes(False), image_axes(True)) == ("yxc", "zyxc")


@pytest.mark.parametrize(
    ("task", "shape", "expected"),
    [
        ("semantic", (4, 5), (4, 5)), ("instances", (3, 4, 5), (3, 4, 5)),
        ("overlapping", (4, 5, 2), (4, 5)), ("classification", (1,), ()),
    ],
)  # fmt: skip
def test_the_size_of_a_label(task, shape, expected):
    assert spatial(task, shape) == expected
