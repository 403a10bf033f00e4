"""What a job asked for and what it was given are read from where they stand."""

from __future__ import annotations

from segbench.provenance.allocation import asked_of, granted

JOB = "/slurm/uid_0/job_17/step_batch"


def put(root, path, text):
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_only_whole_numbers_that_were_asked_for_count():
    asked = asked_of({"mem_mb": 500, "runtime": 10, "gpu": "<TBD>", "gpu_mem_mb": True}, 2)
    assert asked == {"threads": 2, "mem_mb": 500, "runtime_min": 10}


def test_nothing_is_granted_without_a_scheduler(tmp_path):
    assert granted({}, tmp_path) is None
    put(tmp_path, "/proc/self/cgroup", "0::/user.slice\n")
    assert granted({}, tmp_path) is None


def test_the_environment_names_the_job(tmp_path):
    assert granted({"SLURM_JOB_ID": "4"}, tmp_path) == {"slurm_job": "4", "mem_mb": None}


def test_the_control_group_names_the_job_and_its_limit_in_version_1(tmp_path):
    put(tmp_path, "/proc/self/cgroup", f"4:memory:{JOB}/task_0\n1:cpu:/\n")
    limit = f"/sys/fs/cgroup/memory{JOB}/memory.limit_in_bytes"
    put(tmp_path, limit, str(2000 * 2**20))
    put(tmp_path, "/sys/fs/cgroup/memory/memory.limit_in_bytes", str(2**63 - 4096))
    assert granted({}, tmp_path) == {"slurm_job": "17", "mem_mb": 2000}


def test_the_narrowest_limit_above_counts_in_version_2(tmp_path):
    put(tmp_path, "/proc/self/cgroup", f"0::{JOB}/user/task_0\n")
    put(tmp_path, f"/sys/fs/cgroup{JOB}/user/task_0/memory.max", "max\n")
    put(tmp_path, "/sys/fs/cgroup/slurm/uid_0/job_17/memory.max", str(800 * 2**20))
    put(tmp_path, "/sys/fs/cgroup/slurm/memory.max", str(64000 * 2**20))
    assert granted({}, tmp_path) == {"slurm_job": "17", "mem_mb": 800}
