"""From parameters of the workflow to a page and a manifest."""

from __future__ import annotations

import json
import subprocess

import pytest

from segbench.reporting import gather
from segbench.reporting.gather import build_report, current_commit, installed_versions
from segbench.reporting.parts import ArmParts, StudyParts

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
        "config": {"studies": {}},
        "configfiles": ["config.yaml"],
        "codes": {"train": "abc"},
    }


def test_the_manifest_holds_what_the_figures_depend_on(params, tmp_path):
    raw = tmp_path / "shard-0.tsv"
    raw.write_text("sample\n")
    page, manifest = tmp_path / "report/index.html", tmp_path / "report/manifest.json"
    build_report(params, [], [raw], page, manifest)
    content = json.loads(manifest.read_text())
    assert page.exists()
    assert content["code"] == {"train": "abc"}
    # sha256 of b"sample\n"
    digest = "aaf9ff488e0767da5ea1d56118e6f65a16c5633b0cefc1fa089bd3ab1810613d"
    assert content["raw_files"] == {str(raw): digest}
    assert content["packages"]["numpy"] == installed_versions()["numpy"]
    before = manifest.read_bytes()
    build_report(params, [], [raw], page, manifest)
    assert manifest.read_bytes() == before


def test_a_study_brings_its_recipes_and_definitions(tmp_path):
    config = {
        "studies": {"s": STUDY},
        "datasets": {"d": DATASET},
        "preprocessing": {"a": {"gamma": 1.2}},
        "augmentation": {"none": {}},
        "models": {"m": {"target": "foreground"}},
    }
    parts = {
        "samples": "s.tsv",
        "folds": "f.tsv",
        "verdict": "v.json",
        "tables": {"csv": "t.csv"},
        "curves": "c.svg",
        "losses": "l.tsv",
        "sweep": "w.svg",
        "arms": [{"names": {"model": "m"}, "overlays": "o.png"}],
    }
    study = gather._study("s", StudyParts.model_validate(parts), config)
    assert [(r.kind, r.name) for r in study.recipes] == [
        ("preprocessing", "a"),
        ("augmentation", "none"),
        ("models", "m"),
    ]
    assert study.recipes[0].text == "gamma: 1.2\n"
    assert [m.id for m in study.metrics] == [
        "iou/per-image/empty-excluded",
        "dice/per-image/empty-excluded",
    ]
    assert study.dataset.generated
    assert str(study.losses) == "l.tsv"
    assert [str(picture.path) for picture in study.sweep] == ["w.svg"]
    assert [(str(p.path), p.title) for p in study.overlays] == [("o.png", "m")]
    assert study.classes == ()


def test_pictures_of_a_classifier_are_sorted_by_arm():
    pictures = {"mistakes": "png", "confusion": "svg"}
    arms = [
        ArmParts(
            names={"model": model},
            classes={kind: f"{model}/{kind}.{ending}" for kind, ending in pictures.items()},
        )
        for model in ("deep", "flat")
    ]
    groups = gather._class_pictures(arms)
    assert [group.title for group in groups] == ["deep", "flat"]
    assert [picture.title for picture in groups[1].pictures] == [
        "Confusion matrix, flat", "Most confident mistakes, flat"
    ]  # fmt: skip
    assert str(groups[1].pictures[0].path) == "flat/confusion.svg"


def test_explorations_are_gathered_by_dataset(params):
    parts = {"summary": "s.json", "sizes": "z.svg"}
    report = gather.gather_report({**params, "explorations": {"toy": parts}}, [])
    (found,) = report.explorations
    assert (found.dataset, str(found.summary)) == ("toy", "s.json")
    assert {key: str(path) for key, path in found.pictures.items()} == {"sizes": "z.svg"}
    assert gather.gather_report(params, []).explorations == ()


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
