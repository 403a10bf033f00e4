"""Training for real, tiny: volumes, classifiers, backbones that are frozen first."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from segbench.config.augmentation import Jitter
from segbench.config.model import MEMORY_BYTES, Model
from segbench.errors import SegbenchError
from segbench.files import sha256_of_file

keras = pytest.importorskip("keras")

from segbench.models.model_file import read_model  # noqa: E402
from segbench.training import state as states  # noqa: E402
from segbench.training.loop import train  # noqa: E402
from segbench.training.step import Step  # noqa: E402
from unit.listening import Killed, listening  # noqa: E402
from unit.models import tiny  # noqa: E402 - needs Keras

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    """A network as those of keras.applications, but built at once."""
    monkeypatch.setattr(keras.applications, "Tiny", tiny.Tiny, raising=False)


@pytest.fixture
def eager(monkeypatch):
    """Do not trace: quicker for a few steps, the same figures."""
    compiled = Step.compile
    monkeypatch.setattr(
        Step, "compile", lambda self, **options: compiled(self, run_eagerly=True, **options)
    )


def fit(folder, data, recipe, *, jitter=None, said=None, stop_after=None, memory=MEMORY_BYTES):
    """Train; optionally die when an epoch is reported."""
    with listening(stop_after) as lines:
        try:
            train([data[0]], data[1], 0, recipe, jitter, 3, folder / "state",
                  folder / "model.keras", folder / "history.csv", memory)  # fmt: skip
        finally:
            if said is not None:
                said += lines
    with open(folder / "history.csv", newline="") as handle:
        return list(csv.DictReader(handle))


def digests(folder):
    return [sha256_of_file(folder / name) for name in ("model.keras", "history.csv")]


def same_when_killed(folder, data, recipe, epochs, **options):
    """Train once as a whole and once with kills after some epochs."""
    whole, parts, said = folder / "whole", folder / "parts", []
    fit(whole, data, recipe, **options)
    for epoch in epochs:
        with pytest.raises(Killed):
            fit(parts, data, recipe, stop_after=epoch, said=said, **options)
    fit(parts, data, recipe, said=said, **options)
    assert [f"resuming after epoch {epoch}" in said for epoch in epochs] == [True] * len(epochs)
    assert digests(whole) == digests(parts)
    return said


# --- volumes


@pytest.fixture
def volumes(write_archive, write_folds):
    """Bright boxes in noise, two modalities, two nested regions."""
    rng = np.random.default_rng(0)
    made = {}
    for number in range(5):
        label = np.zeros((16, 20, 24, 2), np.uint8)
        z, y, x = rng.integers(2, 8, 3)
        label[z : z + 8, y : y + 9, x : x + 10, 0] = 1
        label[z + 2 : z + 6, y + 2 : y + 6, x + 2 : x + 6, 1] = 1
        image = label * 120 + rng.integers(0, 60, label.shape)
        made[f"v{number}"] = (image.astype(np.uint8), label, f"v{number}")
    roles = {f"v{k}": "train" if k < 4 else "validation" for k in range(5)}
    return (
        write_archive(made, axes="zyxc", task="overlapping", classes=["WT", "ET"],
                      class_values=[1, 2]),
        write_folds(roles),
    )  # fmt: skip


VOLUMES = Model.model_validate(
    {
        "network": {"depth": 2, "width": 4, "deep_supervision": True, "dropout": 0.1},
        "loss": {"name": "bce_dice"},
        "training": {
            "batch": 2,
            "epochs": 4,
            "patch": [8, 16, 16],
            "steps_per_epoch": 6,
            "precision": "float32",
            "sampling": {"by": "classes", "share": 0.5},
            "optimizer": {"learning_rate": 0.02},
        },
    }
)
TURNS = Jitter(flip_horizontal=0.5, flip_vertical=0.5, rotate90=0.5, noise_sd=0.05)


def test_volumes_are_learnt_and_resumed_to_the_bit(tmp_path, volumes):
    said = same_when_killed(tmp_path, volumes, VOLUMES, (2,), jitter=TURNS)
    assert "windows of 8 x 16 x 16" in said[0]
    with open(tmp_path / "whole/history.csv", newline="") as handle:
        history = list(csv.DictReader(handle))
    assert float(history[-1]["val_dice"]) > 0.4
    model = read_model(tmp_path / "whole/model.keras")
    assert model(np.zeros((1, 4, 8, 12, 2), np.float32)).shape == (1, 4, 8, 12, 2)


@pytest.mark.usefixtures("eager")
def test_volumes_read_in_parts_are_the_same_training(tmp_path, volumes):
    training = VOLUMES.training.model_copy(update={"epochs": 1, "steps_per_epoch": 2})
    recipe = VOLUMES.model_copy(update={"training": training})
    for name, memory in (("held", MEMORY_BYTES), ("read", 1000)):
        fit(tmp_path / name, volumes, recipe, jitter=TURNS, memory=memory)
    assert digests(tmp_path / "read") == digests(tmp_path / "held")


@pytest.mark.usefixtures("eager")
def test_knobs_that_volumes_do_not_have(tmp_path, volumes):
    with pytest.raises(SegbenchError, match=r"jitter\.scale on volumes"):
        fit(tmp_path, volumes, VOLUMES, jitter=Jitter(scale=(0.9, 1.1)))


# --- classifiers


@pytest.fixture
def pictures(write_archive, write_folds):
    """Red or green pictures; twice as many of the one."""
    rng = np.random.default_rng(1)
    made = {}
    for number in range(18):
        kind = int(number % 3 == 0)
        image = rng.integers(0, 90, (40, 36, 3))
        image[..., kind] += 120
        made[f"p{number:02d}"] = (image.astype(np.uint8), np.uint8([5 + kind]), f"p{number:02d}")
    roles = {name: "train" if int(name[1:]) < 12 else "validation" for name in made}
    archive = write_archive(
        made, task="classification", classes=["red", "green"], class_values=[5, 6]
    )
    return archive, write_folds(roles)


def classifier(**training):
    return Model.model_validate(
        {
            "network": {"kind": "classifier", "backbone": {"name": "Tiny"}, "dropout": 0.2},
            "loss": {"name": "ce", "class_weights": "inverse", "label_smoothing": 0.05},
            "training": {
                "batch": 4,
                "epochs": 5,
                "precision": "float32",
                "best_epoch": "val_accuracy",
                "optimizer": {"learning_rate": 0.02},
                **training,
            },
        }
    )


@pytest.mark.usefixtures("eager")
def test_a_classifier_learns_and_is_resumed_to_the_bit(tmp_path, pictures):
    jitter = Jitter(flip_horizontal=0.5, rotation_degrees=(-10, 10), brightness=0.1)
    said = same_when_killed(tmp_path, pictures, classifier(), (3,), jitter=jitter)
    assert "12 training and 6 validation samples, windows of 40 x 36" in said[0]
    assert "factors red 0.75, green 1.5" in said[0]
    header, *rows = (tmp_path / "whole/history.csv").read_text().splitlines()
    assert header == "epoch,learning_rate,loss,val_loss,val_accuracy,chosen"
    best = max(float(row.split(",")[4]) for row in rows)
    assert best > 0.8  # 2 of 3 are red
    assert [float(row.split(",")[4]) for row in rows if row.endswith(",1")] == [best]
    model = read_model(tmp_path / "whole/model.keras")
    assert model(np.zeros((2, 40, 36, 3), np.float32)).shape == (2, 2)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("loss", ["ce", "bce", "focal", "focal_dice", "tversky"])
def test_losses_of_classifiers(tmp_path, pictures, loss):
    recipe = classifier(epochs=1, sampling={"by": "classes", "share": 1.0})
    recipe = recipe.model_copy(update={"loss": recipe.loss.model_copy(update={"name": loss})})
    history = fit(tmp_path, pictures, recipe)
    assert np.isfinite(float(history[0]["val_loss"]))


# --- backbones


def on_backbone(path=None, epochs=4, **backbone):
    if path is not None:
        backbone |= {"weights": str(path), "sha256": sha256_of_file(path)}
    return Model.model_validate(
        {
            "network": {
                "backbone": {"name": "Tiny", **backbone},
                "width": 1,
                "width_growth": "constant",
                "normalisation": "none",
                "dropout": 0.1,
            },
            "training": {
                "batch": 8,
                "epochs": epochs,
                "precision": "float32",
                "best_epoch": "last",
                "optimizer": {"name": "adamw", "learning_rate": 0.01, "weight_decay": 0.1},
            },
        }
    )


@pytest.fixture
def pretrained(tmp_path):
    path = tmp_path / "pretrained.weights.h5"
    tiny.Tiny(False, None, (None, None, 3)).save_weights(path)
    return path


def test_a_training_killed_before_thawing_is_resumed_to_the_bit(tmp_path, discs, pretrained):
    recipe = on_backbone(pretrained, epochs=2, frozen_epochs=1)
    same_when_killed(tmp_path, discs, recipe, (1,))


@pytest.mark.usefixtures("eager")
def test_frozen_then_thawed_and_resumed_to_the_bit_in_either_phase(tmp_path, discs, pretrained):
    """Kills while frozen, just before thawing, and after."""
    recipe = on_backbone(pretrained, frozen_epochs=2, thaw_factor=0.1)
    said = same_when_killed(tmp_path, discs, recipe, (1, 2, 3))
    assert "training the backbone from epoch 3 on" in said
    with open(tmp_path / "whole/history.csv", newline="") as handle:
        rates = [float(row["learning_rate"]) for row in csv.DictReader(handle)]
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.001])


def backbone_weights(folder):
    return read_model(folder / "model.keras").get_layer("backbone").get_weights()


@pytest.mark.usefixtures("eager")
def test_what_is_frozen_stays_to_the_bit_and_what_is_thawed_moves(tmp_path, discs, pretrained):
    """Also weight decay and moving averages, which need no gradient."""
    begun = tiny.Tiny(False, None, (None, None, 3))
    begun.load_weights(pretrained)
    for frozen, moves in ((2, False), (1, True)):
        folder = tmp_path / str(frozen)
        fit(folder, discs, on_backbone(pretrained, epochs=2, frozen_epochs=frozen))
        same = [
            np.array_equal(one, other)
            for one, other in zip(backbone_weights(folder), begun.get_weights(), strict=True)
        ]
        # A bias before a normalisation has no gradient, and begins at 0.
        assert np.mean(same) < 0.5 if moves else all(same)


@pytest.mark.usefixtures("eager")
def test_a_resumed_training_does_not_need_the_file(tmp_path, discs, pretrained):
    recipe = on_backbone(pretrained, epochs=2)
    with pytest.raises(Killed):
        fit(tmp_path, discs, recipe, stop_after=1)
    pretrained.unlink()
    fit(tmp_path, discs, recipe)
    with pytest.raises(SegbenchError, match="does not exist"):
        fit(tmp_path / "anew", discs, recipe)


@pytest.mark.usefixtures("eager")
def test_a_frozen_state_holds_what_its_optimizer_moves(tmp_path, discs, pretrained):
    recipe = on_backbone(pretrained, epochs=2, frozen_epochs=1)
    sizes = []
    for epoch in (1, 2):
        with pytest.raises(Killed):
            fit(tmp_path, discs, recipe, stop_after=epoch)
        with np.load(states.state_file(tmp_path / "state")) as arrays:
            sizes.append(sum(name.startswith("optimizer") for name in arrays))
    assert sizes[1] > sizes[0]
