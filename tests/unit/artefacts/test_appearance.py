"""The clusters of images that look alike: read as they were written."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segbench.artefacts.appearance import read_appearance, write_appearance
from segbench.errors import SegbenchError
from unit.artefacts.texts import NAMES


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.integers(1, 6)), st.sets(NAMES))
def test_every_cluster_comes_back(tmp_path, clusters, more):
    samples = {*clusters, *more}
    write_appearance(clusters, samples, tmp_path / "a.tsv")
    assert read_appearance(tmp_path / "a.tsv") == {s: clusters.get(s) for s in samples}


def test_the_table_has_every_sample(tmp_path):
    write_appearance({"b": 2, "a": 1}, ["c", "b", "a"], tmp_path / "a.tsv")
    assert (tmp_path / "a.tsv").read_text() == "sample\tcluster\na\t1\nb\t2\nc\t\n"


def test_a_cluster_that_is_no_number(tmp_path):
    (tmp_path / "a.tsv").write_text("sample\tcluster\na\tred\n")
    with pytest.raises(SegbenchError, match="line 2: cluster is 'red'"):
        read_appearance(tmp_path / "a.tsv")
