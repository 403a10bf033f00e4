"""What a job cost: time, memory, traffic, and the GPU's share where there is one."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime
from typing import Any

import psutil

_GPU_FIELDS = "name,memory.used,utilization.gpu,power.draw"


class Meter:
    """Measures the process it is made in, from its making to `read`.

    Parameters
    ----------
    stage : str
        The rule.
    wildcards : dict of str to str
        Which of the rule's jobs.
    threads : int
        Threads granted.
    """

    def __init__(self, stage: str, wildcards: dict[str, str], threads: int) -> None:
        self._labels: dict[str, Any] = {
            "stage": stage,
            "wildcards": wildcards,
            "threads": threads,
            "host": socket.gethostname(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._start = time.perf_counter()
        self._cpu = _cpu_seconds()
        self._gpu = GpuSampler() if _gpu_visible() else None

    def read(self, status: str, images: int | None = None) -> dict[str, Any]:
        """The cost so far.

        Parameters
        ----------
        status : {"computed", "restored"}
            Whether the work was done or found.
        images : int, optional
            Images worked on, for a throughput.
        """
        wall = time.perf_counter() - self._start
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        traffic = _traffic()
        return {
            **self._labels,
            "status": status,
            "wall_s": round(wall, 3),
            "cpu_s": round(_cpu_seconds() - self._cpu, 3),
            "peak_rss_mb": round(max(own, children) / 1024, 1),
            "read_mb": traffic[0],
            "write_mb": traffic[1],
            "images_per_s": round(images / wall, 2) if images and wall > 0 else None,
            "gpu": self._gpu.stop() if self._gpu else None,
        }


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _traffic() -> tuple[float | None, float | None]:
    try:
        counters = psutil.Process().io_counters()
    except (psutil.Error, AttributeError, OSError):
        return None, None
    return round(counters.read_chars / 1e6, 1), round(counters.write_chars / 1e6, 1)


def _gpu_visible() -> bool:
    return os.environ.get("CUDA_VISIBLE_DEVICES", "all") not in ("", "-1") and bool(
        shutil.which("nvidia-smi")
    )


class GpuSampler(threading.Thread):
    """Asks nvidia-smi every few seconds for memory, utilisation and power.

    Parameters
    ----------
    interval_s : float
        Seconds between two questions.
    """

    def __init__(self, interval_s: float = 2.0) -> None:
        super().__init__(daemon=True)
        self._interval = interval_s
        self._over = threading.Event()
        self._rows: list[tuple[str, float, float, float]] = []
        self.start()

    def run(self) -> None:
        """Sample until stopped."""
        device = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
        command = ["nvidia-smi", f"--query-gpu={_GPU_FIELDS}", "--format=csv,noheader,nounits"]
        command += [f"--id={device}"] if device else []
        while not self._over.is_set():
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            self._rows += parse_gpu_rows(answer.stdout)[:1]
            self._over.wait(self._interval)

    def stop(self) -> dict[str, Any] | None:
        """Stop sampling; the peak memory, mean utilisation and energy, or None."""
        self._over.set()
        self.join(timeout=5)
        if not self._rows:
            return None
        watts = [row[3] for row in self._rows]
        return {
            "name": self._rows[0][0],
            "peak_memory_mb": max(row[1] for row in self._rows),
            "utilisation": round(sum(row[2] for row in self._rows) / len(self._rows) / 100, 3),
            "energy_j": round(sum(watts) * self._interval, 1),
        }


def parse_gpu_rows(text: str) -> list[tuple[str, float, float, float]]:
    """Parse nvidia-smi's csv: (name, memory in MiB, utilisation in %, power in W).

    Examples
    --------
    >>> parse_gpu_rows("NVIDIA A100, 1024, 87, 250.5")
    [('NVIDIA A100', 1024.0, 87.0, 250.5)]
    >>> parse_gpu_rows("No devices were found")
    []
    """
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        try:
            name, memory, busy, power = cells
            rows.append((name, float(memory), float(busy), float(power)))
        except ValueError:
            continue
    return rows


def write_cost(path: str, cost: dict[str, Any]) -> None:
    """Write a cost as JSON."""
    from segbench.files import write_text

    write_text(path, json.dumps(cost, indent=1, sort_keys=True) + "\n")
