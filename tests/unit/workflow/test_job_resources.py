"""What jobs ask for: predicted once for all jobs that share it, more at each attempt."""

from __future__ import annotations

import pytest

from segbench.resources import Needs
from segbench.workflow import job_resources
from segbench.workflow.job_resources import JobResources


@pytest.fixture
def asked(config, tmp_path, monkeypatch):
    """A predictor in a folder without results, which counts predictions of trainings."""
    monkeypatch.chdir(tmp_path)
    calls = []

    def training(recipe, data, jitter, *, gpus, threads):
        calls.append((recipe, data, jitter, gpus, threads))
        return Needs(1000 + gpus, 500 * gpus, 30, threads, 720)

    monkeypatch.setattr(job_resources, "training_needs", training)
    return calls


def test_runs_that_differ_in_seed_or_fold_are_predicted_once(config, asked, run):
    jobs = JobResources(config, lambda rule: 2)
    first = jobs.needs("train", run, 1, 1)
    assert first == Needs(1002, 1000, 30, 1, 720)
    assert jobs.needs("train", {**dict(run), "seed": "0", "fold": "1"}, 1, 1) == first
    (call,) = asked
    assert call[0] is config.models["nuclei-plain-miniature"]
    assert call[2] is config.augmentation["jitter-nuclei"].jitter
    assert call[3:] == (2, 1)
    jobs.needs("train", run, 1, 4)
    assert len(asked) == 2


def test_each_resource_is_one_figure_and_grows_with_the_attempt(config, asked, run):
    jobs = JobResources(config, lambda rule: 1)
    assert jobs.memory("train")(run, 1, 1) == 1001
    assert jobs.memory("train")(run, 2, 1) == 2002
    assert jobs.minutes("train")(run, 3, 1) == 90
    assert jobs.gpu_memory("train")(run, 2, 1) == 500
    assert jobs.seconds("train")(run, 3, 1) == 720, "no more is expected of a retry"


def test_an_ensemble_loads_the_networks_of_all_folds(config, asked, run, monkeypatch):
    networks = []
    monkeypatch.setattr(
        job_resources,
        "predict_needs",
        lambda recipe, data, **options: networks.append(options) or Needs(1, 0, 1),
    )
    jobs = JobResources(config, lambda rule: 1)
    jobs.needs("predict", run, 1, 2)
    jobs.needs("predict", {**dict(run), "fold": "ensemble"}, 1, 2)
    assert networks == [
        {"networks": 1, "gpus": 1, "threads": 2},
        {"networks": 2, "gpus": 1, "threads": 2},
    ]


def test_a_rule_without_a_network_needs_no_gpu_and_no_arm(config, asked):
    def gpus_of(rule):
        raise AssertionError(rule)

    needs = JobResources(config, gpus_of).needs("truth", {"dataset": "dsb2018"}, 1, 1)
    assert needs.gpu_mem_mb == 0
    assert needs.mem_mb >= 500


def test_the_description_of_objects_grows_with_their_table(config, asked, run, tmp_path):
    jobs = JobResources(config, lambda rule: 0)
    before = jobs.needs("describe", run, 1, 1)
    table = tmp_path / (
        "results/dsb2018/prep-nuclei-native/aug-jitter-nuclei/nuclei-plain-miniature/seed-1/"
        "cross-validation/fold-0/objects.parquet"
    )
    table.parent.mkdir(parents=True)
    table.write_bytes(bytes(20_000_000))
    after = jobs.needs("describe", run, 1, 1)
    assert after.mem_mb > before.mem_mb + 3000, "200 bytes for each byte of the table"
    assert after.runtime_min > before.runtime_min


@pytest.mark.parametrize("rule", ["truth", "preprocess", "segment", "score", "measure"])
@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_each_attempt_asks_for_once_more_the_memory(config, asked, run, rule, attempt):
    jobs = JobResources(config, lambda rule: 0)
    first = jobs.memory(rule)(run, 1, 1)
    assert jobs.memory(rule)(run, attempt, 1) == attempt * first
    assert jobs.gpu_memory(rule)(run, attempt, 1) == 0
    assert jobs.minutes(rule)(run, attempt, 1) >= jobs.minutes(rule)(run, 1, 1)


def test_recipes_that_a_rule_does_not_have_are_those_of_the_datasets_first_arm(config, asked):
    jobs = JobResources(config, lambda rule: 1)
    names = {"dataset": "kidney_nuclei"}
    jobs.needs("train", names, 1, 1)
    jobs.needs("train", {**names, "augmentation": "amplified-113"}, 1, 1)
    plain, amplified = (data.training for _, data, *_ in asked)
    assert amplified == 113 * plain
