"""What jobs asked for is laid beside what they used, and judged."""

from __future__ import annotations

import csv
import json

import pytest

from segbench.reporting.costs import read_jobs
from segbench.reporting.resource_usage import AskedRow, asked_rows, write_asked

WILDCARDS = {"dataset": "toy", "model": "unet", "fold": "0"}


@pytest.fixture
def jobs(tmp_path):
    """Jobs of costs that differ from an ordinary one."""

    def make(*changes):
        paths = []
        for number, change in enumerate(changes):
            cost = {
                "stage": "train", "wildcards": WILDCARDS, "threads": 1, "status": "computed",
                "host": "h", "started": f"2026-11-21T10:00:{number:02}+00:00",
                "wall_s": 600.0, "cpu_s": 500.0, "peak_rss_mb": 1500.0, "gpu": None,
                "asked": {"mem_mb": 2400, "runtime_min": 20, "threads": 1, "gpu_mem_mb": 0},
                **change,
            }  # fmt: skip
            path = tmp_path / f"{number}.cost.json"
            path.write_text(json.dumps(cost))
            paths.append(path)
        return read_jobs(paths)

    return make


def test_the_most_of_each_counts(jobs):
    rows = asked_rows(
        jobs(
            {"peak_rss_mb": 1000.0},
            {"wall_s": 300.0, "asked": {"mem_mb": 3000, "runtime_min": 10}},
            {"status": "restored"},
        )
    )
    assert rows == [
        AskedRow("train", "toy", "unet", 3, 3000, 1500, 2.0, 20, 10, 2.0, None, None, "ok")
    ]


def test_rows_are_by_stage_dataset_and_model(jobs):
    rows = asked_rows(
        jobs(
            {"wildcards": {**WILDCARDS, "model": "wide"}},
            {"stage": "preprocess", "wildcards": {"dataset": "toy", "shard": "0"}},
            {"wildcards": {**WILDCARDS, "fold": "1"}},
            {},
        )
    )
    assert [(row.stage, row.dataset, row.model, row.jobs) for row in rows] == [
        ("preprocess", "toy", "", 1),
        ("train", "toy", "unet", 2),
        ("train", "toy", "wide", 1),
    ]


def test_jobs_from_before_asking_was_recorded_are_left_out(jobs):
    assert asked_rows(jobs({"asked": None}, {"asked": {"threads": 1}})) == []


def test_too_little_memory_is_named_with_what_to_do(jobs):
    (row,) = asked_rows(jobs({}, {"peak_rss_mb": 2500.0}))
    assert row.advice == (
        "too little memory: set-resources train:mem_mb=3300 fits all jobs of this rule"
    )
    assert row.mem_ratio == pytest.approx(0.96)


def test_one_job_that_had_too_little_is_not_hidden_by_another(jobs):
    """The most asked for may be of another job than the one that used more than it asked."""
    rows = asked_rows(jobs({"peak_rss_mb": 2500.0}, {"asked": {"mem_mb": 9000, "runtime_min": 20}}))
    assert rows[0].mem_ratio > 1
    assert rows[0].advice.startswith("too little memory")


def test_too_much_is_named_only_where_it_matters(jobs):
    lavish = {"asked": {"mem_mb": 16_000, "runtime_min": 20}}
    (row,) = asked_rows(jobs(lavish))
    assert row.advice == (
        "too much memory: set-resources train:mem_mb=2000 fits all jobs of this rule"
    )
    assert asked_rows(jobs(lavish, {}))[0].advice == "ok", "one of them needed no less"
    least = {"asked": {"mem_mb": 1000, "runtime_min": 10}, "peak_rss_mb": 100.0, "wall_s": 2.0}
    assert asked_rows(jobs(least))[0].advice == "ok", "the least that can be asked for"


def test_what_is_proposed_fits_the_other_jobs_of_the_rule(jobs):
    lavish = {"asked": {"mem_mb": 16_000, "runtime_min": 20}}
    other = {
        "wildcards": {**WILDCARDS, "dataset": "big"},
        "peak_rss_mb": 15_000.0,
        "asked": {"mem_mb": 20_000, "runtime_min": 20},
    }
    big, toy = asked_rows(jobs(lavish, other))
    assert big.advice == "ok"
    assert toy.advice == "too much memory", "no number fits both and is less"


def test_time_is_judged_too(jobs):
    (row,) = asked_rows(jobs({"wall_s": 1500.0, "asked": {"mem_mb": 1000, "runtime_min": 20}}))
    assert row.advice == (
        "too little memory: set-resources train:mem_mb=2000 fits all jobs of this rule; "
        "too little time: set-resources train:runtime=40 fits all jobs of this rule"
    )
    (row,) = asked_rows(jobs({"asked": {"mem_mb": 2400, "runtime_min": 600}}))
    assert row.advice.startswith("too much time: set-resources train:runtime=20 ")


def test_memory_of_a_gpu_stands_beside_what_was_predicted(jobs):
    gpu = {"name": "G", "peak_memory_mb": 5000.0, "utilisation": 0.9, "energy_j": 1.0}
    asked = {"mem_mb": 2400, "runtime_min": 20, "gpu_mem_mb": 6000, "gpu": 1}
    (row,) = asked_rows(jobs({"gpu": gpu, "asked": asked}))
    assert (row.asked_gpu_mem_mb, row.used_gpu_mem_mb) == (6000, 5000)


def test_what_was_not_measured_is_no_error(jobs):
    (row,) = asked_rows(jobs({"peak_rss_mb": None, "wall_s": None}))
    assert (row.used_mem_mb, row.mem_ratio, row.used_runtime_min) == (None, None, None)
    assert row.advice == "ok"


def test_the_rows_are_written_as_csv(jobs, tmp_path):
    path = tmp_path / "tables" / "resources.csv"
    write_asked(path, jobs({}, {"stage": "score", "peak_rss_mb": None}))
    with path.open(newline="") as handle:
        score, train = csv.DictReader(handle)
    assert score["stage"] == "score"
    assert score["used_mem_mb"] == ""
    assert train["mem_ratio"] == "1.6"
    assert train["advice"] == "ok"
    write_asked(path, [])
    assert path.read_text().startswith("stage,dataset,model,jobs,asked_mem_mb,")
