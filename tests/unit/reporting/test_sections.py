from __future__ import annotations

from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.reporting.assets import Assets
from segbench.reporting.inputs import ReportInput, StudyInput
from segbench.reporting.sections import dataset_sections, source_of, study_sections
from unit.reporting.builders import build_classifier, build_study, explored, toy_dataset


@pytest.fixture(scope="module")
def studies(tmp_path_factory) -> tuple[StudyInput, StudyInput]:
    folder = tmp_path_factory.mktemp("studies")
    plain = build_study(folder / "plain", "dsb2018_nuclei", generated=False)
    return plain, build_classifier(folder / "classes", plain)


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        (
            {"source": "download", "download": {"url": "https://e.org/a.zip", "sha256": "0" * 64}},
            f"downloaded from https://e.org/a.zip, SHA-256 {'0' * 64}",
        ),
        (
            {"source": "download", "download": {"url": "https://e.org/a.zip"}},
            "downloaded from https://e.org/a.zip, no published checksum",
        ),
        (
            {"source": "folder", "folder": {"path": "/home/me/secret"}},
            "a folder of the publisher's files",
        ),
        ({}, "generated in the publisher's format, seed 1"),
    ],
)
def test_sources_in_words(changes: dict, source: str):
    assert source_of(toy_dataset(**changes)) == source


def test_each_dataset_has_one_section(studies, tmp_path: Path):
    report = ReportInput("t", "c", (*studies, studies[0]))
    with Assets(tmp_path / "index.html") as assets:
        sections = dataset_sections(report, assets)
    assert list(sections) == ["bowl", "organ_tissue"]
    bowl = sections["bowl"]
    assert (bowl.anchor, bowl.generated, bowl.explored) == ("data-bowl", False, None)
    assert (bowl.summary.samples, bowl.summary.groups) == (12, 6)


def test_an_explored_dataset_has_pictures_that_tell_something(studies, tmp_path: Path):
    report = ReportInput("t", "c", studies[:1], {"bowl": explored(tmp_path)})
    with Assets(tmp_path / "index.html") as assets:
        (section,) = dataset_sections(report, assets).values()
    assert section.pictures[0].address == "assets/data-bowl/sizes.svg"
    assert section.pictures[0].title == "Sizes and groups"
    assert section.pictures[0].caption.startswith("bowl: sizes of 8 images.")
    alt = "Sizes and groups, dataset Kidney EM nuclei; described below"
    assert section.pictures[0].alt == alt


def sections_of(studies, folder: Path):
    with Assets(folder / "index.html") as assets:
        data = dataset_sections(ReportInput("t", "c", studies), assets)
        return study_sections(studies, data, assets)


def test_pictures_are_sorted_by_kind_and_arm(studies, tmp_path: Path):
    plain, classifier = sections_of(studies, tmp_path)
    assert [part.kind.name for part in plain.pictures] == ["curves", "overlays"]
    assert [label for label, _ in plain.pictures[0].groups] == [""]
    overlays = plain.pictures[1].groups
    assert [(label, [p.title for p in pictures]) for label, pictures in overlays] == [
        ("p64", ["p64"]), ("p128", ["p128"]),
    ]  # fmt: skip
    assert overlays[1][1][0].address == "assets/dsb2018-nuclei/overlays-p128.png"
    assert [part.kind.name for part in classifier.pictures] == ["sweep", "curves", "classes"]
    label, pictures = classifier.pictures[2].groups[1]
    assert label == "resnet-deep"
    assert [picture.title for picture in pictures] == [
        "Confusion matrix, resnet-deep", "Reliability, resnet-deep", "ROC curves, resnet-deep",
        "Most confident mistakes, resnet-deep",
    ]  # fmt: skip


def test_a_study_says_what_it_was_split_into(studies, tmp_path: Path):
    section = sections_of(studies, tmp_path)[0]
    assert section.anchor == "study-dsb2018-nuclei"
    assert section.data.name == "bowl"
    assert section.leaks == ("clean", [("folds", "2"), ("samples", "12")])
    assert [row.fold for row in section.folds] == ["0", "1"]
    assert [row.run for row in section.losses][:2] == ["p64, fold 0", "p64, fold 1"]
    assert [label for label, _ in section.downloads] == ["CSV", "Markdown", "LaTeX"]
    assert "own answer of the study" in section.table


def test_a_damaged_table_is_named(studies, tmp_path: Path):
    (tmp_path / "cut.html").write_text('<div class="study">\n<p>')
    parts = studies[0].parts
    cut = parts.model_copy(update={"tables": {**parts.tables, "html": tmp_path / "cut.html"}})
    with pytest.raises(SegbenchError, match=r"cut\.html"):
        sections_of((StudyInput("s", studies[0].study, studies[0].dataset, cut),), tmp_path)
