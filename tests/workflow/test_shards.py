"""One changed, added or removed sample, or one row of a table, touches its shard only."""

from __future__ import annotations

import shutil

import pytest

from segbench.datasets.inventory import shard_of
from workflow.project import Project

pytestmark = pytest.mark.workflow

SHARDS = 3

MAIN = f"""
datasets:
  uw_madison:
    source: generated
    generated: {{samples: 84, test_samples: 0, seed: 0}}
    shards: {SHARDS}
studies:
  tiny: {{}}
"""

STUDY = """
title: A tiny study
question: Which shards are made anew?
dataset: uw_madison
protocol: published
preprocessing: [tiny]
augmentation: [tiny]
models: [tiny]
metrics: [iou]
primary: iou
"""

#: What is made a shard at a time; the targets of each run.
STAGES = {
    "inventory": "inventory/uw_madison/shard-{}.tsv",
    "index": "results/uw_madison/samples/shard-{}.tsv",
    "truth": "results/uw_madison/truth/shard-{}.zarr.zip",
    "preprocess": "results/uw_madison/prep-tiny/shard-{}.zarr.zip",
    "amplify": "results/uw_madison/prep-tiny/amplified-tiny/shard-{}.zarr.zip",
}
TARGETS = [path.format(shard) for path in STAGES.values() for shard in range(SHARDS)]

RAW = "data/raw/uw_madison"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    made = Project(folder / "checkout", folder / "store").tiny()
    made.write("config/config.yaml", MAIN)
    made.write("config/studies/tiny.yaml", STUDY)
    made.write("config/preprocessing/tiny.yaml", "resize: {height: 16, width: 16}\n")
    made.write("config/augmentation/tiny.yaml", "amplification: {flips: [none, horizontal]}\n")
    made.snakemake("--quiet", "all", "--", *TARGETS)
    return made


def day_in(shard, project):
    """Folder of the slices of a scan of this shard."""
    days = sorted(project.path(f"{RAW}/train").glob("*/*"))
    assert {shard_of(day.name, SHARDS) for day in days} == set(range(SHARDS))
    return next(day / "scans" for day in days if shard_of(day.name, SHARDS) == shard)


def change(slices, table):
    one, other = slices[:2]
    shutil.copyfile(one, other)


def add(slices, table):
    one = slices[0]
    number, new = one.name.split("_")[1], "0999"
    shutil.copyfile(one, one.with_name(one.name.replace(f"_{number}_", f"_{new}_")))
    rows = [
        line for line in table.read_text().splitlines() if f"{day_of(one)}_slice_{number}," in line
    ]
    assert len(rows) == 3
    with table.open("a") as handle:
        handle.writelines(f"{row.replace(f'_{number},', f'_{new},')}\n" for row in rows)


def remove(slices, table):
    slices[3].unlink()


def change_row(slices, table):
    """An organ loses its last run on one slice."""
    lines = table.read_text().splitlines()
    mine = f"{day_of(slices[0])}_slice_"
    place = next(n for n, line in enumerate(lines) if line.startswith(mine) and line.count(" ") > 2)
    lines[place] = " ".join(lines[place].split(" ")[:-2])
    table.write_text("\n".join(lines) + "\n")


def day_of(path):
    return path.parents[1].name


@pytest.mark.parametrize("edit", [change, add, remove, change_row])
def test_an_edit_touches_its_shard_only(project, edit):
    shard = 1
    slices = sorted(day_in(shard, project).iterdir())
    before = {name: project.path(name).stat().st_mtime_ns for name in TARGETS}
    edit(slices, project.path(f"{RAW}/train.csv"))
    run = project.snakemake("--quiet", "all", "--", *TARGETS)
    made = {n for n in TARGETS if project.path(n).stat().st_mtime_ns != before[n]}
    assert made == {path.format(shard) for path in STAGES.values()}
    jobs = {rule: len(logs) for rule, logs in run.jobs.items()}
    assert jobs == dict.fromkeys(STAGES.keys() - {"inventory"}, 1)
