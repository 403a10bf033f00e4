"""The parts of the report: which files a section shows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from segbench.reporting.parts import StudyParts
from segbench.reporting.pictures import KINDS
from segbench.workflow.report_parts import (
    Patterns,
    ReportParts,
    as_params,
    resolved_config,
    sweep_points,
)

ROOT = Path(__file__).resolve().parents[3]

PATTERNS = Patterns(
    samples="{dataset}/samples.tsv",
    folds="{dataset}/{protocol}.tsv",
    verdict="{dataset}/{preprocessing}/{augmentation}/{protocol}.json",
    losses="{study}/losses.tsv",
    pictures={
        "curves": "{study}/curves.svg",
        "sweep": "{study}/sweep.svg",
        "overlays": "{study}/{augmentation}/{model}/{seed}.png",
        **{
            file: f"{{study}}/{{model}}/{file}.svg"
            for file in ("confusion", "reliability", "roc", "mistakes")
        },
    },
    exploration={"sizes": "{dataset}/sizes.svg", "summary": "{dataset}/summary.json"},
)


def as_text(pictures):
    return {file: str(path) for file, path in pictures.items()}


@pytest.fixture(scope="module")
def parts(config):
    return ReportParts(config, PATTERNS)


def test_a_section_of_segmented_images(parts):
    section = parts.studies["kidney_input_size"]
    assert str(section.samples) == "kidney_nuclei/samples.tsv"
    assert str(section.folds) == "kidney_nuclei/published.tsv"
    assert str(section.verdict) == "kidney_nuclei/em-128/none/published.json"
    assert str(section.tables["tex"]) == "tables/kidney_input_size.tex"
    assert as_text(section.pictures) == {"curves": "kidney_input_size/curves.svg"}
    assert [as_text(arm.pictures) for arm in section.arms] == [
        {"overlays": f"kidney_input_size/{recipe}/unet-miniature/0.png"}
        for recipe in ("none", "amplified-113")
    ]
    assert [arm.names["augmentation"] for arm in section.arms] == ["none", "amplified-113"]
    assert section.arms[0].names["seed"] == "0"


def test_a_section_of_classified_images_has_other_pictures_and_a_sweep(parts):
    section = parts.studies["organ_resnets"]
    assert as_text(section.pictures) == {
        "sweep": "organ_resnets/sweep.svg",
        "curves": "organ_resnets/curves.svg",
    }
    assert len(section.arms) == 2
    for arm in section.arms:
        assert as_text(arm.pictures) == {
            file: f"organ_resnets/{arm.names['model']}/{file}.svg"
            for file in ("confusion", "reliability", "roc", "mistakes")
        }


def test_the_report_needs_every_file_of_its_sections_once(parts):
    files = parts.files()
    assert len(files) == len(set(files))
    assert files[:3] == [
        "dsb2018/samples.tsv",
        "dsb2018/cross-validation.tsv",
        "dsb2018/nuclei-native/jitter-nuclei/cross-validation.json",
    ]
    # Per study 4 tables, curves, losses, samples, folds, verdict; overlays of three studies'
    # arms, and four pictures of each classifier; the sweeps of two studies.
    assert len(files) == 4 * 9 + (2 + 2 + 2) + 2 * 4 + 2


def test_parameters_are_plain_data_that_the_report_reads_back(parts):
    params = json.loads(json.dumps(as_params(parts.studies)))
    assert list(params) == list(parts.studies)
    for study, data in params.items():
        assert StudyParts.model_validate(data) == parts.studies[study]


def test_explorations_of_all_datasets(parts):
    assert list(parts.explorations) == ["dsb2018", "kidney_nuclei", "organ_tissue", "uw_madison"]
    assert as_params(parts.explorations)["dsb2018"] == {
        "summary": "dsb2018/summary.json",
        "pictures": {"sizes": "dsb2018/sizes.svg"},
    }


def test_the_points_of_a_sweep(config):
    assert sweep_points(config, "uw_madison_empty_slices") == {
        "uw-unet-miniature--empty_images-keep": {"training.empty_images": "keep"},
        "uw-unet-miniature--empty_images-drop": {"training.empty_images": "drop"},
    }
    assert sweep_points(config, "dsb2018_nuclei") == {}


def test_points_name_their_recipe_where_there_are_several(config):
    study = config.studies["organ_resnets"]
    models = ("a--x-1", "b--x-1")
    changed = replace(
        config,
        studies={"s": study.model_copy(update={"models": models})},
        points={name: {"x": 1} for name in models},
    )
    assert sweep_points(changed, "s") == {
        "a--x-1": {"model": "a", "x": 1},
        "b--x-1": {"model": "b", "x": 1},
    }


def test_the_resolved_configuration_is_plain_data(config):
    data = json.loads(json.dumps(resolved_config(config)))
    assert sorted(data) == ["augmentation", "datasets", "models", "preprocessing", "studies"]
    assert data["datasets"]["dsb2018"]["shards"] == 3
    assert data["studies"]["dsb2018_nuclei"]["seeds"] == [0, 1]


def test_every_picture_of_the_page_has_a_rule_that_makes_it():
    """A kind of picture without a pattern fails when the plan is made, for every study."""
    files = {file for kind in KINDS for file in kind.files}
    assert files == set(PATTERNS.pictures)
    rules = (ROOT / "rules/report.smk").read_text("utf-8")
    for file in files - {"confusion", "reliability", "roc", "mistakes"}:
        assert f'"{file}": rules.' in rules, file
    assert "**rules.draw_classes.output" in rules


def test_a_part_is_never_lost_between_the_rule_and_the_report(parts):
    """The inputs of the rule are the files that the parameters name."""
    named = set()
    for data in as_params(parts.studies).values():
        for owner in (data, *data["arms"]):
            named |= set(owner["pictures"].values())
        named |= {data[key] for key in ("samples", "folds", "verdict", "losses")}
        named |= set(data["tables"].values())
    assert named == set(parts.files())
