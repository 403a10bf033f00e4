"""What scripts/explain.py says is compared with what the next run then really does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from workflow import test_edits
from workflow.project import Project

pytestmark = pytest.mark.workflow

RAW = test_edits.RAW

#: A second study with the only arm of the first; its table is new.
TWIN = """
title: The same arm
question: Are shared jobs paid once?
dataset: kidney_nuclei
protocol: published
preprocessing: [tiny]
augmentation: [none]
models: [tiny]
metrics: [iou]
primary: iou
"""


class Explained(Project):
    """A project whose reruns are explained."""

    def explain(self, *arguments, expect=0):
        """What the command prints."""
        done = subprocess.run(
            [sys.executable, self.path("scripts/explain.py"), *arguments],
            cwd=self.folder,
            env={**self.environment(), "PYTHONPATH": str(self.path("site"))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, done.stderr[-6000:]
        return done.stdout if expect == 0 else done.stderr

    def explained(self, *arguments):
        """The same as data."""
        return json.loads(self.explain("--json", *arguments))

    def run(self, *arguments):
        """A real run."""
        return self.snakemake(*arguments, PYTHONPATH=str(self.path("site")))

    def files(self):
        """All files with size and time, and all folders; but for the list of known raw files."""
        return {
            str(path): path.is_file() and (path.stat().st_size, path.stat().st_mtime_ns)
            for path in sorted(self.folder.rglob("*"))
            if "__pycache__" not in path.parts and path.parent.name != "inventory"
        }


def causes(found, study="tiny"):
    """Sentence -> rule -> jobs."""
    return {c["sentence"]: c["jobs"] for c in found["studies"][study]["causes"]}


def rules(found, *fates, part="total"):
    """The rules with a job of these fates."""
    stages = found[part]["stages"] if part == "total" else found["studies"][part]["stages"]
    return {rule for rule, stage in stages.items() if any(stage[fate] for fate in fates)}


def holds(found, run):
    """Whether a run matched its explanation."""
    assert rules(found, "computed") <= run.computed
    assert rules(found, "restored") <= run.restored
    assert run.computed <= rules(found, "computed", "open")
    assert run.computed | run.restored == rules(found, "computed", "open", "restored")
    jobs = {rule: stage["jobs"] for rule, stage in found["total"]["stages"].items()}
    assert {rule: len(logs) for rule, logs in run.jobs.items()} == jobs
    return True


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A finished run of the tiny study's table."""
    folder = tmp_path_factory.mktemp("explain")
    made = Explained(folder / "checkout", folder / "store").tiny()
    made.run("tiny")
    return made


@pytest.fixture
def backup(project, tmp_path):
    """Take all edits back when a test is over."""
    kept = {part: tmp_path / part for part in ("scripts", "config", "data/raw", "inventory")}
    for part, place in kept.items():
        shutil.copytree(project.path(part), place)

    def restore():
        for part, place in kept.items():
            shutil.rmtree(project.path(part))
            shutil.copytree(place, project.path(part))
        shutil.rmtree(project.path("site"), ignore_errors=True)

    yield restore
    restore()


def test_nothing_to_do_and_nothing_touched(project):
    before = project.files()
    assert project.explain("tiny") == "Nothing to be done.\n"
    assert project.files() == before


def test_a_fresh_checkout(project, tmp_path):
    """Everything is new, explaining makes nothing, and costs come from predictions alone."""
    fresh = Explained(tmp_path / "fresh", project.store).tiny()
    before = fresh.files()
    found = fresh.explained("tiny")
    assert fresh.files() == before
    assert list(causes(found)) == [
        "never made before: dataset kidney_nuclei",
        "never made before: study tiny",
    ]
    total = found["total"]["total"]
    assert total["jobs"] == total["caused"]
    assert total["unknown"] == 5, "fetching and listing files is not predicted"
    assert total["worst_case_h"]["high"] > total["worst_case_h"]["wall"] > 0
    assert rules(found, "computed") == {"acquire", "inventory"}, "these are never stored"


