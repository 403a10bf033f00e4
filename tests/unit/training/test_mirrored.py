"""Parts of batches for several devices; what these compute is compared in test_replicas.py."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras

from segbench.training.mirrored import RowsDropout, _part, _reduce_once


def test_parts_of_a_batch_are_its_rows_in_order():
    batch = np.arange(12).reshape(6, 2)
    parts = [_part(batch, number, 3) for number in range(3)]
    assert [part[:, 0].tolist() for part in parts] == [[0, 2], [4, 6], [8, 10]]


@pytest.mark.parametrize("scaled", [False, True])
def test_an_optimizer_does_not_sum_gradients_again(scaled):
    inner = keras.optimizers.Adam()
    optimizer = keras.optimizers.LossScaleOptimizer(inner) if scaled else inner
    _reduce_once(optimizer)
    assert inner._all_reduce_sum_gradients((1, 2)) == [1, 2]


def test_another_version_of_keras_is_refused():
    with pytest.raises(RuntimeError, match="sums gradients elsewhere"):
        _reduce_once(object())


def test_on_one_device_dropout_is_keras_own():
    x = np.ones((3, 5), np.float32)
    ours, theirs = RowsDropout(0.5, seed=3), keras.layers.Dropout(0.5, seed=3)
    assert np.array_equal(ours(x, training=True), theirs(x, training=True))
    assert np.array_equal(ours(x), x)
