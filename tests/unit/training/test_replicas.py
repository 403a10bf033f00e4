"""One training on several devices is the training on one, up to the order of sums."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.training.choice import check_devices
from segbench.training.loop import train

CHILD = Path(__file__).with_name("replicas_child.py")


def run(folder, backend, *cases):
    """The child's findings by case."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, str(CHILD), str(folder), *cases]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return {case: json.loads((folder / f"{case}.json").read_text()) for case in cases}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """All cases on TensorFlow, in two processes: each keeps to one number of devices."""
    folder = tmp_path_factory.mktemp("replicas")
    two = run(
        folder, "tensorflow", "everything", "clipped", "volumes", "thawed", "half", "resumed",
        "too_many", "random_numbers",
    )  # fmt: skip
    return two | run(folder, "tensorflow", "four")


#: Largest difference of a loss and of a weight. Adam divides a weight's gradient by its own
#: size, so where that is near 0 the order of a sum decides; SGD shows how near they are.
BOUNDS = {
    "everything": (2e-6, 2e-3),
    "four": (2e-6, 2e-3),
    "clipped": (1e-4, 1e-4),
    "volumes": (2e-6, 2e-3),
    "thawed": (1e-4, 1e-4),
    "half": (5e-3, 1e-1),
    "resumed": (2e-6, 2e-3),
}


@pytest.mark.parametrize("case", BOUNDS)
def test_several_devices_take_the_steps_of_one(found, case):
    result, (figures, weights) = found[case], BOUNDS[case]
    assert result["epochs"] == 3 and result["names_equal"]
    assert result["moved"] > 20 * figures  # there was something to differ in
    assert result["figures"] < figures
    assert result["weights"] < weights


def test_log_says_how_many_devices(found):
    assert found["four"]["said"][0].endswith("float32 on 4 x CPU, 1 threads")
    assert "training the backbone from epoch 2 on" in found["thawed"]["said"]


def test_a_training_goes_on_with_the_devices_it_finds(found):
    said = found["resumed"]["said"]
    one, two = "CPU, 1 threads", "2 x CPU, 1 threads"
    assert [line for line in said if line.startswith(("resuming", "started"))] == [
        "resuming after epoch 1",
        f"started on {one}, now on {two}: the last bits may differ",
        "resuming after epoch 2",
        f"started on {two}, now on {one}: the last bits may differ",
    ]
    assert [line.split(":")[0] for line in said if line.startswith("epoch")] == [
        "epoch 1/3",
        "epoch 2/3",
        "epoch 3/3",
    ]


def test_random_numbers_are_those_of_the_whole_batch(found):
    result = found["random_numbers"]
    assert result["equal"] == [True] * 6
    some, blocks, none = result["dropped"]
    assert 0.2 < some < 0.4
    assert blocks * 6 == pytest.approx(round(blocks * 6))  # whole samples
    assert none == 0


def test_devices_that_are_not_there(found):
    result = found["too_many"]
    assert result["chosen"] == [[], [], [], [], [], ["GPU:0", "GPU:1"]]
    assert result["said"] == [
        "asked for 1 GPU, TensorFlow sees none: training on the CPU",
        "asked for 5 GPUs, TensorFlow sees none: training on the CPU",
    ]
    missing, uneven = result["errors"]
    assert "gpu: 3, but only 2 can be used here" in missing
    assert "training.batch is 4, which 3 devices (gpu: 3) cannot share" in uneven
    assert "set gpu to one of 1, 2, 4, or training.batch to a multiple of 3" in uneven


@pytest.mark.parametrize(("batch", "devices"), [(4, 0), (4, 1), (4, 2), (4, 4), (5, 5), (1, 1)])
def test_batches_that_devices_can_share(batch, devices):
    check_devices(batch, devices)


@pytest.mark.parametrize(("batch", "devices"), [(4, 3), (4, 8), (5, 2), (1, 2)])
def test_batches_that_devices_cannot_share_are_refused_before_anything_is_read(
    tmp_path, batch, devices
):
    recipe = Model.model_validate({"training": {"batch": batch}})
    gone = tmp_path / "gone"
    with pytest.raises(SegbenchError, match=rf"training\.batch is {batch}, .*gpu: {devices}"):
        train([gone], gone, 0, recipe, None, 0, gone, gone, gone, devices=devices)


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_the_same_on_jax(tmp_path):
    cases = ("everything", "clipped", "resumed")
    for case, result in run(tmp_path, "jax", *cases).items():
        assert result["figures"] < 1e-5, case
        assert result["weights"] < 2e-3, case
