"""Folds that balance images which look alike."""

from __future__ import annotations

from collections import Counter

import pytest

from segbench.artefacts.appearance import write_appearance
from segbench.artefacts.samples import read_samples, write_samples
from segbench.config.dataset import Fixed, Protocol
from segbench.errors import SegbenchError
from segbench.folds.protocol import make_folds, with_appearance
from unit.folds.sheets import singles

BY_LOOK = Protocol(
    folds=3, stratify=True, stratify_by="appearance", validation=Fixed(by="fraction", fraction=0.2)
)


@pytest.fixture
def sheet(tmp_path):
    write_samples(singles(30, "one kind"), tmp_path / "samples.tsv")
    return tmp_path / "samples.tsv"


@pytest.fixture
def clusters(tmp_path):
    """Every fifth image looks different, which its stratum does not say."""
    looks = {f"s{n:03d}": int(n % 5 == 0) for n in range(30)}
    write_appearance(looks, looks, tmp_path / "appearance.tsv")
    return tmp_path / "appearance.tsv"


def mixes(path):
    """Clusters of what each fold tests."""
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return {fold: Counter(r[2] for r in rows if r[3] == fold and r[4] == "test") for fold in "012"}


def test_each_fold_tests_the_same_mix_of_looks(tmp_path, sheet, clusters):
    make_folds(sheet, BY_LOOK, tmp_path / "folds.tsv", clusters)
    mix = {"appearance-0": 8, "appearance-1": 2}
    assert mixes(tmp_path / "folds.tsv") == {"0": mix, "1": mix, "2": mix}


def test_clusters_are_not_looked_at_unless_asked_for(tmp_path, sheet, clusters):
    plain = BY_LOOK.model_copy(update={"stratify_by": "stratum"})
    make_folds(sheet, plain, tmp_path / "with.tsv", clusters)
    make_folds(sheet, plain, tmp_path / "without.tsv")
    assert (tmp_path / "with.tsv").read_bytes() == (tmp_path / "without.tsv").read_bytes()


def test_the_clusters_become_the_strata(sheet, clusters):
    strata = [row.stratum for row in with_appearance(read_samples(sheet), clusters)]
    assert strata[:6] == ["appearance-1", *["appearance-0"] * 4, "appearance-1"]


def test_no_clusters(tmp_path, sheet):
    with pytest.raises(SegbenchError, match="no clusters are given"):
        make_folds(sheet, BY_LOOK, tmp_path / "folds.tsv")
    assert not (tmp_path / "folds.tsv").exists()


def test_a_sample_in_no_cluster_is_named(tmp_path, sheet, clusters):
    clusters.write_text(clusters.read_text().replace("s007\t0\n", ""))
    with pytest.raises(SegbenchError, match="sample 's007' is in no cluster"):
        make_folds(sheet, BY_LOOK, tmp_path / "folds.tsv", clusters)
