"""What a job asks for and what it is expected to take; a retry asks for more."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from segbench.resources import constants


@dataclass(frozen=True)
class Needs:
    """What a job needs.

    Attributes
    ----------
    mem_mb : int
        Host memory, in MiB as Slurm counts it.
    gpu_mem_mb : int
        Memory of each GPU, in MiB; 0 without a GPU.
    runtime_min : int
        Wall time in minutes.
    threads : int
        Threads that the times assume.
    expected_s : int
        Wall time that is expected on an idle machine, in seconds: `runtime_min` without its
        margin, the same at each attempt.
    """

    mem_mb: int
    gpu_mem_mb: int
    runtime_min: int
    threads: int = 1
    expected_s: int = 0

    def at(self, attempt: int) -> Needs:
        """What the n-th attempt asks for.

        Parameters
        ----------
        attempt : int
            Counted from 1. The n-th asks for n times the memory and time of the first, the time
            up to `constants.MAX_RUNTIME_MIN`.

        Examples
        --------
        >>> Needs(2000, 0, 30).at(2)
        Needs(mem_mb=4000, gpu_mem_mb=0, runtime_min=60, threads=1, expected_s=0)
        """
        return replace(
            self,
            mem_mb=self.mem_mb * attempt,
            runtime_min=min(self.runtime_min * attempt, constants.MAX_RUNTIME_MIN),
        )


def needs(
    mem_mb: float,
    seconds: float,
    gpu_mem_mb: float = 0,
    threads: int = 1,
    time_margin: float = constants.TIME_MARGIN,
) -> Needs:
    """Turn expected needs into a request: adds margins, minima and steps.

    Parameters
    ----------
    mem_mb : float
        Expected memory of the process.
    seconds : float
        Expected wall time on an idle machine.
    gpu_mem_mb : float, optional
        Expected memory of a GPU.
    threads : int, optional
        Passed on.
    time_margin : float, optional
        The job asks for this many times `seconds`.

    Examples
    --------
    >>> needs(1000, 20)
    Needs(mem_mb=1500, gpu_mem_mb=0, runtime_min=10, threads=1, expected_s=20)
    """
    memory = mem_mb * constants.MEMORY_MARGIN + constants.SNAKEMAKE_MB
    minutes = seconds * time_margin / 60
    return Needs(
        max(_up(memory, constants.MEMORY_STEP_MB), constants.MIN_MEMORY_MB),
        _up(gpu_mem_mb, constants.MEMORY_STEP_MB),
        min(_up(max(minutes, 1), constants.RUNTIME_STEP_MIN), constants.MAX_RUNTIME_MIN),
        threads,
        max(round(seconds), 1),
    )


def _up(value: float, step: int) -> int:
    return math.ceil(value / step) * step
