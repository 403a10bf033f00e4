"""Training for real, tiny: files, resuming, and the errors a user can cause."""

from __future__ import annotations

import csv
import json
import zipfile

import numpy as np
import pytest

from segbench.config.augmentation import Jitter
from segbench.config.model import Model, Training
from segbench.errors import SegbenchError
from segbench.models.losses import Loss
from segbench.models.networks.unet import UNet
from segbench.models.optimizers import Optimizer

keras = pytest.importorskip("keras")

from segbench.models.model_file import read_model  # noqa: E402 - needs Keras
from segbench.training import state as states  # noqa: E402
from segbench.training.loop import train  # noqa: E402
from segbench.training.step import Step  # noqa: E402
from unit.listening import listening  # noqa: E402

# Keras's own conversion of tensors to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def recipe(network=(), training=(), **options):
    """A network that trains in seconds."""
    return Model(
        network=UNet(**{"depth": 2, "width": 4, **dict(network)}),
        training=Training(
            **{
                "batch": 4,
                "epochs": 2,
                "precision": "float32",
                "optimizer": {"learning_rate": 0.01},
                **dict(training),
            }
        ),
        **options,
    )


@pytest.fixture
def eager(monkeypatch):
    """Do not trace: quicker for a few steps, the same figures."""
    compiled = Step.compile
    monkeypatch.setattr(
        Step, "compile", lambda self, **options: compiled(self, run_eagerly=True, **options)
    )


def fit(folder, data, model, *, jitter=None, said=None, seed=0):
    archive, folds = data
    with listening() as lines:
        train([archive], folds, 0, model, jitter, seed, folder / "state", folder / "model.keras",
              folder / "history.csv")  # fmt: skip
    if said is not None:
        said += lines
    with open(folder / "history.csv", newline="") as handle:
        return list(csv.DictReader(handle))


def test_learns_and_writes_what_it_says(tmp_path, discs):
    said = []
    model = recipe({"dropout": 0.1}, {"epochs": 12})
    jitter = Jitter(flip_horizontal=0.5, rotate90=0.5, noise_sd=0.05)
    history = fit(tmp_path, discs, model, jitter=jitter, said=said)
    assert [int(row["epoch"]) for row in history] == list(range(1, 13))
    assert float(history[-1]["loss"]) < float(history[0]["loss"])
    assert sum(int(row["chosen"]) for row in history) == 1
    chosen = next(row for row in history if row["chosen"] == "1")
    assert float(chosen["val_dice"]) == max(float(row["val_dice"]) for row in history) > 0.8
    assert "8 training and 2 validation samples" in said[0]
    assert said[1].startswith("epoch 1/12: loss ")
    assert len(said) == 13

    network = read_model(tmp_path / "model.keras")
    assert network(np.zeros((1, 36, 44, 1), np.float32)).shape == (1, 36, 44, 1)

    # The same again from its state: nothing is computed, the bytes are the same.
    first = [(tmp_path / name).read_bytes() for name in ("model.keras", "history.csv")]
    fit(tmp_path, discs, model, jitter=jitter, said=said)
    assert said[-1] == "resuming after epoch 12"
    assert first == [(tmp_path / name).read_bytes() for name in ("model.keras", "history.csv")]

    # A damaged state is computed anew, to the same bytes.
    path = states.state_file(tmp_path / "state")
    path.write_bytes(path.read_bytes()[:1000])
    said.clear()
    fit(tmp_path, discs, model, jitter=jitter, said=said)
    assert any("damaged" in line for line in said)
    assert first == [(tmp_path / name).read_bytes() for name in ("model.keras", "history.csv")]


@pytest.mark.usefixtures("eager")
def test_file_has_no_clock(tmp_path, discs):
    fit(tmp_path, discs, recipe(training={"epochs": 1}))
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        metadata = json.loads(archive.read("metadata.json"))
        assert metadata["date_saved"] == "1980-01-01@00:00:00"
        assert archive.testzip() is None
    assert not list(tmp_path.glob(".*"))


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("network", "training", "options"),
    [
        ({"deep_supervision": True, "depth": 3}, {"optimizer": {"name": "sgd"}}, {}),
        ({"normalisation": "batch"}, {"optimizer": {"name": "adadelta"}}, {}),
        ({}, {"optimizer": {"name": "adamw", "weight_decay": 0.1, "clip_norm": 1.0}},
         {"loss": Loss(name="focal")}),
        ({"normalisation": "none"}, {"precision": "bfloat16", "patch": (16, 20)}, {}),
        ({}, {"precision": "float16"}, {"loss": Loss(name="dice")}),
        ({}, {"best_epoch": "last", "steps_per_epoch": 1}, {"target": "foreground_boundary"}),
        ({}, {"batch": 16}, {"target": "foreground_distance"}),
    ],
)  # fmt: skip
def test_recipes_run(tmp_path, discs, network, training, options):
    history = fit(
        tmp_path,
        discs,
        recipe(network, {"epochs": 1, **training}, **options),
        jitter=Jitter(flip_vertical=0.5),
    )
    assert np.isfinite(float(history[0]["loss"]))
    assert np.isfinite(float(history[0]["val_loss"]))
    maps = 2 if "_" in options.get("target", "") else 1
    assert read_model(tmp_path / "model.keras").output_shape[-1] == maps


