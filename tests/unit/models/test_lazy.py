"""Operations are Keras's own."""

from __future__ import annotations

import pytest

from segbench.models.lazy import ops

keras = pytest.importorskip("keras")


def test_operations_are_those_of_keras():
    assert ops.sum is keras.ops.sum
    assert ops.log_softmax is keras.ops.log_softmax


def test_an_operation_that_keras_does_not_have():
    with pytest.raises(AttributeError, match="no_such_operation"):
        _ = ops.no_such_operation
