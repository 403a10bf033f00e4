"""Needs are rounded up, grow with each attempt, and never shrink where there is more to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.augmentation import Jitter
from segbench.config.model import Backbone, Model, Optimizer, Prediction, Training, UNet
from segbench.resources import (
    STAGES,
    Fingerprint,
    Needs,
    Sheet,
    predict_needs,
    stage_needs,
    training_needs,
)
from segbench.resources import constants as c
from segbench.resources.needs import needs
from segbench.resources.network import count
from segbench.resources.training import (
    data_bytes,
    step_bytes,
    steps_an_epoch,
    training_seconds,
    weight_bytes,
)


def data(sides=(128, 128), training=100, **changes):
    pixels = 1.0
    for side in sides:
        pixels *= side
    values = {
        "training": training, "validation": 10, "test": 20, "largest": sides, "pixels": pixels,
        "channels": 1, "itemsize": 1, "classes": 1, "task": "semantic",
        "original": Sheet(130, 20, sides, pixels, 1), "shards": 1, **changes,
    }  # fmt: skip
    return Fingerprint(**values)


def model(width=8, batch=4, patch=None, epochs=10, steps=20, **network):
    return Model(
        network=UNet(depth=2, width=width, **network),
        training=Training(batch=batch, patch=patch, epochs=epochs, steps_per_epoch=steps),
    )


def test_needs_are_rounded_up():
    assert needs(2000, 60 * 10, 900) == Needs(2600, 900, 30, 1)
    assert needs(2000, 0).runtime_min == 10, "never less than ten minutes"
    assert needs(1, 0).mem_mb == 1000, "Snakemake itself takes 300 MB of it under Slurm"
    assert needs(1, 1e9).runtime_min == c.MAX_RUNTIME_MIN


def test_each_attempt_asks_for_more():
    first = Needs(1500, 3000, 600, 4)
    assert first.at(1) == first
    assert first.at(3) == Needs(4500, 3000, 1800, 4)
    assert first.at(9).runtime_min == c.MAX_RUNTIME_MIN


def test_the_parts_of_a_training_by_hand():
    recipe, found = model(batch=4), data()
    network = count(recipe.network, 1, 1, (128, 128))
    assert weight_bytes(recipe, network) == 4 * network.weights * 15, "Adam has two slots"
    sgd = recipe.model_copy(
        update={"training": recipe.training.model_copy(update={"optimizer": Optimizer(name="sgd")})}
    )
    assert weight_bytes(sgd, network) == 4 * network.weights * 12
    # 110 samples of an image byte and a mask byte; four batches of four wait, with weights.
    assert data_bytes(recipe, found, (128, 128)) == 110 * 128**2 * 2 + 16 * 128**2 * 3
    assert step_bytes(recipe, found, network, (128, 128), None) == 4 * (
        network.activation_bytes(4) + 4 * 8 * 128**2
    )
    assert steps_an_epoch(recipe, found) == 20
    assert steps_an_epoch(model(steps=None), found) == 25


def test_data_that_do_not_fit_are_not_held():
    recipe = model(patch=(64, 64))
    few = data_bytes(recipe, data((2048, 2048), training=400), (64, 64))
    many = data_bytes(recipe, data((2048, 2048), training=40_000), (64, 64))
    assert few == pytest.approx(410 * 2048**2 * 2, rel=0.01)
    assert many < few, "read window by window above 4 GiB"
    split = recipe.model_copy(update={"target": "foreground_boundary"})
    held = data_bytes(split, data((2048, 2048), training=40_000), (64, 64))
    assert held > 40_000 * 2048**2, "boundaries are made once, of whole samples"


def test_volumes_ask_for_more_than_images_of_the_same_side():
    flat = training_needs(model(width=16), data((48, 48)))
    deep = training_needs(model(width=16), data((48, 48, 48)))
    assert deep.mem_mb > flat.mem_mb
    assert deep.runtime_min > flat.runtime_min
    flat = training_needs(model(width=16), data((48, 48)), gpus=1)
    deep = training_needs(model(width=16), data((48, 48, 48)), gpus=1)
    assert deep.gpu_mem_mb > flat.gpu_mem_mb


def test_a_gpu_takes_the_activations_and_shortens_the_time():
    recipe, found = model(width=32, batch=16, epochs=200), data((256, 256))
    cpu, gpu = training_needs(recipe, found), training_needs(recipe, found, gpus=1)
    assert cpu.gpu_mem_mb == 0
    assert gpu.gpu_mem_mb > c.CUDA_DEVICE_MB
    assert gpu.runtime_min < cpu.runtime_min
    two = training_needs(recipe, found, gpus=2)
    assert two.gpu_mem_mb < gpu.gpu_mem_mb, "each has half of the batch"
    assert two.runtime_min <= gpu.runtime_min


def test_threads_shorten_the_time():
    recipe, found = model(width=16, epochs=50), data((256, 256))
    one, four = training_needs(recipe, found), training_needs(recipe, found, threads=4)
    assert four.runtime_min < one.runtime_min
    assert four.threads == 4


def test_jitter_and_backbones_cost_memory():
    recipe, found = model(batch=32), data((256, 256))
    plain = training_needs(recipe, found).mem_mb
    assert training_needs(recipe, found, Jitter(noise_sd=0.1)).mem_mb > plain
    encoder = Model(network=UNet(width=8, backbone=Backbone(name="MobileNetV3Small")))
    assert (
        training_needs(encoder, data((64, 64))).mem_mb
        > training_needs(model(), data((64, 64))).mem_mb
    )


SIDES = st.integers(1, 6).map(lambda k: 16 * k)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(SIDES, SIDES),
    st.integers(1, 24),
    st.integers(1, 16),
    st.integers(1, 40),
    st.integers(1, 500),
    st.integers(0, 2),
)
def test_more_of_anything_never_asks_for_less(sides, width, batch, epochs, training, gpus):
    def ask(sides=sides, width=width, batch=batch, epochs=epochs, training=training, **more):
        return training_needs(
            model(width, batch, epochs=epochs, steps=None), data(sides, training, **more), gpus=gpus
        )

    base = ask()
    for more in (
        ask(sides=(sides[0], sides[1] + 16)),
        ask(width=width + 1),
        ask(epochs=epochs + 1),
        ask(training=training + 1),
        ask(channels=2),
        ask(itemsize=2),
    ):
        assert more.mem_mb >= base.mem_mb
        assert more.gpu_mem_mb >= base.gpu_mem_mb
        assert more.runtime_min >= base.runtime_min
    # A larger batch has fewer steps an epoch; of equally many steps it asks for more of all.
    wide = ask(batch=batch + 1)
    assert wide.mem_mb >= base.mem_mb
    assert wide.gpu_mem_mb >= base.gpu_mem_mb
    same = [
        training_needs(model(width, size, epochs=epochs), data(sides, training), gpus=gpus)
        for size in (batch, batch + 1)
    ]
    assert same[1].runtime_min >= same[0].runtime_min


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


@pytest.mark.parametrize("stage", sorted(STAGES))
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


def test_twice_as_many_epochs_take_twice_the_time():
    recipe, found = model(epochs=10), data()
    network = count(recipe.network, 1, 1, (128, 128))
    short = training_seconds(recipe, found, network, (128, 128), 0, 1)
    long = training_seconds(model(epochs=20), found, network, (128, 128), 0, 1)
    assert long - c.START_S == pytest.approx(2 * (short - c.START_S))


def test_many_objects_take_memory_and_time_to_describe():
    none = stage_needs("describe", data())
    few, many = (stage_needs("describe", data(), table_bytes=n) for n in (100_000, 20_000_000))
    assert few.mem_mb == none.mem_mb == c.MIN_MEMORY_MB
    assert many.mem_mb > 4000
    assert many.runtime_min > few.runtime_min
    assert stage_needs("score", data(), table_bytes=20_000_000) == stage_needs("score", data())
