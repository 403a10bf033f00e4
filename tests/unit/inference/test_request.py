from __future__ import annotations

import pytest

from segbench.config.dataset import Layout
from segbench.config.loader import load
from segbench.datasets.formats import FORMATS
from segbench.errors import SegbenchError
from segbench.inference.request import read_request

DATASET = """
title: Cells
format: dsb2018
task: instances
classes: [{name: cell, value: 1}]
source: generated
generated: {samples: 12}
licence: CC0
citation: nobody
protocols: {cv: {folds: 3}}
"""
STUDY = """
title: Which?
question: Which is better?
dataset: cells
protocol: cv
preprocessing: [small, native]
augmentation: [none]
models: [unet]
seeds: [0, 4]
metrics: [iou]
primary: iou
"""
FILES = {
    "config.yaml": "studies: {which: {}}",
    "datasets/cells.yaml": DATASET,
    "studies/which.yaml": STUDY,
    "preprocessing/small.yaml": "resize: {height: 64, width: 64}",
    "preprocessing/native.yaml": "normalise: percentile",
    "augmentation/none.yaml": "description: nothing",
    "models/unet.yaml": "{target: foreground, instances: {method: components, minimum_px: 9}}",
}


@pytest.fixture
def ask(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "New Slides").mkdir()

    def read(**keys):
        config = load(tmp_path / "config/config.yaml", keys, tmp_path, formats=FORMATS)
        return config, read_request(config, tmp_path)

    return read


def test_nothing_is_asked_for(ask):
    assert ask()[1] is None
    assert ask(images="New Slides")[1] is None, "that is to inspect"


@pytest.mark.parametrize("model", ["which/best", "which/BEST", "which/Best"])
def test_the_best_is_chosen_among_all_arms_by_the_table(ask, model):
    config, request = ask(images="New Slides", model=model)
    assert request.best
    assert request.study == "which"
    assert len(request.arms) == 4
    assert [request.folds(config, arm) for arm in request.arms] == [[0, 1, 2]] * 4
    assert request.name == "new-slides-which-best"
    assert request.images.name == "New Slides"


def test_an_arm_by_its_names(ask):
    config, request = ask(images="New Slides", model="which/native/none/unet/4", name="mine")
    assert not request.best
    (arm,) = request.arms
    assert (arm.preprocessing, arm.seed, arm.protocol) == ("native", 4, "cv")
    assert request.folds(config, arm) == [0, 1, 2]
    assert request.name == "mine"


def test_one_fold_of_an_arm(ask):
    config, request = ask(images="New Slides", model="which/small/none/unet/0/fold-2")
    assert request.folds(config, request.arms[0]) == [2]
    assert request.name == "new-slides-which-small-none-unet-0-fold-2"


def test_settings_hold_what_is_used_and_nothing_for_readers(ask):
    config, request = ask(
        images="New Slides", model="which/small/none/unet/0", spacing_um=[0.5, 0.25]
    )
    settings = request.settings(config)
    assert settings["labels"] == {"task": "instances", "classes": {"cell": 1}}
    assert settings["spacing_um"] == [0.5, 0.25]
    assert settings["choices"] == {"axes": None, "dataset": None, "level": 0}
    (arm,) = settings["arms"]
    assert arm["folds"] == [0, 1, 2]
    assert arm["names"]["model"] == "unet"
    assert arm["preprocessing"]["resize"] == {"height": 64, "width": 64}
    assert arm["recipe"]["instances"]["minimum_px"] == 9
    assert set(arm["recipe"]["training"]) == {"patch", "precision", "deterministic"}
    assert "description" not in arm["preprocessing"]


@pytest.mark.parametrize("asked", [{}, {"level": 0}, {"axes": "cyx", "dataset": "seg"}])
def test_new_images_are_opened_as_those_of_the_dataset_unless_the_request_says_so(ask, asked):
    config, request = ask(images="New Slides", model="which/small/none/unet/0", layout=asked)
    layout = Layout(axes="zcyx", dataset="raw", mask_dataset="label", level=1)
    config.datasets["cells"] = config.datasets["cells"].model_copy(update={"layout": layout})
    settings = request.settings(config)
    assert settings["choices"] == {"axes": "zcyx", "dataset": "raw", "level": 1, **asked}


@pytest.mark.parametrize(
    ("keys", "what", "action"),
    [
        ({"model": "which/best"}, "images= is not", "images=FOLDER"),
        ({"images": "Old", "model": "which/best"}, "there is no folder", "path"),
        ({"images": ".", "model": "which/best"}, "holds this project", "of their own"),
        ({"model": "wich/best"}, "no study 'wich'", "did you mean 'which'"),
        ({"model": "which"}, "not the name of a model", "which/best"),
        ({"model": "which/bst"}, "not the name of a model", "which/small/none/unet/0"),
        ({"model": "which/smal/none/unet/0"}, "no preprocessing 'smal'", "'small'"),
        ({"model": "which/small/none/unet/1"}, "no seed '1'", "one of them"),
        ({"model": "which/small/none/unet/0/fold-3"}, "no fold 'fold-3'", "fold-"),
        ({"model": "which/best", "name": "My Slides"}, "name=My Slides", "my-slides"),
        ({"model": "which/best", "name": "../x"}, "name=../x", "name=x"),
    ],
)
def test_what_people_get_wrong(ask, keys, what, action):
    keys = (
        keys if set(keys) & {"images"} or "images=" in action else {"images": "New Slides", **keys}
    )
    with pytest.raises(SegbenchError) as error:
        ask(**keys)
    assert what in error.value.what
    assert action in error.value.action
