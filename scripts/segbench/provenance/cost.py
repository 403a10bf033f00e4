"""The cost of a job: time, memory, traffic, and the GPU's share where there is one."""

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
from pathlib import Path
from typing import Any

import psutil

from segbench.files import write_text
from segbench.provenance.allocation import asked_of, granted

_GPU_FIELDS = "name,memory.used,utilization.gpu,power.draw"


class Meter:
    """Measures this process from the creation of the meter to `read`.

    Parameters
    ----------
    stage : str
        The rule.
    wildcards : dict of str to str
        Of the job.
    threads : int
        Threads granted.
    resources : object, optional
        Requested resources, ``snakemake.resources`` of a script.
    """

    def __init__(
        self, stage: str, wildcards: dict[str, str], threads: int, resources: Any = None
    ) -> None:
        self._labels: dict[str, Any] = {
            "stage": stage,
            "wildcards": wildcards,
            "threads": threads,
            "asked": None if resources is None else asked_of(resources, threads),
            "granted": granted(),
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
            Whether the work was done or found in the store.
        images : int, optional
            Number of images processed, for the throughput.
        """
        wall = time.perf_counter() - self._start
        traffic = _traffic()
        return {
            **self._labels,
            "status": status,
            "wall_s": round(wall, 3),
            "cpu_s": round(_cpu_seconds() - self._cpu, 3),
            "peak_rss_mb": round(_peak_kib() / 1024, 1),
            "read_mb": traffic[0],
            "write_mb": traffic[1],
            "images_per_s": round(images / wall, 2) if images and wall > 0 else None,
            "gpu": self._gpu.stop() if self._gpu else None,
        }


def _peak_kib(status: str | Path = "/proc/self/status") -> int:
    """Peak memory of this process or one of its children, in KiB.

    `getrusage` starts at the peak of the parent process, e.g. 200 MB of a Snakemake, so the peak of
    this process is read from /proc. Children start at ours, so the larger of the two is right.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    try:
        lines = Path(status).read_text().splitlines()
    except OSError:
        lines = []
    peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    own = peaks[0] if peaks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max(own, children)


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
    """Samples memory, utilisation and power of the job's GPUs with nvidia-smi.

    Parameters
    ----------
    interval_s : float
        Seconds between samples.
    """

    def __init__(self, interval_s: float = 2.0) -> None:
        super().__init__(daemon=True)
        self._interval = interval_s
        self._over = threading.Event()
        #: By device, in the order of nvidia-smi.
        self._devices: list[list[tuple[str, float, float, float]]] = []
        self.start()

    def run(self) -> None:
        """Sample until stopped."""
        shown = None
        while not self._over.is_set():
            devices = os.environ.get("CUDA_VISIBLE_DEVICES", "").replace(" ", "")
            if devices != shown:  # the job has claimed its devices
                shown, self._devices = devices, []
            command = ["nvidia-smi", f"--query-gpu={_GPU_FIELDS}", "--format=csv,noheader,nounits"]
            command += [f"--id={devices}"] if devices else []
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            for number, row in enumerate(parse_gpu_rows(answer.stdout)):
                if number == len(self._devices):
                    self._devices.append([])
                self._devices[number].append(row)
            self._over.wait(self._interval)

    def stop(self) -> dict[str, Any] | None:
        """Stop sampling.

        Returns
        -------
        dict or None
            ``name`` and number of ``devices``; ``peak_memory_mb`` of the fullest device and,
            where there are several, of each; mean ``utilisation``; ``energy_j`` of all.
        """
        self._over.set()
        self.join(timeout=5)
        rows = [row for device in self._devices for row in device]
        if not rows:
            return None
        peaks = [max(row[1] for row in device) for device in self._devices]
        found = {
            "name": rows[0][0],
            "devices": len(peaks),
            "peak_memory_mb": max(peaks),
            "utilisation": round(sum(row[2] for row in rows) / len(rows) / 100, 3),
            "energy_j": round(sum(row[3] for row in rows) * self._interval, 1),
        }
        if len(peaks) > 1:
            found["peak_memory_by_device_mb"] = peaks
        return found


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
    write_text(path, json.dumps(cost, indent=1, sort_keys=True) + "\n")
