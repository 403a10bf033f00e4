"""Arms, folds and what the studies of an arm ask for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segbench.workflow.arms import Arms
from segbench.workflow.paths import MODEL


@pytest.fixture(scope="module")
def arms(config):
    return Arms(config)


def test_folds_are_those_of_the_protocol(arms):
    assert list(arms.folds("kidney_nuclei", "published")) == [0, 1, 2]
    assert list(arms.trained_folds("dsb2018_nuclei")) == [0, 1]
    assert list(arms.scored_folds("dsb2018_nuclei")) == [0, 1]


def test_an_ensemble_is_trained_on_all_folds_and_scored_once(arms):
    pattern = "{augmentation}/{fold}"
    assert arms.trained(pattern, "kidney_input_size") == [
        "none/0", "none/1", "none/2", "amplified-113/0", "amplified-113/1", "amplified-113/2"
    ]  # fmt: skip
    assert arms.scored(pattern, "kidney_input_size") == [
        "none/ensemble",
        "amplified-113/ensemble",
    ]


def test_runs_are_named_in_the_order_of_their_files(arms):
    pattern = "{preprocessing} {model} {seed} {fold}"
    runs = arms.trained_runs("dsb2018_nuclei")
    assert [pattern.format(**names) for names in runs] == arms.trained(pattern, "dsb2018_nuclei")
    assert [(names["seed"], names["fold"]) for names in runs] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_classified_images_have_no_objects(arms):
    assert arms.is_classified("organ_resnets")
    assert not arms.is_classified("dsb2018_nuclei")
    datasets = {path.split("/")[0] for path in arms.segmented("{dataset}/{model}/{fold}")}
    assert datasets == {"dsb2018", "kidney_nuclei", "uw_madison"}


def test_files_of_all_segmentations_are_sorted_and_each_is_listed_once(arms):
    assert arms.segmented("{dataset}/{seed}/{fold}") == [
        "dsb2018/0/0",
        "dsb2018/0/1",
        "dsb2018/1/0",
        "dsb2018/1/1",
        "kidney_nuclei/0/ensemble",
        "uw_madison/0/0",
    ]


def test_submissions_are_for_publishers_that_take_them(arms):
    assert arms.submitted("{dataset}/{model}.csv") == [
        "uw_madison/uw-unet-miniature--empty_images-keep.csv",
        "uw_madison/uw-unet-miniature--empty_images-drop.csv",
    ]


def test_appearance_is_asked_only_where_folds_are_balanced_by_it(arms, run):
    assert arms.appearance(run) == "results/dsb2018/explore/appearance.tsv"
    assert arms.appearance({"dataset": "kidney_nuclei", "protocol": "published"}) == []


def test_a_fold_is_predicted_by_its_own_network_and_an_ensemble_by_all(arms, run):
    folder = (
        "results/dsb2018/prep-nuclei-native/aug-jitter-nuclei/nuclei-plain-miniature/seed-1/"
        "cross-validation"
    )
    assert arms.networks(run) == f"{folder}/fold-0/model.keras"
    together = arms.networks({**dict(run), "fold": "ensemble"})
    assert together == [f"{folder}/fold-{fold}/model.keras" for fold in (0, 1)]


def test_metrics_are_those_of_all_studies_of_an_arm_and_one_list_for_all_its_runs(arms, run):
    assert arms.studies_of(run) == ("dsb2018_nuclei",)
    assert arms.metrics_of(run) == ["dice", "dsb_map", "iou", "precision", "recall"]
    assert arms.metrics_of({**dict(run), "seed": "0"}) is arms.metrics_of(run)
    assert arms.empty_of(run) == "exclude"


def test_no_study_has_an_unknown_arm(arms, run):
    assert arms.studies_of({**dict(run), "seed": "7"}) == ()


def test_studies_that_share_an_arm_add_up_their_metrics(config, run):
    first = config.studies["dsb2018_nuclei"]
    second = first.model_copy(update={"metrics": ("hd95",), "seeds": (1,)})
    shared = replace(config, studies={"first": first, "second": second}, _arms={})
    arms = Arms(shared)
    assert arms.studies_of(run) == ("first", "second")
    assert arms.metrics_of(run) == ["dice", "dsb_map", "hd95", "iou", "precision", "recall"]
    assert "hd95" not in arms.metrics_of({**dict(run), "seed": "0"})


def test_jobs_of_a_study_by_what_a_stage_has_one_for(arms):
    jobs = arms.jobs("kidney_input_size")
    assert [(names["augmentation"], names["shard"]) for names in jobs["shard"]] == [
        ("none", 0), ("none", 1), ("amplified-113", 0), ("amplified-113", 1)
    ]  # fmt: skip
    assert [names["augmentation"] for names in jobs["amplified shard"]] == ["amplified-113"] * 2
    assert [names["fold"] for names in jobs["fold"]] == [0, 1, 2, 0, 1, 2]
    assert [names["fold"] for names in jobs["scored fold"]] == ["ensemble"] * 2
    assert jobs["segmented fold"] == jobs["scored fold"]
    assert arms.jobs("organ_resnets")["segmented fold"] == []
    assert len(arms.jobs("organ_resnets")["scored fold"]) == 2


STUDIES = ("dsb2018_nuclei", "kidney_input_size", "organ_resnets", "uw_madison_empty_slices")


@pytest.mark.parametrize("study", STUDIES)
def test_every_arm_has_each_of_its_folds_once(arms, config, study):
    pattern = "{dataset}/{preprocessing}/{augmentation}/{model}/{seed}/{protocol}/{fold}"
    for listed, folds in (
        (arms.trained(pattern, study), arms.trained_folds(study)),
        (arms.scored(pattern, study), arms.scored_folds(study)),
    ):
        assert len(listed) == len(set(listed)) == len(config.arms(study)) * len(folds)


@pytest.mark.parametrize("study", STUDIES)
def test_wildcards_of_every_run_lead_back_to_its_study(arms, config, study):
    for names in arms.jobs(study)["scored fold"]:
        run = {key: str(value) for key, value in names.items()}
        assert study in arms.studies_of(run)
        assert set(arms.metrics_of(run)) >= set(config.studies[study].metrics)
        assert arms.empty_of(run) == config.studies[study].empty


@pytest.mark.parametrize("study", STUDIES)
def test_a_run_is_predicted_by_networks_that_its_study_trains(arms, study):
    trained = set(arms.trained(MODEL, study))
    used = set()
    for names in arms.jobs(study)["scored fold"]:
        networks = arms.networks({key: str(value) for key, value in names.items()})
        used |= {networks} if isinstance(networks, str) else set(networks)
    assert used == trained