def test_exclusive_classes(tmp_path, write_archive, write_folds):
    rng = np.random.default_rng(0)
    label = np.kron(rng.integers(0, 3, (6, 4, 4)), np.ones((1, 4, 4))).astype(np.uint8)
    data = (
        write_archive(
            {f"s{k}": (label[k][..., None] * 80, label[k], f"s{k}") for k in range(6)},
            classes=["hat", "shoe"],
            class_values=[1, 2],
        ),
        write_folds({f"s{k}": "train" if k < 4 else "validation" for k in range(6)}),
    )
    network = {"normalisation": "none", "depth": 1, "width": 8}
    training = {"epochs": 30, "optimizer": {"learning_rate": 0.03}}
    history = fit(tmp_path, data, recipe(network, training, loss=Loss(name="ce_dice")))
    assert float(history[-1]["val_dice"]) > 0.9
    assert read_model(tmp_path / "model.keras").output_shape[-1] == 3


@pytest.mark.usefixtures("eager")
def test_no_validation_samples(tmp_path, write_archive, write_folds):
    image, label = np.zeros((16, 16, 1), np.uint8), np.zeros((16, 16), np.uint8)
    data = write_archive({"a": (image, label, "a")}), write_folds({"a": "train"})
    with pytest.raises(SegbenchError, match="no validation samples"):
        fit(tmp_path, data, recipe())
    history = fit(tmp_path, data, recipe(training={"best_epoch": "last", "epochs": 1}))
    assert history[0]["val_dice"] == ""


@pytest.mark.usefixtures("eager")
def test_a_loss_that_explodes_says_what_to_do(tmp_path, discs):
    model = recipe(
        {"normalisation": "none"},
        {"optimizer": Optimizer(name="sgd", learning_rate=1e30), "epochs": 5},
    )
    with pytest.raises(SegbenchError, match=r"the loss is (nan|inf)") as caught:
        fit(tmp_path, discs, model)
    assert "learning_rate" in caught.value.action
    assert not (tmp_path / "model.keras").exists()


def test_out_of_memory_says_what_to_do(tmp_path, discs, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("RESOURCE_EXHAUSTED: OOM when allocating tensor with shape[8,64]")

    monkeypatch.setattr(Step, "train_on_batch", fail)
    with pytest.raises(SegbenchError, match="out of memory with batches of 4"):
        fit(tmp_path, discs, recipe())


def test_other_errors_are_not_hidden(tmp_path, discs, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("something else")

    monkeypatch.setattr(Step, "train_on_batch", fail)
    with pytest.raises(RuntimeError, match="something else"):
        fit(tmp_path, discs, recipe())


@pytest.mark.usefixtures("eager")
def test_state_of_another_recipe_is_not_gone_on_from(tmp_path, discs):
    said = []
    fit(tmp_path, discs, recipe(training={"epochs": 1}))
    fit(tmp_path, discs, recipe(training={"epochs": 1, "batch": 2}), said=said)
    assert any("belongs to another training" in line for line in said)


@pytest.mark.usefixtures("eager")
def test_another_device_goes_on_and_says_so(tmp_path, discs, monkeypatch):
    said = []
    fit(tmp_path, discs, recipe(training={"epochs": 1}))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    fit(tmp_path, discs, recipe(training={"epochs": 1}), said=said)
    assert said[1] == "resuming after epoch 1"
    assert "now on CPU, 7 threads: the last bits may differ" in said[2]


@pytest.mark.usefixtures("eager")
def test_the_seed_matters(tmp_path, discs):
    results = [
        fit(tmp_path, discs, recipe(training={"epochs": 1}), seed=seed)[0]["loss"]
        for seed in (0, 1)
    ]
    assert results[0] != results[1]


@pytest.mark.usefixtures("eager")
def test_loading_in_another_precision(tmp_path, discs):
    fit(tmp_path, discs, recipe(training={"epochs": 1}))
    exact = read_model(tmp_path / "model.keras")
    quick = read_model(tmp_path / "model.keras", "mixed_bfloat16")
    assert quick.get_layer("bottom_conv0").compute_dtype == "bfloat16"
    assert quick.get_layer("head").compute_dtype == "float32"
    x = np.random.default_rng(0).random((1, 16, 16, 1), np.float32)
    np.testing.assert_allclose(exact(x), quick(x), atol=0.1)
    assert not np.array_equal(exact(x), quick(x))
