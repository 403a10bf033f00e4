"""A stage's slice holds what it reads and nothing more."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from segbench.config.augmentation import Augmentation
from segbench.config.dataset import Dataset
from segbench.config.model import Model
from segbench.slices import (
    dataset_from,
    dataset_slice,
    inventory_slice,
    model_slice,
    parts,
    plain,
    source_slice,
)

BASE = {
    "title": "T",
    "format": "dsb2018",
    "task": "instances",
    "classes": [{"name": "nucleus", "value": 1}],
    "source": "generated",
    "generated": {"samples": 2},
    "folder": {"path": "data/x"},
    "download": {"url": "https://example.org/x.zip"},
    "licence": "CC0",
    "citation": "nobody",
    "protocols": {"p": {}},
}


def model(**changes):
    return Model.model_validate(changes)


@pytest.mark.parametrize(
    ("change", "stages"),
    [
        ({"training": {"optimizer": {"learning_rate": 0.5}}}, {"train"}),
        ({"training": {"epochs": 3}}, {"train"}),
        ({"loss": {"name": "focal"}}, {"train"}),
        ({"boundary_px": 3}, {"train"}),
        ({"network": {"width": 8}}, {"train", "predict"}),
        ({"training": {"patch": [64, 64]}}, {"train", "predict"}),
        ({"training": {"precision": "float32"}}, {"train", "predict"}),
        ({"prediction": {"flips": True}}, {"predict"}),
        ({"instances": {"threshold": 0.4}}, {"segment"}),
        ({"target": "foreground"}, {"train", "predict", "segment"}),
        ({"description": "words"}, set()),
    ],
    ids=lambda value: "-".join(sorted(value)),
)
def test_a_change_of_a_model_recipe_reaches_the_stages_that_read_it(change, stages):
    for stage in ("train", "predict", "segment"):
        differs = model_slice(model(**change), stage) != model_slice(model(), stage)
        assert differs == (stage in stages), stage


@pytest.mark.parametrize("stage", ["train", "predict", "segment"])
def test_a_slice_makes_a_recipe_that_agrees_where_the_stage_reads(stage):
    recipe = model(network={"width": 8}, target="foreground", instances={"method": "components"})
    again = Model.model_validate(model_slice(recipe, stage))
    assert model_slice(again, stage) == model_slice(recipe, stage)


def test_words_for_readers_are_in_no_slice():
    assert "description" not in plain(Augmentation(description="words"))
    assert plain(None) is None


def test_only_the_chosen_source_is_in_the_slice(tmp_path):
    made = source_slice(Dataset.model_validate(BASE), tmp_path)
    assert made["from"]["samples"] == 2
    assert "example.org" not in str(made)
    linked = source_slice(Dataset.model_validate({**BASE, "source": "folder"}), tmp_path)
    assert linked["from"] == {"path": str(tmp_path / "data/x")}
    absolute = {**BASE, "source": "folder", "folder": {"path": "/data/x"}}
    assert source_slice(Dataset.model_validate(absolute), Path("/p"))["from"] == {"path": "/data/x"}


def test_a_dataset_comes_back_from_its_slices(tmp_path):
    dataset = Dataset.model_validate(BASE)
    again = dataset_from(dataset_slice(dataset))
    assert (again.format, again.task, again.classes) == ("dsb2018", "instances", dataset.classes)
    made = dataset_from(source_slice(dataset, tmp_path))
    assert (made.source, made.generated) == ("generated", dataset.generated)


def test_what_is_ignored_reaches_the_stages(tmp_path):
    """Else the pixels would be refused as of no class."""
    dataset = Dataset.model_validate({**BASE, "format": "folder", "ignore": {"labels": [255]}})
    slices = (inventory_slice, dataset_slice, lambda one: source_slice(one, tmp_path))
    for sliced in slices:
        assert dataset_from(sliced(dataset)).ignore == dataset.ignore


def test_every_key_of_a_dataset_is_in_its_slice_or_known_not_to_be_read():
    apart = {
        "title", "licence", "citation", "source", "generated", "download", "folder", "shards",
        "protocols",
    }  # fmt: skip
    assert set(dataset_slice(Dataset.model_validate(BASE))) == set(Dataset.model_fields) - apart


def test_protocols_and_shards_are_not_read_before_the_folds():
    other = Dataset.model_validate({**BASE, "protocols": {"q": {}}, "shards": 9, "title": "U"})
    assert dataset_slice(other) == dataset_slice(Dataset.model_validate(BASE))


def test_parts_are_plain_data():
    assert parts(model(), ("target",)) == {"target": "classes"}


def test_a_part_may_be_cut_to_some_of_its_keys():
    found = parts(model(), ("training.patch", "training.precision", "boundary_px"))
    assert found == {"training": {"patch": None, "precision": "auto"}, "boundary_px": 2}


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(target="x"),
        lambda found: found["training"].pop("epochs"),
        lambda found: found["network"].__setitem__("width", 1),
        lambda found: found.clear(),
        lambda found: found.setdefault("new", 1),
        lambda found: found.__delitem__("loss"),
    ],
)
def test_a_shared_slice_cannot_be_changed(change):
    recipe = model(training={"patch": [8, 16]})
    before = copy.deepcopy(model_slice(recipe, "train"))
    with pytest.raises(TypeError, match="change a copy"):
        change(model_slice(recipe, "train"))
    assert model_slice(recipe, "train") == before
    assert before["training"]["patch"] == (8, 16), "lists are tuples"


def test_a_script_gets_plain_data_that_it_may_change():
    """Snakemake pickles the parameters of a job for its script."""
    found = pickle.loads(pickle.dumps(model_slice(model(), "train")))
    assert type(found) is dict
    assert type(found["training"]["optimizer"]) is dict
    found["training"]["epochs"] = 1
    assert json.dumps(found, sort_keys=True) != json.dumps(
        model_slice(model(), "train"), sort_keys=True
    )


def test_ten_thousand_jobs_share_a_few_slices(monkeypatch):
    """Plans ask for each job; what they get is made once, and is the same object."""
    dumps = []
    original = Model.model_dump
    monkeypatch.setattr(
        Model, "model_dump", lambda self, **more: dumps.append(1) or original(self, **more)
    )
    recipes = [model(network={"width": width}) for width in (4, 8)]
    found = {
        (n, stage): {id(model_slice(recipe, stage)) for _ in range(1000)}
        for n, recipe in enumerate(recipes)
        for stage in ("train", "predict", "segment")
    }
    assert all(len(ids) == 1 for ids in found.values())
    assert len(dumps) == 6, "two recipes, three stages"
    assert plain(recipes[0]) is plain(recipes[0])
    assert plain(recipes[0]) != plain(recipes[1])


def test_listing_the_raw_files_reads_no_spacing_and_no_regions():
    other = Dataset.model_validate({**BASE, "spacing_um": (0.5, 0.5)})
    assert inventory_slice(other) == inventory_slice(Dataset.model_validate(BASE))
    read = {"format", "task", "classes", "background", "ignore", "layout"}
    assert set(inventory_slice(other)) == read
    assert dataset_slice(other)["spacing_um"] == (0.5, 0.5)
