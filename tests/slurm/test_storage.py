"""A full disk and a corrupt raw file: named in the error, and repaired by the same command."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess

import pytest

from slurm.checkout import EPOCHS, RUN, THREADS, Checkout
from slurm.cluster import wait_for
from workflow.project import epochs_in

pytestmark = pytest.mark.slurm

#: Much more than the tiny study needs.
DISK = "64m"


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Leave no room on a disk."""
    with open(folder / "filler", "wb") as filler, pytest.raises(OSError, match="No space left"):
        while True:
            filler.write(bytes(1 << 16))
            filler.flush()


def test_a_disk_that_is_full_in_mid_training(calm, small_disk, tmp_path):
    """The job says so; with room again it goes on, and trains nothing twice."""
    scores = f"{RUN.format(seed=0)}/scores.parquet"
    checkout = calm.without("train", tmp_path / "checkout")
    results = checkout.path("results")
    shutil.copytree(results, small_disk / "results", symlinks=True)
    shutil.rmtree(results)
    results.symlink_to(small_disk / "results")

    run = checkout.submit(scores, "--retries", "0", *THREADS)
    wait_for(lambda: checkout.freeze(0) is not None, 240, "the training's second epoch")
    fill(small_disk)
    os.kill(checkout.process(0), signal.SIGCONT)
    assert run.wait(timeout=240) != 0
    log = checkout.log(0)
    assert epochs_in(log)[-1] == EPOCHS, "all was trained; only the network found no room"
    assert re.search(r"the disk is full.* free at", log)
    assert "train.log" in checkout.said()
    assert not checkout.path(f"{RUN.format(seed=0)}/model.keras").exists()

    (small_disk / "filler").unlink()
    again = checkout.submit(scores, *THREADS)
    assert again.wait(timeout=300) == 0, checkout.said()[-4000:]
    assert epochs_in(checkout.log(0)) == [], "nothing was trained again"
    for name in (scores, f"{RUN.format(seed=0)}/model.keras"):
        assert checkout.path(name).read_bytes() == calm.path(name).read_bytes(), name


TWO_DATASETS = """
datasets:
  kidney_nuclei:
    source: generated
    shards: 2
    generated: {samples: 6, test_samples: 2, seed: 0}
    protocols: {published: {validation: {count: 2}}}
  dsb2018:
    source: generated
    shards: 1
studies:
  tiny: {}
  dsb2018_nuclei: {augmentation: [none], models: [nuclei-plain-miniature]}
"""


def test_a_corrupt_raw_file_among_good_ones(cluster, tmp_path):
    checkout = Checkout(tmp_path / "checkout", tmp_path / "store").tiny()
    checkout.write("config/config.yaml", TWO_DATASETS)
    sheets = [f"results/{name}/samples.tsv" for name in ("kidney_nuclei", "dsb2018")]
    checkout.snakemake("data/acquired/kidney_nuclei.json", "data/acquired/dsb2018.json")
    raw = checkout.path("data/raw/kidney_nuclei")
    (image,) = raw.rglob("2nd_Train/1_Train/NepKid_20-000.png")
    whole = image.read_bytes()
    image.write_bytes(whole[: len(whole) // 2])

    run = checkout.submit(*sheets, "--retries", "0")
    assert run.wait(timeout=300) != 0
    assert image.name in checkout.said(), "the file is named where people look"
    done = sorted(p.name for p in checkout.path("results/kidney_nuclei/samples").glob("*.tsv"))
    assert len(done) == 1, "the other shard was finished"
    assert not checkout.path(sheets[0]).exists()
    assert checkout.path(sheets[1]).exists(), "the other dataset was finished"

    image.write_bytes(whole)
    again = checkout.submit(*sheets)
    assert again.wait(timeout=300) == 0, checkout.said()[-4000:]
    rows = checkout.path(sheets[0]).read_text().splitlines()
    assert len(rows) == 1 + 8
