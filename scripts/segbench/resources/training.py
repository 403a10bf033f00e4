"""Predict what a training needs from its recipe and the fingerprint of its data."""

from __future__ import annotations

import math

from segbench.config.augmentation import Jitter
from segbench.config.model import LOCAL_TARGETS, MEMORY_BYTES, Model
from segbench.models.optimizers import OPTIMIZERS
from segbench.resources import constants as c
from segbench.resources.fingerprint import Fingerprint, window
from segbench.resources.needs import Needs, needs
from segbench.resources.network import Counts, count

MIB = 2**20

#: Samples that readers hold whole while they cut windows from them.
_READERS = 5


def training_needs(
    recipe: Model,
    data: Fingerprint,
    jitter: Jitter | None = None,
    *,
    gpus: int = 0,
    threads: int = 1,
) -> Needs:
    """Predict what a training needs.

    Parameters
    ----------
    recipe : Model
        The model recipe.
    data : Fingerprint
        The data.
    jitter : Jitter, optional
        Random augmentation in the training step.
    gpus : int, optional
        GPUs that share a batch; 0 for the CPU.
    threads : int, optional
        CPU threads.

    Returns
    -------
    Needs
        For the first attempt.
    """
    sides = window(recipe, data)
    network = count(recipe.network, data.channels, data.maps(recipe), sides)
    step = step_bytes(recipe, data, network, sides, jitter)
    device = c.CUDA_HOST_MB if gpus else c.KERAS_MB + c.TRACING_MB
    if recipe.network.encoder is not None:
        device += c.BACKBONE_MB
    host = device * MIB + data_bytes(recipe, data, sides) + weight_bytes(recipe, network)
    on_gpu = 0.0
    if gpus:
        share = math.ceil(recipe.training.batch / gpus) / recipe.training.batch
        on_gpu = (
            c.CUDA_DEVICE_MB
            + (weight_bytes(recipe, network) / 2 + step * share * c.GPU_ACTIVATION_FACTOR) / MIB
        )
    else:
        host += step * c.ACTIVATION_FACTOR
    seconds = training_seconds(recipe, data, network, sides, gpus, threads)
    return needs(host / MIB, seconds, on_gpu, threads)


def step_bytes(
    recipe: Model,
    data: Fingerprint,
    network: Counts,
    sides: tuple[int, ...],
    jitter: Jitter | None,
) -> float:
    """Bytes that a step must keep, before `ACTIVATION_FACTOR`; as float32 in any precision.

    With precision `auto` the hardware chooses, and a request must suffice on any.
    """
    pixels = math.prod(sides)
    maps = 0 if data.task == "classification" else data.maps(recipe)
    numbers = maps * c.LOSS_NUMBERS + data.channels * 2
    if jitter is not None:
        numbers += c.JITTER_NUMBERS + 4 * data.channels
    return recipe.training.batch * (network.activation_bytes(4) + 4.0 * numbers * pixels)


def weight_bytes(recipe: Model, network: Counts) -> float:
    """Bytes of all copies of the weights."""
    slots = OPTIMIZERS[recipe.training.optimizer.name].slots
    return 4.0 * network.weights * (c.WEIGHT_COPIES + c.WEIGHT_COPIES_PER_SLOT * slots)


def data_bytes(recipe: Model, data: Fingerprint, sides: tuple[int, ...]) -> float:
    """Bytes of the samples in memory and of waiting batches."""
    whole = data.task == "classification"
    maps = 0 if whole else 1 if data.exclusive(recipe) else data.maps(recipe)
    pixel = data.channels * data.itemsize + maps
    trained = math.ceil(data.training * recipe.training.share)
    held = (trained + data.validation) * data.pixels * pixel
    if held > MEMORY_BYTES and recipe.target in LOCAL_TARGETS:
        # Twice: as read and as windows; targets are surveyed sample by sample.
        held = 2 * _READERS * math.prod(data.largest) * pixel
    waiting = c.BATCHES * recipe.training.batch * math.prod(sides) * (pixel + 1)
    return held + waiting


def steps_per_epoch(recipe: Model, data: Fingerprint) -> int:
    """Batches per epoch."""
    trained = math.ceil(data.training * recipe.training.share)
    return recipe.training.steps_per_epoch or math.ceil(trained / recipe.training.batch)


def training_seconds(
    recipe: Model,
    data: Fingerprint,
    network: Counts,
    sides: tuple[int, ...],
    gpus: int,
    threads: int,
) -> float:
    """Expected seconds of all epochs on an idle machine; early stopping is ignored."""
    options = recipe.training
    one = forward_seconds(network, sides, gpus, threads)
    update = network.weights * c.CPU_WEIGHT_S / (100 if gpus else 1)
    overhead = c.GPU_STEP_S if gpus else c.CPU_STEP_S
    step = 3 * one * options.batch + update + overhead
    tiles = data.validation * max(1.0, data.pixels / math.prod(sides))
    tiles = math.ceil(tiles / options.batch) * options.batch  # the last batch is padded
    saved = 4.0 * network.weights * (2 + OPTIMIZERS[options.optimizer.name].slots)
    epoch = steps_per_epoch(recipe, data) * step + tiles * one + saved / c.STATE_BYTES
    start = c.TRAINING_START_S
    if recipe.network.encoder is not None:
        start += c.BACKBONE_TRAINING_START_S
    return start + options.epochs * epoch


def forward_seconds(network: Counts, sides: tuple[int, ...], gpus: int, threads: int) -> float:
    """Seconds of the forward pass of one sample; a training step takes three times as long."""
    kept = network.activation_bytes(4) / 3
    if gpus:
        speed = 1 + c.GPU_GAIN * (gpus - 1)
        return (network.multiply_adds / c.GPU_MULTIPLY_ADDS + kept / c.GPU_BYTES) / speed
    speed = 1 + c.THREAD_GAIN * (threads - 1)
    return (network.multiply_adds / c.CPU_MULTIPLY_ADDS + kept / c.CPU_BYTES) / speed
