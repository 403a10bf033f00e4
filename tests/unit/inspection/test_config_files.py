"""The config as files."""

from __future__ import annotations

import json

import pytest
import yaml

from segbench.config.dataset import Dataset
from segbench.config.model import Model
from segbench.config.preprocessing import Preprocessing
from segbench.config.study import Study
from segbench.inspection.config_files import config_files, sheet_text
from segbench.inspection.proposal import Named, Proposal

CLASSES = (Named("a: b", 1, ("7",)), Named("no", 2))


@pytest.mark.parametrize("task", ["semantic", "overlapping", "instances", "classification"])
@pytest.mark.parametrize("size", [(64, 80), (9, 20, 24)])
def test_every_file_has_the_keys_that_the_config_knows(task, size):
    proposal = Proposal(task=task, why="x", classes=CLASSES, size=size, count=9, ignore=("255",))
    files = config_files(proposal, "own", "data/my cells")
    kinds = {"datasets": Dataset, "preprocessing": Preprocessing, "models": Model, "studies": Study}
    for kind, model in kinds.items():
        content = yaml.safe_load(files[f"config/{kind}/own.yaml"])
        model.model_validate_json(json.dumps(content))
    dataset = yaml.safe_load(files["config/datasets/own.yaml"])
    assert dataset["folder"] == {"path": "data/my cells"}
    assert dataset["classes"] == [
        {"name": "a: b", "value": 1, "labels": [7]}, {"name": "no", "value": 2}
    ]  # fmt: skip
    assert dataset["ignore"] == {"labels": [255]}
    assert dataset["protocols"]["cross-validation"]["folds"] == 4
    assert yaml.safe_load(files["config/own.yaml"])["studies"] == {"own": {}}


def test_a_test_set_waits_for_its_sheet():
    proposal = Proposal(classes=CLASSES, tested=True, count=9)
    text = config_files(proposal, "own", "x")["config/datasets/own.yaml"]
    assert list(yaml.safe_load(text)["protocols"]) == ["cross-validation"]
    assert "#   held-out:" in text
    there = Proposal(classes=CLASSES, tested=True, count=9, layout={"sheet": "sheet.csv"})
    files = config_files(there, "own", "x")
    assert list(yaml.safe_load(files["config/datasets/own.yaml"])["protocols"]) == [
        "held-out", "cross-validation",
    ]  # fmt: skip
    assert yaml.safe_load(files["config/studies/own.yaml"])["protocol"] == "held-out"


def test_the_sheet_has_the_columns_that_are_known():
    sheet = {"a": ("g", "train"), "b,c": ("h", "test")}
    assert sheet_text(Proposal(sheet=sheet, groups="x", tested=True)) == (
        'sample,group,split\na,g,train\n"b,c",h,test\n'
    )
    assert sheet_text(Proposal(sheet=sheet, groups="x")) == 'sample,group\na,g\n"b,c",h\n'
