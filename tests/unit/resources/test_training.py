"""A training never asks for less where there is more to do; its parts agree with those by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.augmentation import Jitter
from segbench.config.model import Model
from segbench.models.backbones import Backbone
from segbench.models.networks.unet import UNet
from segbench.models.optimizers import Optimizer
from segbench.resources import constants as c
from segbench.resources import training_needs
from segbench.resources.network import count
from segbench.resources.training import (
    data_bytes,
    step_bytes,
    steps_per_epoch,
    training_seconds,
    weight_bytes,
)
from unit.resources.arms import data, model


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
    assert steps_per_epoch(recipe, found) == 20
    assert steps_per_epoch(model(steps=None), found) == 25


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


def test_twice_as_many_epochs_take_twice_the_time():
    recipe, found = model(epochs=10), data()
    network = count(recipe.network, 1, 1, (128, 128))
    short = training_seconds(recipe, found, network, (128, 128), 0, 1)
    long = training_seconds(model(epochs=20), found, network, (128, 128), 0, 1)
    assert long - c.TRAINING_START_S == pytest.approx(2 * (short - c.TRAINING_START_S))


def test_the_request_is_the_expectation_with_a_margin():
    recipe, found = model(width=32, epochs=400), data((256, 256))
    asked = training_needs(recipe, found)
    assert asked.runtime_min == pytest.approx(asked.expected_s * c.TIME_MARGIN / 60, abs=10)
    assert asked.at(3).expected_s == asked.expected_s, "a retry asks for more, and expects as much"


def test_a_backbone_takes_longer_to_start():
    backbone = model(width=8, backbone=Backbone(name="MobileNetV3Small"), epochs=1, steps=1)
    sides = (64, 64)
    network = count(backbone.network, 1, 1, sides)
    seconds = training_seconds(backbone, data(sides), network, sides, 0, 1)
    assert seconds > c.TRAINING_START_S + c.BACKBONE_TRAINING_START_S
