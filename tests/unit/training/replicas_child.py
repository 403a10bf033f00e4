"""Trainings on 1, 2 and 4 devices, in a process whose CPU was divided before Keras came.

python replicas_child.py FOLDER CASE...: writes FOLDER/CASE.json, what `compare` found.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import sys
from pathlib import Path

import numpy as np

from segbench.archives import ArchiveWriter
from segbench.artefacts.folds import Assignment, write_folds
from segbench.config.augmentation import Jitter
from segbench.config.model import Model

PARTS = 4

if os.environ.get("KERAS_BACKEND") == "jax":
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={PARTS}"
else:
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * PARTS
    )

import keras  # noqa: E402 - comes after the CPU was divided

from segbench.errors import SegbenchError  # noqa: E402
from segbench.models import session  # noqa: E402
from segbench.models.model_file import read_model  # noqa: E402
from segbench.training.loop import train  # noqa: E402
from unit.listening import Killed, listening  # noqa: E402
from unit.models import tiny  # noqa: E402
from unit.training.conftest import ATTRIBUTES, disc  # noqa: E402

keras.applications.Tiny = tiny.Tiny

PLANE = Jitter(
    flip_horizontal=0.5, rotate90=0.5, rotation_degrees=(-9, 9), scale=(0.9, 1.1),
    elastic_alpha_px=2.0, elastic_sigma_px=8.0, gamma=(0.8, 1.2), noise_sd=0.1,
)  # fmt: skip
SPACE = Jitter(flip_depth=0.5, flip_vertical=0.5, noise_sd=0.05)


SMALL = {"depth": 1, "width": 4}


def recipe(network=(), training=(), **options):
    """Three epochs of two steps."""
    common = {"batch": 4, "epochs": 3, "precision": "float32", "best_epoch": "last"}
    return Model.model_validate(
        {
            "network": dict(network) if "kind" in network else {**SMALL, **dict(network)},
            "training": {**common, "optimizer": {"learning_rate": 0.01}, **dict(training)},
            **options,
        }
    )


def optimizer(name, **numbers):
    return {"optimizer": {"name": name, **numbers}}


#: data, recipe, jitter, devices to compare with one
CASES = {
    "everything": (
        "discs",
        recipe({"depth": 2, "dropout": 0.2, "deep_supervision": True}, loss={"name": "bce_dice"}),
        PLANE,
        2,
    ),
    "four": ("discs", recipe({"dropout": 0.2}), PLANE, 4),
    "clipped": (  # and normalised over the batch
        "discs",
        recipe(
            {"normalisation": "batch"},
            optimizer("sgd", learning_rate=0.5, clip_norm=0.1, weight_decay=0.01),
        ),
        None,
        2,
    ),
    "volumes": (
        "volumes",
        recipe(
            {"dropout": 0.2, "deep_supervision": True},
            {"batch": 2, "patch": [8, 16, 16], "steps_per_epoch": 2},
            loss={"name": "ce_dice"},
        ),
        SPACE,
        2,
    ),
    "thawed": (
        "pictures",
        recipe(
            {"kind": "classifier", "backbone": {"name": "Tiny", "weights": None,
             "frozen_epochs": 1, "thaw_factor": 0.5}, "dropout": 0.2},
            optimizer("sgd", learning_rate=0.1),
            loss={"name": "ce"},
        ),
        Jitter(flip_horizontal=0.5),
        2,
    ),
    "half": ("discs", recipe(training={"precision": "float16"}), None, 2),
}  # fmt: skip


def write(folder, data):
    """The archive and the folds: eight samples to train, two to validate."""
    rng, names = np.random.default_rng(7), [f"s{k:02d}" for k in range(10)]
    special, made = {}, {name: disc(rng, 32) for name in names}
    if data == "volumes":
        special = {"axes": "zyxc"}
        made = {
            n: (np.stack([i] * 10), np.stack([m] * 10)) for n, (i, m) in made.items()
        }  # fmt: skip
    if data == "pictures":
        special = {"task": "classification", "classes": ["red", "green"], "class_values": [5, 6]}
        made = {
            n: (np.repeat(i, 3, axis=2) // (1 + k % 2), np.uint8([5 + k % 2]))
            for k, (n, (i, _)) in enumerate(made.items())
        }
    with ArchiveWriter(folder / f"{data}.zarr.zip", {**ATTRIBUTES, **special}) as writer:
        for name, (image, label) in made.items():
            writer.add(name, {"image": image, "label": label}, {"source": name})
    roles = ["train"] * 8 + ["validation"] * 2
    rows = [Assignment(0, n, n, "", role) for n, role in zip(names, roles, strict=True)]
    write_folds(rows, folder / "folds.tsv")


def fit(folder, data, model, jitter, devices, to, *, stop_after=0):
    """Train on some devices; what it said."""
    if not (folder / f"{data}.zarr.zip").exists():
        write(folder, data)
    with listening(stop_after) as said, contextlib.suppress(Killed):
        train([folder / f"{data}.zarr.zip"], folder / "folds.tsv", 0, model, jitter, 3,
              to / "state", to / "model.keras", to / "history.csv",
              devices=devices)  # fmt: skip
    return said


def compare(one, several):
    """Largest differences of the figures of all epochs and of the weights."""
    rows = [list(csv.DictReader((f / "history.csv").open())) for f in (one, several)]
    figures = [[float(row[k]) for row in r for k in ("loss", "val_loss")] for r in rows]
    weights = [read_model(f / "model.keras").get_weights() for f in (one, several)]
    return {
        "figures": float(np.abs(np.subtract(*figures)).max()),
        "weights": max(float(np.abs(a - b).max()) for a, b in zip(*weights, strict=True)),
        "names_equal": len(weights[0]) == len(weights[1]),
        "epochs": len(rows[0]),
        "moved": float(np.ptp(figures[0])),
    }


def case(folder, name):
    data, model, jitter, devices = CASES[name]
    one, several = folder / name / "1", folder / name / str(devices)
    fit(folder, data, model, jitter, 1, one)
    said = fit(folder, data, model, jitter, devices, several)
    return {**compare(one, several), "said": said}


def resumed(folder):
    """One device, then two, then one again; against one all the time."""
    model, parts = recipe({"dropout": 0.2}), folder / "resumed"
    options = ("discs", model, PLANE)
    fit(folder, *options, 1, parts / "whole")
    said = fit(folder, *options, 1, parts / "mixed", stop_after=1)
    said += fit(folder, *options, 2, parts / "mixed", stop_after=2)
    said += fit(folder, *options, 1, parts / "mixed")
    return {**compare(parts / "whole", parts / "mixed"), "said": said}


def too_many(folder):
    """More devices than there are, of either kind, and a batch that cannot be shared."""
    errors = []
    with listening() as said:
        chosen = [session.choose_devices(n) for n in (0, 1, PARTS + 1)]
    find, session.find_gpu = session.find_gpu, lambda: ("A GPU", (9, 0))
    devices, session._devices = session._devices, lambda kind: (f"{kind}:0", f"{kind}:1")
    try:
        chosen += [session.choose_devices(n) for n in (0, 1, 2)]
        session.choose_devices(3)
    except SegbenchError as error:
        errors.append(str(error))
    finally:
        session.find_gpu, session._devices = find, devices
    try:
        fit(folder, "discs", recipe(), None, 3, folder / "three")
    except SegbenchError as error:
        errors.append(str(error))
    return {"chosen": chosen, "said": said, "errors": errors}


def random_numbers(_folder):
    """What two devices draw for their rows is what one draws, bit for bit."""
    from segbench.augmentation.draw import Draw
    from segbench.training.mirrored import Mirrored, RowsDropout

    replicas = Mirrored(tuple(d.name for d in tf.config.list_logical_devices("CPU"))[:2])
    with replicas.scope():
        layers = [
            RowsDropout(0.3, seed=0),
            RowsDropout(0.5, noise_shape=(None, 1, 1), seed=0),
            RowsDropout(0.0, seed=0),
        ]
        generator = keras.random.SeedGenerator(1)
    plain = [keras.layers.Dropout.from_config(layer.get_config()) for layer in layers]
    one = Draw(keras.random.SeedGenerator(1), [5, 6], 6)
    one.begin("knob")
    expected = [one.uniform(shape=(2,)), one.normal((3,)), one.chance(0.5)]
    values = np.random.default_rng(0).normal(size=(6, 4, 5)).astype(np.float32)
    expected += [layer(values, training=True) for layer in plain]

    @tf.function
    def several():
        def part():
            number = tf.distribute.get_replica_context().replica_id_in_sync_group
            draw = Draw(generator, [5, 6], 3, 2, number)
            draw.begin("knob")
            found = [draw.uniform(shape=(2,)), draw.normal((3,)), draw.chance(0.5)]
            rows = tf.slice(values, (number * 3, 0, 0), (3, 4, 5))
            return found + [layer(rows, training=True) for layer in layers]

        return replicas.strategy.run(part)

    def whole(value):
        return np.concatenate(
            [p.numpy() for p in replicas.strategy.experimental_local_results(value)]
        )

    return {
        "equal": [np.array_equal(a, whole(b)) for a, b in zip(expected, several(), strict=True)],
        "dropped": [float(np.mean(np.asarray(value) == 0)) for value in expected[3:]],
    }


OTHERS = {"resumed": resumed, "too_many": too_many, "random_numbers": random_numbers}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name in sys.argv[2:]:
        found = OTHERS[name](folder) if name in OTHERS else case(folder, name)
        (folder / f"{name}.json").write_text(json.dumps(found))
