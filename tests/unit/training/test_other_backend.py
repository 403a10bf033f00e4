"""The same code on JAX. Skipped where JAX is not installed; it is not a dependency."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from segbench.files import sha256_of_file

pytest.importorskip("jax")

CHILD = """
import sys
from pathlib import Path
from segbench.config.augmentation import Jitter
from segbench.config.model import Model
from segbench.models.model_file import read_model
from segbench.training.loop import train
from unit.listening import Killed, listening

archive, folds, folder = map(Path, sys.argv[1:4])
recipe = Model.model_validate({
    "network": {"depth": 1, "width": 4, "dropout": 0.2, "deep_supervision": True},
    "training": {"batch": 4, "epochs": 6, "precision": "float32",
                 "optimizer": {"learning_rate": 0.01}},
})
jitter = Jitter(flip_horizontal=0.5, rotate90=0.5, rotation_degrees=(-9, 9), noise_sd=0.1)

with listening(int(sys.argv[4]), echo=True):
    try:
        train([archive], folds, 0, recipe, jitter, 5, folder / "state", folder / "model.keras",
              folder / "history.csv")
    except Killed:
        raise SystemExit(9) from None
import keras
assert keras.backend.backend() == "jax"
assert read_model(folder / "model.keras").output_shape == (None, None, None, 1)
"""


def child(data, folder, stop_after):
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-c", CHILD, *map(str, data), str(folder), str(stop_after)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_jax_trains_and_resumes_to_the_bit(tmp_path, discs):
    whole = child(discs, tmp_path / "whole", 0)
    assert whole.returncode == 0, whole.stderr
    assert child(discs, tmp_path / "parts", 3).returncode == 9
    rest = child(discs, tmp_path / "parts", 0)
    assert rest.returncode == 0, rest.stderr
    assert "resuming after epoch 3" in rest.stdout
    for name in ("model.keras", "history.csv"):
        one, other = (sha256_of_file(tmp_path / part / name) for part in ("whole", "parts"))
        assert one == other, name
