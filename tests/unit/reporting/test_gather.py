"""From parameters of the workflow to a page and a manifest."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml

from segbench.reporting import gather
from segbench.reporting.gather import build_report, current_commit, installed_versions
from segbench.reporting.parts import ExplorationParts, StudyParts

STUDY = {
    "title": "T",
    "question": "Q?",
    "dataset": "d",
    "protocol": "p",
    "preprocessing": ["a"],
    "augmentation": ["none"],
    "models": ["m"],
    "metrics": ["iou", "dice"],
    "primary": "iou",
}
DATASET = {
    "title": "D",
    "format": "dsb2018",
    "task": "instances",
    "classes": [{"name": "nucleus", "value": 1}],
    "source": "generated",
    "generated": {"samples": 2},
    "licence": "CC0",
    "citation": "nobody",
    "protocols": {"p": {}},
}


@pytest.fixture
def params(tmp_path, monkeypatch):
    """The parameters of a run without studies, in a folder outside any repository."""
    monkeypatch.chdir(tmp_path)
    return {
        "parts": {},
        "explorations": {},
        "config": {"studies": {}},
        "configfiles": ["config.yaml"],
        "codes": {"train": "abc"},
    }


def test_the_manifest_holds_what_the_figures_depend_on(params, tmp_path):
    raw = tmp_path / "shard-0.tsv"
    raw.write_text("sample\n")
    page, manifest = tmp_path / "report/index.html", tmp_path / "report/manifest.json"
    outputs = {"page": page, "manifest": manifest, "resources": tmp_path / "resources.csv"}
    build_report(params, [], [raw], outputs)
    content = json.loads(manifest.read_text())
    assert page.exists()
    assert content["code"] == {"train": "abc"}
    # sha256 of b"sample\n"
    digest = "aaf9ff488e0767da5ea1d56118e6f65a16c5633b0cefc1fa089bd3ab1810613d"
    assert content["raw_files"] == {str(raw): digest}
    assert content["packages"]["numpy"] == installed_versions()["numpy"]
    before = manifest.read_bytes()
    build_report(params, [], [raw], outputs)
    assert manifest.read_bytes() == before


def test_a_study_brings_its_recipes_and_definitions(params):
    config = {
        "studies": {"s": STUDY},
        "datasets": {"d": DATASET},
        "preprocessing": {"a": {"gamma": 1.2}},
        "augmentation": {"none": {}},
        "models": {"m": {"target": "foreground"}},
    }
    parts = {
        "samples": "s.tsv", "folds": "f.tsv", "verdict": "v.json", "tables": {"csv": "t.csv"},
        "losses": "l.tsv", "pictures": {"curves": "c.svg"},
        "arms": [{"names": {"model": "m"}, "pictures": {"overlays": "o.png"}}],
    }  # fmt: skip
    report = gather.gather_report({**params, "parts": {"s": parts}, "config": config}, [])
    (study,) = report.studies
    assert study.recipes == (
        ("preprocessing", "a", "gamma: 1.2\n"),
        ("augmentation", "none", "{}\n"),
        ("models", "m", "target: foreground\n"),
    )
    assert (study.study.title, study.dataset.title) == ("T", "D")
    assert study.parts == StudyParts.model_validate(parts)
    assert yaml.safe_load(report.manifest.config) == config


def test_explorations_are_gathered_by_dataset(params):
    parts = {"summary": "s.json", "pictures": {"sizes": "z.svg"}}
    report = gather.gather_report({**params, "explorations": {"toy": parts}}, [])
    assert report.explorations == {"toy": ExplorationParts.model_validate(parts)}
    assert gather.gather_report(params, []).explorations == {}


def test_versions_of_what_is_not_installed_are_left_out():
    assert installed_versions(["numpy", "no-such-package"]).keys() == {"numpy"}


def test_the_commit_says_whether_files_differ(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert current_commit() == ""

    def git(*arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-qm", "first")
    clean = current_commit()
    assert len(clean) == 40
    (tmp_path / "a").write_text("2")
    assert current_commit() == f"{clean}+changes"
