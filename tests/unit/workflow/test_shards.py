"""Lists of shards: as many as the dataset has, and one list for all jobs that share it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.workflow.shards import manifests, names_in, shard_lister, training_shard_lister


@pytest.mark.parametrize(
    ("pattern", "names"),
    [("x", []), ("{a}/{b}/{a}", ["a", "b"]), ("{shard}-{dataset}", ["dataset", "shard"])],
)
def test_wildcards_of_a_pattern(pattern, names):
    assert names_in(pattern) == names


def test_all_shards_of_a_dataset(config, run):
    found = shard_lister(config, "{dataset}/{shard}")(run)
    assert found == ["dsb2018/0", "dsb2018/1", "dsb2018/2"]


def test_jobs_that_differ_in_other_wildcards_share_a_list(config, run):
    shards = shard_lister(config, "{dataset}/{preprocessing}/{shard}")
    assert shards(run) is shards({**dict(run), "seed": "0", "fold": "1"})
    assert shards({**dict(run), "preprocessing": "em-128"}) == [
        f"dsb2018/em-128/{shard}" for shard in range(3)
    ]


def test_what_is_trained_on_is_amplified_where_the_recipe_says_so(config):
    shards = training_shard_lister(config)
    names = {"dataset": "kidney_nuclei", "preprocessing": "em-128", "augmentation": "none"}
    folder = "results/kidney_nuclei/prep-em-128"
    assert shards(names) == [f"{folder}/shard-{shard}.zarr.zip" for shard in (0, 1)]
    assert shards({**names, "augmentation": "amplified-113"}) == [
        f"{folder}/amplified-amplified-113/shard-{shard}.zarr.zip" for shard in (0, 1)
    ]


def test_manifests_of_all_datasets(config):
    assert manifests(config, "{dataset}/{shard}") == [
        "dsb2018/0",
        "dsb2018/1",
        "dsb2018/2",
        "kidney_nuclei/0",
        "kidney_nuclei/1",
        "organ_tissue/0",
        "uw_madison/0",
    ]


@given(st.lists(st.from_regex("[a-z]{1,6}", fullmatch=True)))
def test_wildcards_are_found_wherever_they_stand(names):
    assert names_in("/".join(f"x-{{{name}}}.y" for name in names)) == sorted(set(names))


@given(st.sampled_from(["dsb2018", "kidney_nuclei", "organ_tissue", "uw_madison"]))
def test_shards_are_numbered_from_0_without_gaps(config, dataset):
    listed = shard_lister(config, "{dataset}:{shard}")({"dataset": dataset})
    assert listed == [f"{dataset}:{k}" for k in range(config.datasets[dataset].shards)]
    assert set(listed) <= set(manifests(config, "{dataset}:{shard}"))
