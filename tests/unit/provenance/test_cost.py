"""What a job cost is measured, and a GPU is asked where there is one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segbench.provenance import cost
from segbench.provenance.cost import GpuSampler, Meter, parse_gpu_rows, write_cost

ROOT = Path(__file__).resolve().parents[3]


def test_cpu_and_wall_time_are_those_of_the_job():
    meter = Meter("train", {"fold": "0"}, 1)
    begin = time.process_time()
    while time.process_time() - begin < 0.2:
        pass
    time.sleep(0.1)
    spent = meter.read("computed", images=30)
    assert 0.15 <= spent["cpu_s"] <= 5
    assert spent["wall_s"] >= 0.3
    assert spent["images_per_s"] == pytest.approx(30 / spent["wall_s"], rel=0.05)


def test_memory_is_the_peak_in_megabytes():
    block = bytearray(200_000_000)
    peak = Meter("s", {}, 1).read("computed")["peak_rss_mb"]
    assert len(block) / 1e6 <= peak < 20_000


def test_without_images_there_is_no_rate():
    assert Meter("s", {}, 1).read("restored")["images_per_s"] is None


@pytest.mark.parametrize("devices", ["", "-1"])
def test_no_gpu_is_asked_where_none_is_visible(monkeypatch, devices):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", devices)
    monkeypatch.setattr(cost.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    assert Meter("s", {}, 1).read("computed")["gpu"] is None


def fake_smi(folder, monkeypatch, script):
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_gpu_is_sampled(tmp_path, monkeypatch):
    fake_smi(
        tmp_path,
        monkeypatch,
        'echo "$@" >> ' + str(tmp_path / "asked") + '; echo "NVIDIA Test, 2048, 50, 100.0"',
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,4")
    sampler = GpuSampler(interval_s=0.05)
    time.sleep(0.4)
    found = sampler.stop()
    assert found["name"] == "NVIDIA Test"
    assert found["devices"] == 1
    assert found["peak_memory_mb"] == 2048
    assert found["utilisation"] == 0.5
    assert found["energy_j"] >= 100.0 * 0.05
    assert "peak_memory_by_device_mb" not in found
    assert "--id=3,4" in (tmp_path / "asked").read_text()


def test_all_gpus_of_a_job_are_sampled(tmp_path, monkeypatch):
    fake_smi(
        tmp_path, monkeypatch, 'echo "NVIDIA A, 1000, 40, 100.0"; echo "NVIDIA A, 3000, 60, 50.0"'
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    sampler = GpuSampler(interval_s=0.05)
    time.sleep(0.4)
    found = sampler.stop()
    assert found["devices"] == 2
    assert found["peak_memory_mb"] == 3000, "of the fullest device: each has its own memory"
    assert found["peak_memory_by_device_mb"] == [1000, 3000]
    assert found["utilisation"] == 0.5
    samples = found["energy_j"] / (150.0 * 0.05)
    assert samples == pytest.approx(round(samples)), "the energy is that of both"
    assert samples >= 1


def test_once_a_job_has_claimed_its_gpu_only_that_one_counts(tmp_path, monkeypatch):
    fake_smi(
        tmp_path,
        monkeypatch,
        'case "$*" in *--id=1*) echo "NVIDIA A, 700, 90, 10.0";; '
        '*) echo "NVIDIA A, 9000, 0, 5.0"; echo "NVIDIA A, 8000, 0, 5.0";; esac',
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    sampler = GpuSampler(interval_s=0.05)
    time.sleep(0.4)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    time.sleep(0.6)
    found = sampler.stop()
    assert (found["devices"], found["peak_memory_mb"], found["utilisation"]) == (1, 700, 0.9)


def test_the_peak_is_of_this_program_and_not_of_the_one_that_started_it():
    measure = "from segbench.provenance.cost import Meter; "
    measure += "print(Meter('s', {}, 1).read('computed')['peak_rss_mb'])"
    start = f"""
import os, sys
block = bytearray(300_000_000)
os.execv(sys.executable, [sys.executable, "-c", {measure!r}])
"""
    scripts = str(ROOT / "scripts")
    done = subprocess.run(
        [sys.executable, "-c", start],
        env={**os.environ, "PYTHONPATH": scripts},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) < 200


def test_what_was_asked_for_is_in_the_cost():
    class Resources:
        mem_mb, runtime, gpu, tmpdir = 2000, 30, 1, "/tmp"

    spent = Meter("train", {}, 4, Resources()).read("computed")
    assert spent["asked"] == {"threads": 4, "mem_mb": 2000, "runtime_min": 30, "gpu": 1}
    assert Meter("train", {}, 4).read("computed")["asked"] is None


def test_a_gpu_that_does_not_answer_is_no_gpu(tmp_path, monkeypatch):
    fake_smi(tmp_path, monkeypatch, "echo No devices were found; exit 6")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    sampler = GpuSampler(interval_s=0.05)
    time.sleep(0.15)
    assert sampler.stop() is None


def test_rows_of_several_gpus_and_of_none():
    text = "A, 1, 2, 3\nB, 4, 5, 6.5\nC, [N/A], 5, 6\n\n"
    assert parse_gpu_rows(text) == [("A", 1.0, 2.0, 3.0), ("B", 4.0, 5.0, 6.5)]


def test_a_cost_is_written_whole(tmp_path):
    write_cost(str(tmp_path / "cost.json"), {"b": 1, "a": None})
    assert (tmp_path / "cost.json").read_text() == '{\n "a": null,\n "b": 1\n}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["cost.json"]
