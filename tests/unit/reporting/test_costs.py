from __future__ import annotations

import json
from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.reporting.costs import read_job, read_jobs, total_of, totals_by
from unit.reporting.builders import GPU, cost, write_costs


def write(path: Path, data: object) -> Path:
    path.write_text(json.dumps(data))
    return path


def test_a_job_with_a_gpu(tmp_path: Path):
    wildcards = {"fold": "1", "model": "unet", "dataset": "toy", "zoom": "3", "seed": "0"}
    job = read_job(write(tmp_path / "c.json", cost("train", gpu=GPU, wildcards=wildcards)))
    assert job.stage == "train"
    assert job.target == "toy · unet · seed 0 · fold 1 · zoom 3"
    assert (job.wall_s, job.cpu_s, job.peak_rss_mb, job.threads) == (12.5, 20.25, 700.0, 2)
    assert (job.gpu, job.gpu_memory_mb) == ("NVIDIA A100-SXM4-40GB", 9216.0)
    assert (job.energy_j, job.gpu_utilisation) == (720000.0, 0.87)
    assert not job.restored


def test_a_job_without_a_gpu_or_measurements(tmp_path: Path):
    job = read_job(write(tmp_path / "c.json", {"stage": "x", "gpu": None, "wall_s": float("nan")}))
    assert (job.gpu, job.gpu_memory_mb, job.wall_s, job.threads) == ("", None, None, None)
    assert job.host == ""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([1], "holds a list"),
        ({"wall_s": "long"}, "wall_s is 'long'"),
        ({"wall_s": True}, "wall_s is True"),
        ({"gpu": "A100"}, "gpu or wildcards"),
        ({"gpu": {"peak_memory_mb": "x"}}, "peak_memory_mb is 'x'"),
        ({"wildcards": [1]}, "gpu or wildcards"),
    ],
)
def test_bad_costs_are_refused(tmp_path: Path, data: object, says: str):
    path = write(tmp_path / "c.json", data)
    with pytest.raises(SegbenchError) as error:
        read_job(path)
    assert says in error.value.what
    assert str(path) in error.value.what


def test_damaged_cost_is_refused(tmp_path: Path):
    (tmp_path / "c.json").write_text('{"stage": ')
    with pytest.raises(SegbenchError, match="cannot be read"):
        read_job(tmp_path / "c.json")


def test_jobs_are_in_order_of_start_whatever_the_order_of_files(tmp_path: Path):
    paths = write_costs(tmp_path)
    stages = ["preprocess", "train", "predict", "score"]
    assert [job.stage for job in read_jobs(paths)] == stages
    assert read_jobs(paths) == read_jobs(reversed(paths))


def test_totals_count_the_work_of_computed_jobs_only(tmp_path: Path):
    jobs = read_jobs(write_costs(tmp_path))
    total = total_of("all", jobs)
    assert (total.computed, total.restored) == (3, 1)
    assert total.wall_s == 12.5 + 5025.0
    assert total.cpu_s == 20.25 + 9000.0
    assert total.peak_rss_mb == 6144.0
    assert total.gpu == "NVIDIA A100-SXM4-40GB"
    assert total.energy_j == 720000.0


def test_totals_by_host_and_of_nothing(tmp_path: Path):
    jobs = read_jobs(write_costs(tmp_path))
    hosts = totals_by(jobs, lambda job: job.host)
    assert [(h.name, h.computed, h.restored, h.wall_s) for h in hosts] == [
        ("node1", 2, 1, 12.5),
        ("gpu2", 1, 0, 5025.0),
    ]
    nothing = total_of("all", [])
    assert (nothing.computed, nothing.wall_s, nothing.peak_rss_mb) == (0, None, None)
