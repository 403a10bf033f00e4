"""Two checkouts, run at the same time by two Snakemakes, do each piece of work once."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter

import pytest

from workflow.project import Project

pytestmark = pytest.mark.workflow

TARGET = "tables/tiny.csv"

#: What comes before the folds: seconds of work.
LIGHT = "results/kidney_nuclei/prep-tiny/shard-0.zarr.zip"


def make(folder, store):
    """The tiny study, cross-validated: two folds, so two trainings."""
    project = Project(folder, store).tiny()
    project.edit("config/config.yaml", "{samples: 6, test_samples: 2, seed: 0}",
                 "{samples: 6, test_samples: 2, seed: 0}\n    shards: 1")  # fmt: skip
    project.edit(
        "config/config.yaml",
        "{published: {validation: {count: 2}}}",
        "{cross-validation: {folds: 2}}",
    )
    project.edit("config/studies/tiny.yaml", "protocol: published", "protocol: cross-validation")
    return project


def jobs_of(project):
    """Key -> whether the job with it was computed, of every job that the store was asked for."""
    found = {}
    for log in sorted(project.folder.glob("logs/**/*.log")):
        text = log.read_text()
        for key in re.findall(r" key ([0-9a-f]{64})$", text, re.M):
            name = str(log.relative_to(project.folder / "logs"))
            found[name] = (key, "found in the store" not in text)
    return found


def tables_of(project):
    return {
        path.name: path.read_bytes()
        for path in sorted(project.folder.glob("tables/*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Two checkouts after one run each, begun at the same moment with one store."""
    folder = tmp_path_factory.mktemp("shared")
    projects = [make(folder / name, folder / "store") for name in ("first", "second")]
    runs = [
        subprocess.Popen(
            project.command("--cores", "1", TARGET),
            cwd=project.folder,
            env=project.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for project in projects
    ]
    for run in runs:
        output, _ = run.communicate(timeout=300)
        assert run.returncode == 0, output[-6000:]
    return projects


def test_each_piece_of_work_is_computed_once_in_all(both):
    first, second = map(jobs_of, both)
    assert first.keys() == second.keys()
    assert {name: key for name, (key, _) in first.items()} == {
        name: key for name, (key, _) in second.items()
    }
    computed = Counter(key for jobs in (first, second) for key, done in jobs.values() if done)
    assert set(computed.values()) == {1}, "nothing was computed twice"
    assert set(computed) == {key for key, _ in first.values()}, "and all of it once"
    assert sum("train" in name for name in first) == 2


def test_their_tables_are_identical(both):
    first, second = map(tables_of, both)
    assert TARGET.split("/")[1] in first
    assert first == second


def test_two_folds_share_no_entry(both):
    jobs = jobs_of(both[0])
    folds = {
        number: {name.replace(f"fold-{number}", "fold"): key for name, (key, _) in jobs.items()
                 if f"/fold-{number}/" in name}
        for number in (0, 1)
    }  # fmt: skip
    assert folds[0].keys() == folds[1].keys()
    assert len(folds[0]) >= 4, "train, predict, segment, score"
    assert not set(folds[0].values()) & set(folds[1].values())
    assert len({key for key, _ in jobs.values()}) == len(jobs), "nor do any two jobs"


def command(project, *arguments):
    return subprocess.run(
        [sys.executable, project.path("scripts/store.py"), *arguments],
        env=project.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_fills_the_store_is_told_by_stage_and_study(both):
    data = json.loads(command(both[0], "du", "--json").stdout)
    stages = {use["name"]: use["entries"] for use in data["stages"]}
    assert stages["train"] == stages["predict"] == stages["score"] == 2
    assert stages["preprocess"] == 1
    assert [use["name"] for use in data["studies"]] == ["tiny"]
    assert data["studies"][0]["entries"] == data["total"]["entries"]
    assert data["states"]["count"] == data["orphans"]["count"] == data["damaged"] == 0
    assert command(both[0], "verify").returncode == 0


def test_poisoned_entries_are_computed_again(both, tmp_path):
    """Half of the store's files are damaged, each in another way."""
    store = tmp_path / "store"
    subprocess.run(["cp", "-r", both[0].store, store], check=True)
    for number, path in enumerate(sorted(store.glob("*/??/*"))):
        if path.parts[-3] not in ("entries", "objects"):
            continue
        path.chmod(0o644)
        data = path.read_bytes()
        path.write_bytes(
            [data[: len(data) // 2], bytes(len(data)), b"{}", data][number % 4]
        )  # fmt: skip
    project = make(tmp_path / "third", store)
    run = project.snakemake("--cores", "1", LIGHT)
    assert "Traceback" not in run.output
    ours, theirs = project.path(LIGHT), both[0].path(LIGHT)
    assert (
        hashlib.sha256(ours.read_bytes()).digest() == hashlib.sha256(theirs.read_bytes()).digest()
    )
    found = command(project, "verify")
    assert found.returncode == 1, "damaged entries that no job had read"
    assert command(project, "verify").returncode == 0
