"""A training killed at random moments ends as one that was never killed, to the bit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segbench.files import sha256_of_file

pytest.importorskip("keras")

#: Dropout, every kind of jitter, Adam, a schedule, early stopping, bfloat16: all that has a state.
CHILD = """
import sys
from pathlib import Path
from segbench.config.augmentation import Jitter
from segbench.config.model import Model
from segbench.training.loop import train
from unit.listening import listening

archive, folds, folder = map(Path, sys.argv[1:])
recipe = Model.model_validate({
    "network": {"depth": 2, "width": 4, "dropout": 0.2, "normalisation": "batch"},
    "training": {
        "batch": 3, "epochs": 60, "patch": [24, 24], "precision": "bfloat16",
        "optimizer": {"name": "adam", "learning_rate": 0.01, "weight_decay": 0.001},
        "schedule": {"name": "cosine", "warmup_epochs": 3},
        "early_stopping": {"patience": 39, "min_delta": 1.0},
    },
})
jitter = Jitter(
    flip_horizontal=0.5, flip_vertical=0.5, rotate90=0.5, rotation_degrees=(-20, 20),
    shift_fraction=(-0.1, 0.1), scale=(0.8, 1.2), elastic_alpha_px=2.0, noise_sd=0.1,
    blur_px=3, brightness=0.1, contrast=(0.8, 1.2), gamma=(0.8, 1.2),
)
with listening(echo=True):
    train([archive], folds, 0, recipe, jitter, 5, folder / "state", folder / "model.keras",
          folder / "history.csv")
"""

#: `patience` + 1: the first epoch is never beaten by 1.
LAST_EPOCH = 40


def start(data: tuple[Path, Path], folder: Path) -> subprocess.Popen[str]:
    """Train in a process of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "OMP_NUM_THREADS": "2",
    }
    command = [sys.executable, "-c", CHILD, *map(str, data), str(folder)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )


def epochs_of(lines: list[str]) -> list[int]:
    """Numbers of the epochs that a log reports."""
    return [int(line.split()[1].split("/")[0]) for line in lines if line.startswith("epoch ")]


def run_until(process: subprocess.Popen[str], epoch: int | None, delay_s: float) -> list[str]:
    """Read the log; kill the process some time after an epoch is reported."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if epoch is not None and epochs_of(lines[-1:]) == [epoch]:
            time.sleep(delay_s)
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()
    return lines


def kill_at_once(data: tuple[Path, Path], folder: Path) -> None:
    """Kill the process before it has saved anything, while the first step is compiled."""
    process = start(data, folder)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (folder / "state" / "training-state.npz").exists()


def test_kills_change_nothing(tmp_path, discs):
    reference, interrupted = tmp_path / "whole", tmp_path / "killed"
    whole = start(discs, reference)
    kill_at_once(discs, interrupted)
    moments = random.Random(2018)
    reported, begun_at = [], []
    for epoch in (moments.randint(2, 8), moments.randint(12, 20), moments.randint(24, 34)):
        process = start(discs, interrupted)
        lines = run_until(process, epoch, moments.uniform(0.0, 0.15))
        assert process.returncode == -signal.SIGKILL
        assert not (interrupted / "model.keras").exists()
        begun_at.append(epochs_of(lines)[0])
        reported += epochs_of(lines)
    process = start(discs, interrupted)
    lines = run_until(process, None, 0)
    assert process.returncode == 0
    begun_at.append(epochs_of(lines)[0])
    reported += epochs_of(lines)

    uninterrupted = run_until(whole, None, 0)
    assert whole.returncode == 0
    assert epochs_of(uninterrupted) == list(range(1, LAST_EPOCH + 1))
    for name in ("model.keras", "history.csv"):
        assert sha256_of_file(interrupted / name) == sha256_of_file(reference / name), name

    # It did not start over: each kill costs less than the epoch at which it struck.
    assert begun_at[0] == 1
    assert begun_at[1] > 2
    assert begun_at[2] > 12
    assert begun_at[3] > 24
    assert len(reported) <= LAST_EPOCH + 3
    # An epoch may end between the last line that was read and the kill: it is kept, unread.
    assert set(reported) >= set(range(begun_at[3], LAST_EPOCH + 1))
