"""Constants of the prediction cover what recipes can ask for, and are sane."""

from __future__ import annotations

from segbench.resources import constants as c


def test_margins_ask_for_more_than_is_expected():
    assert c.MEMORY_MARGIN > 1
    assert c.STAGE_TIME_MARGIN > c.TIME_MARGIN > 1
    assert c.MIN_MEMORY_MB % c.MEMORY_STEP_MB == 0
    assert c.MAX_RUNTIME_MIN % c.RUNTIME_STEP_MIN == 0


def test_a_gpu_is_faster_than_a_thread():
    assert c.GPU_MULTIPLY_ADDS > c.CPU_MULTIPLY_ADDS
    assert c.GPU_BYTES > c.CPU_BYTES
    assert c.PREDICTION_START_S < c.TRAINING_START_S
