"""What is predicted beside what was measured: memory at most twice, time within three times.

Measured on two cores of an AMD EPYC with AVX512-BF16, TensorFlow 2.21, one thread; see
docs/reference/resources.md. A change of a constant must keep all of them.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from segbench.config.augmentation import Jitter
from segbench.config.model import Model, Training
from segbench.models.backbones import Backbone
from segbench.models.networks.classifier import Classifier
from segbench.models.networks.unet import UNet
from segbench.models.optimizers import Optimizer
from segbench.resources import Fingerprint, Sheet, predict_needs, stage_needs, training_needs

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"

BACKBONE = Backbone(name="MobileNetV3Small")
RESNET = Backbone(name="ResNet50")
JITTER = Jitter(rotation_degrees=(-15, 15), scale=(0.8, 1.25), noise_sd=0.05)

#: Trainings that ran to their end: network, batch, epochs, steps, patch, training and validation
#: samples, their sides, classes, jitter; the most memory in MiB and the wall time in minutes.
TRAININGS = {
    "images of 128 px": (UNet(), 6, 12, 50, None, 57, 5, (128, 128), 1, None, 1034, 2.4),
    "the same, jittered": (UNet(), 6, 12, 50, None, 57, 5, (128, 128), 1, JITTER, 1075, 2.7),
    "the same, 113 copies": (UNet(), 6, 12, 50, None, 6441, 5, (128, 128), 1, None, 1247, 1.9),
    "images of 256 px": (UNet(), 6, 12, 50, None, 57, 5, (256, 256), 1, JITTER, 1480, 10.3),
    "256 px, 113 copies": (UNet(), 6, 12, 50, None, 6441, 5, (256, 256), 1, None, 2236, 8.9),
    "512 px in patches": (UNet(), 6, 12, 50, (256, 256), 57, 5, (512, 512), 1, None, 1462, 10.5),
    "512 px, 113 copies": (UNet(), 6, 12, 50, (256, 256), 6441, 5, (512, 512), 1, None, 4660, 8.5),
    "photos, 13 classes": (UNet(), 8, 16, 88, None, 704, 100, (320, 208), 13, None, 1846, 66.0),
    "photos, jittered": (UNet(), 8, 16, 88, None, 704, 100, (320, 208), 13, JITTER, 1950, 67.5),
    "nuclei": (UNet(), 16, 8, 50, (128, 128), 170, 30, (360, 360), 1, None, 1296, 4.2),
    "tiny images": (UNet(depth=2, width=8), 8, 8, 40, (64, 64), 7, 1, (128, 128), 1, JITTER, 837,
                    0.35),
    "tiny volumes": (UNet(depth=2, width=8), 4, 5, 12, (16, 24, 24), 5, 1, (32, 48, 40), 3, None,
                     764, 0.2),
    "backbone": (UNet(width=4, backbone=BACKBONE), 4, 3, 15, (64, 64), 8, 2, (128, 128), 1, JITTER,
                 1207, 0.35),
}  # fmt: skip

#: A few steps of networks of other kinds, without validation or saved state: batch, sides,
#: channels, maps; the most memory in MiB. Margins over these may be larger.
STEPS = {
    "narrow": (UNet(width=8), 8, (128, 128), 1, 1, 858),
    "wide": (UNet(width=32), 8, (128, 128), 1, 1, 1305),
    "float32": (UNet(), 4, (256, 256), 1, 1, 1188),
    "batch normalisation": (UNet(normalisation="batch"), 4, (256, 256), 1, 1, 1102),
    "31 million weights": (UNet(width=64), 2, (32, 32), 1, 1, 1924),
    "volumes": (UNet(depth=3, width=8), 4, (32, 32, 32), 4, 3, 822),
    "larger volumes": (UNet(depth=3), 2, (48, 48, 48), 4, 3, 1007),
    "ResNet50 as encoder": (UNet(backbone=RESNET), 4, (64, 64), 3, 1, 2158),
    "ResNet50": (Classifier(kind="classifier", backbone=RESNET), 16, (128, 128), 3, 12, 2148),
}


def found(sides, training, validation, channels, classes, task):
    pixels = float(math.prod(sides))
    sheet = Sheet(training + validation, 0, sides, pixels, channels)
    return Fingerprint(training, validation, 0, sides, pixels, channels, 1, classes, task, sheet)


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_asks_for_what_it_used_and_not_for_twice_of_it(name):
    network, batch, epochs, steps, patch, training, validation, sides, classes, *rest = TRAININGS[
        name
    ]
    jitter, used_mb, wall_min = rest
    recipe = Model(
        network=network,
        training=Training(
            batch=batch, epochs=epochs, steps_per_epoch=steps, patch=patch,
            optimizer=Optimizer(name="adamw"),
        ),
    )  # fmt: skip
    task = "overlapping" if len(sides) == 3 else "semantic"
    channels = {1: 1, 3: 4, 13: 3}[classes]
    data = found(sides, training, validation, channels, classes, task)
    asked = training_needs(recipe, data, jitter)
    assert used_mb <= asked.mem_mb <= 2 * used_mb
    assert asked.runtime_min >= wall_min
    assert asked.runtime_min == 10 or asked.runtime_min <= 6 * wall_min
    assert wall_min / 3 <= asked.expected_s / 60 <= 3 * wall_min


@pytest.mark.parametrize("name", STEPS)
def test_a_step_of_another_network_asks_for_enough(name):
    network, batch, sides, channels, maps, used_mb = STEPS[name]
    recipe = Model(network=network, training=Training(batch=batch, epochs=1))
    task = "classification" if network.kind == "classifier" else "overlapping"
    asked = training_needs(recipe, found(sides, 1, 0, channels, maps, task))
    assert used_mb <= asked.mem_mb <= 2 * used_mb


#: A run of the miniature: recipes, data, and what each job of its heavy stages took.
MINIATURE = json.loads(Path(__file__).with_name("miniature_costs.json").read_text())


def expected_s(job: dict[str, Any]) -> float:
    """What is expected of a job of the miniature's run."""
    values = MINIATURE["data"][job["data"]]
    sheet = Sheet(**{k: tuple(v) if type(v) is list else v for k, v in values["original"].items()})
    data = Fingerprint(**{**values, "largest": tuple(values["largest"]), "original": sheet})
    if job["stage"] not in ("train", "predict"):
        return stage_needs(job["stage"], data, table_bytes=job.get("table_bytes", 0)).expected_s
    recipe = Model.model_validate(MINIATURE["models"][job["wildcards"]["model"]])
    return (training_needs if job["stage"] == "train" else predict_needs)(recipe, data).expected_s


@pytest.mark.parametrize("stage", sorted({job["stage"] for job in MINIATURE["jobs"]}))
def test_jobs_of_the_miniature_take_what_is_expected_within_three_times(stage):
    """Compared with CPU time and wall time; a second is the finest that is predicted."""
    jobs = [job for job in MINIATURE["jobs"] if job["stage"] == stage]
    assert len(jobs) >= 4
    for job in jobs:
        expected = expected_s(job)
        assert expected <= 3 * max(job["wall_s"], 1), job
        assert expected >= max(job["cpu_s"], 1) / 3, job


def test_nothing_heavy_is_imported_to_predict():
    """Snakemake's main process predicts: it must not wait for Keras, nor hold it."""
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import segbench.resources
heavy = {"keras", "tensorflow", "jax", "pandas", "numpy", "scipy", "cv2", "snakemake"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(SCRIPTS)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
