"""What prediction and the stages without a network ask for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.model import Prediction
from segbench.resources import constants as c
from segbench.resources import predict_needs, stage_needs
from segbench.stages import STAGES
from unit.resources.arms import data, model

SIDES = st.integers(1, 6).map(lambda k: 16 * k)
LOADED = sorted(name for name, stage in STAGES.items() if stage.load)


@settings(max_examples=30, deadline=None)
@given(SIDES, st.sampled_from([0, 1]), st.booleans(), st.booleans())
def test_larger_images_never_ask_for_less_in_prediction(side, gpus, flips, rotations):
    options = Prediction(tile=(32, 32), flips=flips, rotations=rotations)
    recipe = model().model_copy(update={"prediction": options})
    small, large = (predict_needs(recipe, data((n, n)), gpus=gpus) for n in (side, side + 16))
    assert large.mem_mb >= small.mem_mb
    assert large.runtime_min >= small.runtime_min
    several = predict_needs(recipe, data((side, side)), gpus=gpus, networks=5)
    assert several.runtime_min >= small.runtime_min


@pytest.mark.parametrize("stage", LOADED)
def test_a_stage_asks_for_more_of_larger_images(stage):
    small = stage_needs(stage, data((256, 256)))
    large = stage_needs(stage, data((8192, 8192)))
    assert small.mem_mb == c.MIN_MEMORY_MB
    assert large.mem_mb > small.mem_mb
    assert large.runtime_min >= small.runtime_min
    assert large.gpu_mem_mb == 0


def test_samples_side_by_side_take_memory():
    one = stage_needs("preprocess", data((4096, 4096)))
    four = stage_needs("preprocess", data((4096, 4096)), threads=4)
    assert four.mem_mb > 3 * one.mem_mb


def test_many_objects_take_memory_and_time_to_describe():
    none = stage_needs("describe", data())
    few, many = (stage_needs("describe", data(), table_bytes=n) for n in (100_000, 20_000_000))
    assert few.mem_mb == none.mem_mb == c.MIN_MEMORY_MB
    assert many.mem_mb > 4000
    assert many.runtime_min > few.runtime_min
    assert stage_needs("score", data(), table_bytes=20_000_000) == stage_needs("score", data())


def test_the_time_of_a_stage_by_hand():
    """130 samples in 2 shards, of a megapixel each; 20 of them are tested."""
    found = data((1000, 1000), shards=2)
    assert stage_needs("preprocess", found).expected_s == round(0.4 + 65 * 0.25)
    assert stage_needs("measure", found).expected_s == round(0.5 + 20 * 1.0)
    assert stage_needs("explore_dataset", found).expected_s == round(3.0 + 130 * 1.0)
    copied = data((1000, 1000), shards=2, training=1300)
    assert stage_needs("amplify", copied).expected_s == round(0.4 + 65 * 10 * 0.01)
    assert stage_needs("measure", data((1000, 1000))).runtime_min == 10


def test_the_margin_of_a_stage_is_wide():
    found = stage_needs("preprocess", data((4000, 4000), shards=1))
    assert found.runtime_min == pytest.approx(
        found.expected_s * c.STAGE_TIME_MARGIN / 60, abs=c.RUNTIME_STEP_MIN
    )
