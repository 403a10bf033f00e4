"""The figures of an epoch."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.training.feeding import Tiles
from segbench.training.samples import Sample
from segbench.training.task import Task
from segbench.training.validation import mean_dice, validate


def test_mean_dice():
    counts = np.array(
        [
            [[5, 10, 10], [0, 0, 0]],  # 0.5; both empty: left out
            [[0, 0, 4], [3, 3, 3]],  # 0: missed; 1
        ],
        float,
    )
    assert mean_dice(counts) == pytest.approx((0.5 + 0 + 1) / 3)


def test_mean_dice_where_there_is_nothing_to_find():
    assert mean_dice(np.zeros((3, 1, 3))) == 1.0


class Perfect:
    """A step that predicts the truth with a loss of the image's value."""

    def predict_on_batch(self, batch):
        weight = batch["weight"].astype(float)
        size = (batch["target"] * weight).sum(axis=(1, 2))
        return {
            "loss": batch["image"][:, 0, 0, 0].astype(float),
            "counts": np.stack([size] * 3, axis=-1),
        }


def test_validate_adds_up_tiles_and_leaves_the_filling_out():
    one = np.ones((4, 8, 1), np.uint8)
    items = [Sample(one * 3, one), Sample(one[:, :4] * 9, one[:, :4])]
    result = validate(Perfect(), Tiles(items, (4, 4), 2), Task(1, ("n",), False, 1.0, 1.0, (0,)))
    assert result == {"val_loss": pytest.approx((3 * 32 + 9 * 16) / 48), "val_dice": 1.0}


def test_validation_without_an_annotated_pixel_is_refused():
    mark = np.full((4, 4, 1), 255, np.uint8)
    task = Task(1, ("n",), False, 1.0, 1.0, (0,), partial=True)
    with pytest.raises(SegbenchError, match="no pixel of the validation samples was annotated"):
        validate(Perfect(), Tiles([Sample(mark, mark)], (4, 4), 1, partial=True), task)
