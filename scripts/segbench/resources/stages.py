"""Predict what a prediction and stages without a network need, see `segbench.stages`."""

from __future__ import annotations

import math

from segbench.config.model import Model
from segbench.resources import constants as c
from segbench.resources.fingerprint import Fingerprint, fitted
from segbench.resources.needs import Needs, needs
from segbench.resources.network import count
from segbench.resources.training import forward_seconds
from segbench.stages import STAGES

MIB = 2**20


def stage_needs(stage: str, data: Fingerprint, *, threads: int = 1, table_bytes: int = 0) -> Needs:
    """Predict what a stage without a network needs.

    Parameters
    ----------
    stage : str
        Name of a stage with a `load`.
    data : Fingerprint
        The data. Scores, objects and labels have the original size, so that of the published
        samples counts.
    threads : int, optional
        Threads that work on samples in parallel; each has one sample waiting.
    table_bytes : int, optional
        Size of the table of objects to describe; 0 before it exists.
    """
    load, sheet = STAGES[stage].load, data.original
    assert load is not None, stage
    largest = math.prod(sheet.largest)
    copied = STAGES[stage].per == "amplified shard"
    copies = max(1, data.training // max(sheet.samples, 1)) if copied else 1
    pixel = load.pixel_bytes * _masks(data) + load.channel_bytes * sheet.channels
    samples = {"all": sheet.samples, "shard": sheet.samples / data.shards, "test": data.test}[
        load.samples
    ]
    # Shards are cut by a hash: one of several may have twice its share.
    most = 2 * samples if load.samples == "shard" and data.shards > 1 else samples
    side_by_side = 1 + 2 * (threads - 1)
    memory = load.base_mb * MIB + largest * pixel * side_by_side + most * load.sample_bytes
    memory += table_bytes * load.table_factor
    megapixels = samples * copies * sheet.pixels / 1e6
    seconds = megapixels * load.seconds_per_megapixel
    seconds += load.start_s + table_bytes / 1e6 * load.seconds_per_table_mb
    return needs(memory / MIB, seconds, 0, threads, c.STAGE_TIME_MARGIN)


def _masks(data: Fingerprint) -> int:
    """Masks per label in memory: one per class where classes overlap, several for objects.

    Objects are published as one file each (DSB 2018: 135 bytes per pixel measured in `truth`).
    """
    return {"overlapping": data.classes, "instances": 8}.get(data.task, 1)


def predict_needs(
    recipe: Model, data: Fingerprint, *, networks: int = 1, gpus: int = 0, threads: int = 1
) -> Needs:
    """Predict what a prediction needs.

    Parameters
    ----------
    recipe : Model
        The model recipe.
    data : Fingerprint
        The data.
    networks : int, optional
        Networks that predict together.
    gpus, threads : int, optional
        As for `training_needs`; a second GPU is not used.
    """
    options, maps = recipe.prediction, data.maps(recipe)
    sides = fitted(options.tile or recipe.training.patch, recipe, data)
    network = count(recipe.network, data.channels, maps, sides, supervised=False)
    whole = data.task == "classification"
    step = options.batch * (
        c.FORWARD_LAYERS * network.largest_bytes(4) + 12 * math.prod(sides) * maps
    )
    held = math.prod(data.largest) * (8 * maps * (not whole) + 8 * data.channels)
    weights = 4.0 * network.weights * c.FORWARD_WEIGHT_COPIES * networks
    device = c.CUDA_HOST_MB if gpus else c.KERAS_MB + c.FORWARD_TRACING_MB
    if recipe.network.encoder is not None:
        device += c.BACKBONE_MB
    host = device * MIB + held + weights + (0 if gpus else step)
    on_gpu = c.CUDA_DEVICE_MB + (weights + 2 * step) / MIB if gpus else 0.0
    tiles = math.prod(
        max(1.0, side / tile / (1 - min(options.overlap, 0.9)))
        for side, tile in zip(data.largest, sides, strict=True)
    )
    tiles *= data.pixels / math.prod(data.largest)
    views = (2**data.dimensions if options.flips else 1) * (4 if options.rotations else 1)
    passes = data.test * max(tiles, 1) * min(views, 8 if data.dimensions == 2 else 16)
    seconds = passes * networks * forward_seconds(network, sides, min(gpus, 1), threads)
    start = c.PREDICTION_START_S
    if recipe.network.encoder is not None:
        start += c.BACKBONE_PREDICTION_START_S
    written = data.test * data.pixels * maps / c.WRITTEN_NUMBERS
    return needs(host / MIB, start + seconds + written, on_gpu, threads)
