"""Sliding-window prediction of one full BraTS case: what it costs beside the bare network.

The case is generated: 155 x 240 x 240 voxels, 4 modalities, float16, in an archive as the
workflow writes it. Tiles of 64 x 64 x 64, half overlapping, Gaussian blending, as the
published recipe; the network is small, so that what surrounds it shows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from measuring import SCRIPTS, Row, row

SIZE, CHANNELS = (155, 240, 240), 4
TILE, OVERLAP, BATCH = (64, 64, 64), 0.5, 4
#: The whole prediction may take this many times as long as its network alone.
LIMIT = 1.25
#: The most that a case may take, Keras and TensorFlow included, in MB.
MEMORY_MB = 4 * 2**30 / 1e6


def write_case(path: Path) -> None:
    """One case as the preprocessing stores it: about a brain of noise, 0 around it."""
    from segbench.archives import ArchiveWriter

    attributes = {
        "stage": "preprocess", "axes": "zyxc", "task": "overlapping", "image_scale": 1.0,
        "classes": ["WT", "TC", "ET"], "class_values": [1, 2, 3],
    }  # fmt: skip
    place = np.ogrid[tuple(slice(-1, 1, side * 1j) for side in SIZE)]
    brain = sum(axis**2 for axis in place) < 0.8
    noise = np.random.default_rng(0).standard_normal((*SIZE, CHANNELS), dtype=np.float32)
    with ArchiveWriter(path, attributes) as writer:
        image = (noise * brain[..., None]).astype(np.float16)
        writer.add("case", {"image": image}, {"source": "case"})


def write_network(path: Path) -> None:
    """A 3-D U-Net of depth 2 and width 8."""
    import keras

    def block(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = keras.layers.Conv3D(filters, 3, padding="same", activation="relu")(x)
        return x

    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, None, CHANNELS))
    skips, x = [], inputs
    for level in range(2):
        skips.append(block(x, 8 * 2**level))
        x = keras.layers.MaxPooling3D()(skips[-1])
    x = block(x, 32)
    for skip in reversed(skips):
        x = keras.layers.Conv3DTranspose(skip.shape[-1], 2, strides=2)(x)
        x = block(keras.layers.Concatenate()([skip, x]), skip.shape[-1])
    keras.Model(inputs, keras.layers.Conv3D(3, 1, name="logits")(x)).save(path)


def predict_case(folder: Path) -> dict[str, float]:
    """Predict the case, with a stopwatch about the bare network."""
    from segbench.archives import Archive
    from segbench.config.model import Model, Prediction, Training
    from segbench.models.networks.unet import UNet
    from segbench.prediction import networks
    from segbench.prediction.stage import predict

    write_network(folder / "network.keras")
    recipe = Model(
        network=UNet(depth=2, width=8),
        training=Training(patch=TILE, precision="float32"),
        prediction=Prediction(overlap=OVERLAP, blend="gaussian", batch=BATCH),
    )
    (folder / "folds.tsv").write_text("sample\tgroup\tstratum\tfold\trole\ncase\tcase\t\t0\ttest\n")
    plain, seconds = networks._callable, []

    def timed(network: Any) -> Any:
        forward = plain(network)

        def stopped(tiles: np.ndarray) -> np.ndarray:
            start = perf_counter()
            maps = forward(tiles)
            seconds.append(perf_counter() - start)
            return maps

        forward(np.zeros((BATCH, *TILE, CHANNELS), np.float32))  # compiles
        begun.append(perf_counter())
        return stopped

    begun: list[float] = []
    networks._callable = timed
    output = folder / "p.zarr.zip"
    predict([folder / "case.zarr.zip"], folder / "folds.tsv", [0], [folder / "network.keras"],
            recipe, output)  # fmt: skip
    whole = perf_counter() - begun[0]
    with Archive(output) as archive:
        assert archive.shape("case", "probability") == (*SIZE, 3)
    count = np.prod([len(axis.starts) for axis in networks.make_tiling(recipe).plan(*SIZE)])
    return {
        "whole_s": whole, "network_s": sum(seconds), "tiles": int(count), "peak_mb": _peak_mb()
    }  # fmt: skip


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def measure() -> list[Row]:
    """Predict one full case in a process of its own, for its memory."""
    with tempfile.TemporaryDirectory() as folder:
        write_case(Path(folder) / "case.zarr.zip")
        done = subprocess.run(
            [sys.executable, __file__, folder],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(SCRIPTS), str(Path(__file__).parent)]),
                "OMP_NUM_THREADS": str(os.cpu_count()),
                "TF_CPP_MIN_LOG_LEVEL": "2",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    found = json.loads(done.stdout.splitlines()[-1])
    whole, network, peak = found["whole_s"], found["network_s"], found["peak_mb"]
    what = f"3-D sliding window, {' x '.join(map(str, SIZE))} x {CHANNELS}"
    around = max(whole - network, 0) / whole
    return [
        row(
            f"{what}, {found['tiles']} tiles", whole, "its bare network",
            network, 1 / LIMIT,
            f"{1 - around:.0%} of the time in the network; reading, cutting, sigmoid, blending "
            f"and writing {around:.0%}",
        ),
        row(f"{what}, peak memory", peak, "4 GiB", MEMORY_MB, 1.0, "with Keras", "MB"),
    ]  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(predict_case(Path(sys.argv[1]))))
    else:
        for line in measure():
            print(line)
