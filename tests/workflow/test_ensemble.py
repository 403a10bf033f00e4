"""All folds' networks together on a fixed test set."""

from __future__ import annotations

import json

import pytest

from segbench.archives import Archive
from workflow.project import Project

pytestmark = pytest.mark.workflow

ARM = "results/kidney_nuclei/prep-tiny/aug-none/tiny/seed-0/published"


def test_two_folds_predict_the_test_set_together(tmp_path):
    project = Project(tmp_path / "checkout", tmp_path / "store").tiny()
    project.edit(
        "config/config.yaml",
        "{validation: {count: 2}}",
        "{folds: 2, validation: {by: none, count: null}}",
    )
    project.edit("config/studies/tiny.yaml", "primary: iou", "primary: iou\nensemble: true")
    project.snakemake("tables/tiny.csv")
    assert len(list(project.folder.glob(f"{ARM}/fold-[01]/model.keras"))) == 2
    assert not list(project.folder.glob(f"{ARM}/fold-[01]/probability.zarr.zip"))
    with Archive(project.path(f"{ARM}/fold-ensemble/probability.zarr.zip")) as archive:
        assert len(archive.ids) == 2
    verdict = project.path("results/kidney_nuclei/prep-tiny/aug-none/leaks-published.json")
    assert json.loads(verdict.read_text())["verdict"] == "clean"
    keys = sorted(path.stem for path in project.store.glob("entries/*/*.json"))
    trained = [
        k
        for k in keys
        if '"rule": "train"' in (project.store / "entries" / k[:2] / f"{k}.json").read_text()
    ]
    assert len(trained) == 2, "two folds never share an entry"