def test_raw_files_are_named(project, backup):
    """One image changed, the files of another sample are gone; a package is newer."""
    changed, gone = sorted(project.path(f"{RAW}/3_Test").glob("*.png"))[:2]
    rows = {sample.stem: row_of(project, sample.stem) for sample in (changed, gone)}
    test_edits.darken(changed)
    for folder in ("3_Test", "4_Test_GT"):
        project.path(f"{RAW}/{folder}/{gone.name}").unlink()
    found = project.explained("tiny")
    was, row = rows[changed.stem]["digest"], row_of(project, changed.stem)
    lists = [
        f"inventory/kidney_nuclei/shard-{rows[name.stem]['shard']}.tsv" for name in (changed, gone)
    ]
    jobs = {"index": 1, "preprocess": 1, "truth": 1}
    assert causes(found) == {
        f"raw file {RAW}/3_Test/{changed.name} changed "
        f"({was[:8]}.. -> {row['digest'][:8]}.., {lists[0]})": jobs,
        f"sample {gone.stem} removed ({lists[1]})": jobs,
    }
    computed, restored = test_edits.ROWS["raw file of the test set changed"]
    assert rules(found, "computed", "open") <= computed | restored
    assert rules(found, "computed") == {"index"}, "all others need the new list of samples"


def row_of(project, sample):
    """Shard and digest of the image of a sample, from the inventory."""
    for path in project.path("inventory/kidney_nuclei").iterdir():
        for line in path.read_text().splitlines():
            name, file, _, digest = line.split("\t")
            if name == sample and "3_Test" in file:
                return {"shard": path.stem.removeprefix("shard-"), "digest": digest}
    return {"digest": ""}


def test_a_newer_package_is_named(project, backup):
    info = project.path("site/scipy-99.0.dist-info")
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scipy\nVersion: 99.0\n")
    (info / "top_level.txt").write_text("scipy\n")
    (named,) = causes(project.explained("tiny")).items()
    assert re.fullmatch(r"package scipy \d+\.\d+\.\d+ -> 99\.0", named[0])
    assert named[1]["score"] == 1


def test_two_studies_an_edit_and_a_lost_table(project, backup):
    """The shared jobs are counted in both studies and once in all; the run does what was said."""
    test_edits.EDITS["learning rate in a model recipe"](project)
    test_edits.EDITS["code of a metric"](project)
    project.edit("config/config.yaml", "  tiny: {}", "  tiny: {}\n  twin: {}")
    project.write("config/studies/twin.yaml", TWIN)
    project.path("tables/tiny.md").unlink()
    found = project.explained("tables")
    rate = "parameter training.optimizer.learning_rate of model tiny: 0.001 -> 0.002"
    assert causes(found) == {
        rate: {"train": 1},
        "code segbench.metrics.overlap:iou changed": {"score": 1, "tabulate": 1},
        "output missing: tables/tiny.md": {"tabulate": 1},
    }
    assert list(causes(found, "twin")) == [
        rate,
        "code segbench.metrics.overlap:iou changed",
        "never made before: study twin",
    ]
    assert rules(found, "computed") == {"train"}
    assert rules(found, "open") == {"predict", "segment", "score", "tabulate"}
    assert [found["studies"][name]["total"]["jobs"] for name in ("tiny", "twin")] == [5, 5]
    assert found["total"]["total"]["jobs"] == 6
    assert_costs(project, found)
    assert holds(found, project.run("tables"))
    assert project.explain("tables") == "Nothing to be done.\n"

    backup()
    back = project.explained("tiny")
    assert rate.replace("0.001 -> 0.002", "0.002 -> 0.001") in causes(back)
    assert rules(back, "computed", "open") == set(), "all of it is in the store"
    assert set(back["total"]["total"]["worst_case_h"].values()) == {0}
    assert holds(back, project.run("tiny"))


def assert_costs(project, found):
    """The costs are those that the last run has recorded: nothing that matters to them changed."""
    recorded = json.loads(next(project.folder.glob("results/**/train.cost.json")).read_text())
    train = found["studies"]["twin"]["stages"]["train"]["will_run_h"]
    assert train["wall"] == pytest.approx(recorded["wall_s"] / 3600)
    assert train["cpu"] == pytest.approx(recorded["cpu_s"] / 3600)
    assert train["low"] < train["wall"] < train["high"]
    total = found["total"]["total"]
    assert total["will_run_h"] == train, "paid once"
    assert total["worst_case_h"]["cpu"] > total["will_run_h"]["cpu"]
    assert total["unknown"] == 0, "the new table costs as much as the old one"


def test_a_refactoring_costs_at_most(project, backup):
    """What follows may turn out the same, and does."""
    test_edits.EDITS["refactor without effect, in preprocessing"](project)
    found = project.explained("tiny")
    assert causes(found) == {"code segbench.imaging.clahe:_to_levels changed": {"preprocess": 2}}
    assert rules(found, "computed") == {"preprocess"}
    assert "train" in rules(found, "open"), "at most"
    run = project.run("tiny")
    assert holds(found, run)
    assert run.computed == {"preprocess"}


def test_a_mistake_is_told_and_fails(project):
    assert "nowhere" in project.explain("nowhere", expect=1)
