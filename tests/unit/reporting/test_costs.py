from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.reporting.costs import Job, read_job, read_jobs, total_of, totals_by
from unit.reporting.builders import GPU, cost, write_costs

JOB = Job(
    stage="train", target="", wall_s=1.0, cpu_s=None, peak_rss_mb=None, threads=1, gpu="",
    gpu_memory_mb=None, gpu_utilisation=None, energy_j=None, images_per_s=None, restored=False,
    host="a", started="",
)  # fmt: skip


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


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.booleans()), max_size=20))
def test_totals_by_a_key_add_up(cases):
    jobs = [
        dataclasses.replace(JOB, host=host, wall_s=float(wall), restored=restored)
        for host, wall, restored in cases
    ]
    parts, whole = totals_by(jobs, lambda job: job.host), total_of("all", jobs)
    assert [part.name for part in parts] == list(dict.fromkeys(host for host, _, _ in cases))
    assert sum(part.computed for part in parts) == whole.computed
    assert sum(part.restored for part in parts) == whole.restored
    assert sum(part.wall_s or 0 for part in parts) == (whole.wall_s or 0)
    assert whole.computed + whole.restored == len(jobs)


def test_what_a_job_asked_for_is_read(tmp_path: Path):
    asked = {"mem_mb": 4096, "runtime_min": 30, "gpu_mem_mb": 0}
    job = read_job(write(tmp_path / "c.json", cost("train", asked=asked)))
    assert (job.asked_mem_mb, job.asked_runtime_min, job.asked_gpu_mem_mb) == (4096, 30, 0)
    assert (job.dataset, job.model) == ("toy", "")


def test_the_host_and_time_of_a_job_are_kept(tmp_path: Path):
    job = read_job(write(tmp_path / "c.json", cost("score", status="restored")))
    assert (job.host, job.started) == ("node1", "2026-11-21T10:00:00+00:00")
    assert job.restored
    assert job.images_per_s == 41.5
