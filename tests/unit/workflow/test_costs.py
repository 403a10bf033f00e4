"""Every heavy job of every study has its cost in the report, once."""

from __future__ import annotations

from segbench.workflow.arms import Arms
from segbench.workflow.costs import COSTED, cost_files


def costs(config, **patterns):
    return cost_files(config, Arms(config), patterns)


def test_a_training_of_every_fold_and_a_score_of_every_scored_fold(config):
    found = costs(config, train="t/{dataset}/{seed}/{fold}", score="s/{dataset}/{seed}/{fold}")
    kidney = [path for path in found if "kidney" in path]
    assert kidney == ["s/kidney_nuclei/0/ensemble"] + [f"t/kidney_nuclei/0/{n}" for n in range(3)]
    assert [path for path in found if "dsb2018" in path and path.startswith("t")] == [
        "t/dsb2018/0/0", "t/dsb2018/0/1", "t/dsb2018/1/0", "t/dsb2018/1/1"
    ]  # fmt: skip


def test_classified_images_have_no_objects_to_pay_for(config):
    found = costs(config, measure="m/{dataset}/{fold}", segment="s/{dataset}/{fold}")
    assert "s/organ_tissue/0" in found
    assert not [path for path in found if path.startswith("m/organ")]


def test_shards_that_arms_share_are_counted_once(config):
    found = costs(config, truth="{dataset}/{shard}", amplify="{dataset}/{augmentation}/{shard}")
    assert found == [
        "dsb2018/0",
        "dsb2018/1",
        "dsb2018/2",
        "kidney_nuclei/0",
        "kidney_nuclei/1",
        "kidney_nuclei/amplified-113/0",
        "kidney_nuclei/amplified-113/1",
        "organ_tissue/0",
        "uw_madison/0",
    ]


def test_each_dataset_is_explored_once(config):
    assert costs(config, explore_dataset="{dataset}") == [
        "dsb2018",
        "kidney_nuclei",
        "organ_tissue",
        "uw_madison",
    ]


def test_all_rules_that_write_a_cost_are_summed_up(config):
    assert set(COSTED) == {
        "truth", "explore_dataset", "preprocess", "amplify", "train", "predict", "segment",
        "score", "measure", "describe"
    }  # fmt: skip
    everything = costs(config, **{rule: f"{rule} {{dataset}}" for rule in COSTED})
    assert {path.split()[0] for path in everything} == set(COSTED)
