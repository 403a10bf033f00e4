"""What the measurements share: timing, made-up micrographs, memory of a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

Row = dict[str, Any]
Result = TypeVar("Result")
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def timed(work: Callable[[], Result], repeats: int) -> tuple[float, Result]:
    """Least wall time of some runs, and what the last returned."""
    best, result = float("inf"), work()
    for _ in range(repeats):
        start = perf_counter()
        result = work()
        best = min(best, perf_counter() - start)
    return best, result


def alternately(
    first: Callable[[], object], second: Callable[[], object], repeats: int
) -> tuple[float, float]:
    """Least wall times of two pieces of work, run in turns so that both meet the same load."""
    times = ([], [])
    first(), second()
    for _ in range(repeats):
        for work, kept in zip((first, second), times, strict=True):
            start = perf_counter()
            work()
            kept.append(perf_counter() - start)
    return min(times[0]), min(times[1])


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process and its threads, also those of libraries, on one core."""
    if not hasattr(os, "sched_setaffinity"):  # not Linux
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def row(
    name: str, ours: float, peer: str, peers: float, aim: float | None, note: str, unit: str = "s"
) -> Row:
    """One row; the ratio says how many times better ours is."""
    return {
        "name": name, "ours_s": ours, "peer": peer, "peer_s": peers, "ratio": peers / ours,
        "aim": aim, "note": note, "unit": unit,
    }  # fmt: skip


def micrograph(side: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A picture that compresses about as badly as electron micrographs do, and its nuclei."""
    import cv2

    rng = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(rng.standard_normal((side, side)), (0, 0), 1.2) * 3
    coarse = cv2.GaussianBlur(rng.standard_normal((side, side)), (0, 0), side / 30) * side / 15
    label = (coarse > np.quantile(coarse, 0.83)).astype(np.uint8)
    image = 128 + 25 * fine + 30 * label + 12 * coarse / coarse.std()
    return np.clip(image, 0, 255).astype(np.uint8), label


def peak_memory_mb(code: str) -> float:
    """Peak resident memory of a fresh Python that runs `code`, in MB.

    From /proc, which starts anew with the program; `ru_maxrss` inherits the parent's.
    """
    ask = """
import re
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024 / 1e6)
"""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-c", code + ask]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(done.stdout.split()[-1])


def two_processes_speedup() -> float:
    """How much faster than one process two are at hashing: what the machine gives just now."""
    code = "import hashlib; d = bytes(2**20); [hashlib.sha256(d).digest() for _ in range(400)]"

    def run(count: int) -> None:
        for process in [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]:
            process.wait()

    one, two = alternately(lambda: run(1), lambda: run(2), 2)
    return 2 * one / two
