"""What the other stages need: a base, and so much for each pixel they hold at a time.

No stage but training holds more than a few samples, so what counts is the largest sample,
not the file; time goes with all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from segbench.config.model import Model
from segbench.resources import constants as c
from segbench.resources.fingerprint import Fingerprint, fitted
from segbench.resources.needs import Needs, needs
from segbench.resources.network import count
from segbench.resources.training import forward_seconds, start_seconds

MIB = 2**20


@dataclass(frozen=True)
class Stage:
    """What a stage takes.

    Attributes
    ----------
    base_mb : float
        With nothing read, its imports included.
    pixel_bytes : float
        For each pixel of the largest sample and each thread.
    channel_bytes : float
        The same for each channel of the image, for stages that read images.
    sample_bytes : float
        Of each sample, for what is kept of all of them: rows, digests.
    seconds_a_megapixel : float
        Of all samples.
    table_factor, seconds_a_megabyte : float
        Bytes and seconds for each byte and megabyte of a table that is worked on whole.
    """

    base_mb: float
    pixel_bytes: float
    channel_bytes: float
    sample_bytes: float
    seconds_a_megapixel: float
    table_factor: float = 0
    seconds_a_megabyte: float = 0


#: By the names of the rules; see docs/reference/resources.md for what they are fitted on.
STAGES = {
    "truth": Stage(120, 16, 0, 20_000, 2.0),
    "preprocess": Stage(120, 16, 24, 20_000, 2.5),
    "amplify": Stage(120, 12, 8, 20_000, 0.3),
    "segment": Stage(150, 40, 0, 20_000, 1.0),
    "score": Stage(170, 40, 0, 50_000, 1.0),
    "measure": Stage(180, 100, 12, 200_000, 3.0),
    # Of 442,000 objects, 21 MB of table: 3.9 GB and a quarter of an hour.
    "describe": Stage(300, 24, 0, 100_000, 3.0, 200, 90),
    "check_leaks": Stage(120, 4, 4, 50_000, 0.2),
    "explore_dataset": Stage(230, 24, 16, 200_000, 1.0),
}

#: Stages that see all samples of the dataset; the others a shard, or the tested ones.
_OF_ALL = ("explore_dataset", "check_leaks")
_OF_A_SHARD = ("truth", "preprocess", "amplify")

#: Start of a process and its imports.
_START_S = 5


def stage_needs(stage: str, data: Fingerprint, *, threads: int = 1, table_bytes: int = 0) -> Needs:
    """Predict what a stage without a network needs.

    Parameters
    ----------
    stage : str
        Name of the rule, one of `STAGES`.
    data : Fingerprint
        The data. Scores, objects and labels are taken at the original size, so that of the
        published samples counts.
    threads : int, optional
        That work on samples side by side; a sample waits for each one that is worked on.
    table_bytes : int, optional
        Of the table of objects that is described; 0 before it is there.
    """
    kind, sheet = STAGES[stage], data.original
    largest = math.prod(sheet.largest)
    copies = max(1, data.training // max(sheet.samples, 1)) if stage == "amplify" else 1
    pixel = kind.pixel_bytes * _masks(data) + kind.channel_bytes * sheet.channels
    samples = sheet.samples
    if stage in _OF_A_SHARD:
        samples = math.ceil(2 * sheet.samples / data.shards) if data.shards > 1 else samples
    elif stage not in _OF_ALL:
        samples = data.test
    side_by_side = 1 + 2 * (threads - 1)
    memory = kind.base_mb * MIB + largest * pixel * side_by_side + samples * kind.sample_bytes
    memory += table_bytes * kind.table_factor
    megapixels = samples * copies * sheet.pixels / 1e6
    seconds = megapixels * kind.seconds_a_megapixel
    seconds += table_bytes / 1e6 * kind.seconds_a_megabyte
    return needs(memory / MIB, _START_S + seconds, 0, threads)


def _masks(data: Fingerprint) -> int:
    """Masks of a label that are held: one a class where they overlap, some of numbered objects.

    Those are published as a file an object (DSB 2018: 135 bytes a pixel measured in `truth`).
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
        That predict together.
    gpus, threads : int, optional
        As for `training_needs`; more than one GPU is of no use.
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
    if recipe.network.backbone is not None:
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
    written = data.test * data.pixels * maps / c.WRITTEN_NUMBERS
    return needs(host / MIB, start_seconds(recipe) + seconds + written, on_gpu, threads)
