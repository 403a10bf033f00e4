"""The training step of images and volumes: the feed, what jitter and bfloat16 cost or bring."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any
from unittest import mock

import numpy as np
from measuring import Row, micrograph, row

SIDE = 256
WINDOW = (128, 128)
BATCH = 8
STEPS = 12
ROUNDS = 7

#: Of volumes: sides of a patch, modalities, regions, patches a step, steps a round.
PATCH = (32, 32, 32)
MODALITIES, REGIONS = 4, 3
PATCHES, VOLUME_STEPS, VOLUME_ROUNDS = 2, 4, 3

#: The fed step may take this many times as long as the one on a fixed batch.
LIMIT = 1.05


def _samples(count: int) -> list[Any]:
    from segbench.training.samples import Sample

    pairs = [micrograph(SIDE, seed) for seed in range(count)]
    return [Sample(image[..., None], label[..., None]) for image, label in pairs]


def _compiled(policy: str, jittered: bool) -> Any:
    """A compiled step: U-Net of depth 4 and width 16, BCE + Dice, Adam."""
    import keras

    from segbench.config.augmentation import Jitter
    from segbench.models.keras_network import build_network
    from segbench.models.losses import Loss
    from segbench.models.networks.unet import UNet
    from segbench.models.optimizers import Optimizer, make_optimizer
    from segbench.training.step import Step
    from segbench.training.task import Task

    knobs = Jitter(
        flip_horizontal=0.5, flip_vertical=0.5, rotate90=0.75, rotation_degrees=(-15, 15),
        shift_fraction=(-0.1, 0.1), scale=(0.8, 1.25), elastic_alpha_px=4, noise_sd=0.05,
        blur_px=4, brightness=0.1, contrast=(0.8, 1.2), gamma=(0.7, 1.4),
    )  # fmt: skip
    network = build_network(UNet(depth=4, width=16), 1, 1, policy)
    task = Task(1, ("nucleus",), False, 1 / 255, 1.0, (0,))
    step = Step(network, task, Loss(), knobs if jittered else None)
    jit = keras.backend.backend() == "jax"
    step.compile(optimizer=make_optimizer(Optimizer(), policy), jit_compile=jit)
    return step


def _compiled_volumes(policy: str) -> Any:
    """A compiled step: 3-D U-Net of depth 3 and width 16, BCE + Dice, Adam."""
    import keras

    from segbench.config.augmentation import Jitter
    from segbench.models.keras_network import build_network
    from segbench.models.losses import Loss
    from segbench.models.networks.unet import UNet
    from segbench.models.optimizers import Optimizer, make_optimizer
    from segbench.training.step import Step
    from segbench.training.task import Task

    network = build_network(
        UNet(depth=3, width=16), MODALITIES, REGIONS, policy, 3, supervised=True
    )
    task = Task(MODALITIES, ("WT", "TC", "ET"), False, 1.0, 1.0, (0, 1, 2), dimensions=3)
    step = Step(network, task, Loss(), Jitter(flip_horizontal=0.5, flip_vertical=0.5))
    jit = keras.backend.backend() == "jax"
    step.compile(optimizer=make_optimizer(Optimizer(), policy), jit_compile=jit)
    return step


def _volumes(policy: str, device: str) -> Row:
    """Voxels a second of the 3-D step, in this machine's format and in float32."""
    rng = np.random.default_rng(0)
    batch = {
        "image": rng.random((PATCHES, *PATCH, MODALITIES), np.float32),
        "target": rng.integers(0, 2, (PATCHES, *PATCH, REGIONS)).astype(np.uint8),
        "seed": np.array([1, 2], np.int32),
    }
    steps = {name: _compiled_volumes(name) for name in (policy, "float32")}
    works = {
        name: lambda step=step: [step.train_on_batch(batch) for _ in range(VOLUME_STEPS)]
        for name, step in steps.items()
    }
    times = {k: float(np.median(v)) for k, v in _rounds(works, VOLUME_ROUNDS).items()}
    voxels = VOLUME_STEPS * PATCHES * int(np.prod(PATCH))
    return row(
        f"3-D: {VOLUME_STEPS} steps, {PATCHES} x {' x '.join(map(str, PATCH))} voxels of "
        f"{MODALITIES} modalities, {policy}",
        times[policy], "float32", times["float32"], None,
        f"{voxels / times[policy] / 1e6:.2f} against {voxels / times['float32'] / 1e6:.2f} million "
        f"voxels/s on {device}",
    )  # fmt: skip


def _rounds(works: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, np.ndarray]:
    """Seconds of each piece of work in each round, in turns so that all meet the same load."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            start = perf_counter()
            work()
            if turn:  # the first round compiles
                times[name].append(perf_counter() - start)
    return {name: np.array(values) for name, values in times.items()}


def measure() -> list[Row]:
    """Measure an epoch of 12 steps, 8 crops of 128 x 128 each, in several ways."""
    from segbench.models import session
    from segbench.training.feeding import Feed
    from segbench.training.prefetch import ahead

    # The other measurements are of one thread; a training uses what the job was given.
    with mock.patch.dict(os.environ, {"OMP_NUM_THREADS": str(os.cpu_count())}):
        here = session.prepare("auto", True, 0)
    feed = Feed(_samples(16), WINDOW, BATCH, STEPS, 0)
    fixed = feed.make(1, 0)
    epochs = iter(range(1, 10**6))
    steps = {
        "auto": _compiled(here.policy, True),
        "plain": _compiled(here.policy, False),
        "float32": _compiled("float32", True),
    }

    def over(name: str, batches: Callable[[], Iterable[dict[str, np.ndarray]]]) -> Callable:
        return lambda: [steps[name].train_on_batch(batch) for batch in batches()]

    times = _rounds(
        {
            "fed": over("auto", lambda: ahead(feed.epoch(next(epochs)))),
            "fixed": over("auto", lambda: [fixed] * STEPS),
            "plain": over("plain", lambda: [fixed] * STEPS),
            "float32": over("float32", lambda: [fixed] * STEPS),
        }
    )
    best = {name: float(np.median(values)) for name, values in times.items()}
    images = STEPS * BATCH
    what = f"epoch of {STEPS} steps, {BATCH} x {WINDOW[0]} x {WINDOW[1]} px, {here.policy}"
    slower = float(np.median(times["fed"] / times["fixed"]))  # round by round: equal load
    return [
        row(
            f"{what}, fed by the pipeline", best["fed"], "one fixed batch in memory",
            best["fixed"], 1 / LIMIT,
            f"{slower:.3f} times as long, aim at most {LIMIT}; {images / best['fed']:.0f} images/s",
        ),
        row(
            f"{what}, every jitter on", best["fixed"], "without jitter", best["plain"], None,
            f"jitter takes {100 * (1 - best['plain'] / best['fixed']):.0f} % of the step",
        ),
        row(
            f"{what}", best["fixed"], "float32", best["float32"], None,
            f"{images / best['fixed']:.0f} against {images / best['float32']:.0f} images/s "
            f"on {here.device}",
        ),
        _volumes(here.policy, here.device),
    ]  # fmt: skip


if __name__ == "__main__":
    for result in measure():
        print(result)
