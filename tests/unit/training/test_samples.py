"""What is fed: targets, crops, tiles, and that it depends on (seed, epoch, step) alone."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.archives import ArchiveSet
from segbench.config.model import Model, Training
from segbench.errors import SegbenchError
from segbench.models.networks.unet import UNet
from segbench.training import samples
from segbench.training.task import Task

TASK = Task(1, ("nucleus",), False, 1.0, 1.0, (0,))
MODEL = Model(network=UNet(depth=2, width=2), training=Training(batch=2))


def plain(height, width, value=0):
    image = np.full((height, width, 1), value, np.uint8)
    return samples.Sample(image, np.zeros((height, width, 1), np.uint8))


def test_image_and_label_of_different_size(write_archive):
    archive = ArchiveSet(
        [write_archive({"a": (np.zeros((4, 4, 1), np.uint8), np.zeros((4, 5), np.uint8), "a")})]
    )
    task = Task(1, ("nucleus",), False, 1.0, 1.0, (0,))
    with pytest.raises(SegbenchError, match=r"'a'.*label \(4, 5\)"):
        samples.load(archive, ["a"], MODEL, task)


@pytest.mark.parametrize(
    ("patch", "expected"), [((64, 48), (64, 48)), ((65, 47), (68, 48)), ((1, 1), (4, 4))]
)
def test_patches_are_rounded_up(patch, expected):
    model = MODEL.model_copy(update={"training": Training(patch=patch)})
    assert samples.window_size([plain(99, 99)], model, TASK) == expected


def test_a_patch_is_no_larger_than_the_largest_image():
    model = MODEL.model_copy(update={"training": Training(patch=(64, 32))})
    assert samples.window_size([plain(9, 9), plain(14, 40)], model, TASK) == (16, 32)


def test_whole_images_need_one_size():
    assert samples.window_size([plain(10, 12), plain(10, 12)], MODEL, TASK) == (12, 12)
    with pytest.raises(SegbenchError, match=r"2 sizes \(8 x 8, 8 x 9"):
        samples.window_size([plain(8, 9), plain(8, 8)], MODEL, TASK)


def test_mirror():
    array = np.array([[1, 2], [3, 4]])
    assert samples.reflect_to(array, 4, 3).tolist() == [[1, 2, 2], [3, 4, 4], [3, 4, 4], [1, 2, 2]]
    assert samples.reflect_to(array, 1, 2) is array
    assert samples.reflect_to(array[:1, :1], 3, 5).tolist() == [[1] * 5] * 3
