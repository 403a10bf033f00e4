"""One cluster for all tests, where one can be had."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from slurm.cluster import Cluster, why_not


@pytest.fixture(scope="session")
def cluster():
    """A running Slurm of two nodes, with two GPUs each that compute on the CPU."""
    if reason := why_not():
        pytest.skip(f"NO SLURM HERE, nothing of it is tested: {reason}")
    made = Cluster(Path(tempfile.mkdtemp(prefix="slurm-", dir="/var/tmp")))
    try:
        yield made.start()
    finally:
        made.stop()
