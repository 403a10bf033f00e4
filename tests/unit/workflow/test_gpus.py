"""GPUs: asked for where there is something to compute, and never twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.workflow import gpus
from segbench.workflow.code import Code
from segbench.workflow.gpus import GpuRequests, StoredWork, granted_gpus

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("shown", "count"),
    [("", 0), ("-1", 0), ("NoDevFiles", 0), ("0", 1), ("0,3", 2), ("GPU-a,GPU-b,GPU-a", 2)],
)
def test_a_job_sees_the_gpus_that_it_was_granted(shown, count):
    assert granted_gpus({"CUDA_VISIBLE_DEVICES": shown}) == count


@pytest.mark.parametrize(
    ("configured", "submitted", "granted", "training", "prediction"),
    [
        (None, False, None, 0, 0),
        (None, True, None, 1, 1),
        (4, True, None, 4, 1),
        (4, False, None, 4, 1),
        (0, True, None, 0, 0),
        (4, True, 0, 0, 0),
        (None, True, 2, 2, 1),
    ],
)
def test_gpus_of_a_rule(configured, submitted, granted, training, prediction):
    asked = GpuRequests.of_run(configured, submitted=submitted, granted=granted)
    assert (asked.of_rule("train"), asked.of_rule("predict")) == (training, prediction)


def test_a_job_that_is_only_restored_asks_for_none():
    asked = []

    def is_stored(rule, wildcards, inputs):
        asked.append((rule, wildcards, inputs))
        return wildcards["fold"] == "0"

    requests = GpuRequests.of_run(2, submitted=True, is_stored=is_stored)
    inputs = {"folds": "f.tsv", "archives": ("a", "b")}
    assert requests.of_job("train", {"fold": "0"}, inputs) == 0
    assert requests.of_job("train", {"fold": "1"}, inputs) == 2
    assert asked[0] == ("train", {"fold": "0"}, {"folds": ["f.tsv"], "archives": ["a", "b"]})


def test_inside_a_job_the_store_is_not_asked_again():
    def is_stored(rule, wildcards, inputs):
        raise AssertionError("the number of GPUs was decided when the job was submitted")

    requests = GpuRequests.of_run(2, submitted=True, granted=1, is_stored=is_stored)
    assert requests.of_job("train", {}, {}) == 1


def test_a_stored_job_is_looked_up_by_all_that_its_key_is_made_of(config, run, monkeypatch):
    seen = {}

    class FakeLookup:
        def __init__(self, store):
            pass

        def holds(self, script, inputs, params, wildcards):
            seen.update(script=script, inputs=inputs, params=params, wildcards=wildcards)
            return True

    monkeypatch.setattr(gpus, "Lookup", FakeLookup)
    code = Code(config, ROOT / "scripts")
    assert StoredWork(config, code)("predict", run, {"folds": ["f.tsv"]})
    assert seen["script"] == ROOT / "scripts/predict.py"
    assert seen["inputs"] == {"folds": ["f.tsv"]}
    assert sorted(seen["params"]) == ["code", "folds", "recipe"]
    assert seen["params"]["code"] == code.with_network("predict")(run)
    assert seen["wildcards"] == dict(run)


@given(st.none() | st.integers(0, 16), st.booleans(), st.none() | st.integers(0, 16), st.booleans())
def test_a_prediction_never_asks_for_more_than_one_gpu_and_never_for_more_than_a_training(
    configured, submitted, granted, stored
):
    requests = GpuRequests.of_run(
        configured, submitted=submitted, granted=granted, is_stored=lambda *_: stored
    )
    training, prediction = (requests.of_job(rule, {}, {}) for rule in ("train", "predict"))
    assert 0 <= prediction <= min(training, 1)
    if granted is not None:
        assert training == granted
    elif stored:
        assert training == 0
