"""One cluster for all tests, where one can be had."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from slurm.checkout import RUNS, SEEDS, THREADS, Checkout
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
        for run in RUNS:
            run.kill()
        made.stop()


@pytest.fixture(scope="session")
def calm(cluster, tmp_path_factory):
    """The study of all tests on this machine, undisturbed; not made where there is no Slurm."""
    folder = tmp_path_factory.mktemp("calm")
    checkout = Checkout(folder / "checkout", folder / "store").seeds(SEEDS)
    checkout.snakemake("tables/tiny.csv", *THREADS)
    return checkout
