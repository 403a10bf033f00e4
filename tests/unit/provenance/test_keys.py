"""A key depends on code, parameters, inputs and identity, and on nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from segbench.archives import ArchiveWriter
from segbench.provenance.keys import CachePolicy, Job, cache_policy_of, digest_input, work_key


@pytest.fixture
def job(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    return Job(
        {"one": [tmp_path / "a"], "many": [tmp_path / "a", tmp_path / "b"]},
        {"out": tmp_path / "out"},
        {"code": "c", "recipe": {"x": 1}},
        {"dataset": "d", "fold": "0", "model": "unet"},
        threads=1,
    )


def test_what_changes_the_key(job, tmp_path):
    first = work_key("train", job)
    for changed in (
        replace(job, params={**job.params, "code": "d"}),
        replace(job, params={**job.params, "recipe": {"x": 2}}),
        replace(job, wildcards={**job.wildcards, "fold": "1"}),
        replace(job, inputs={**job.inputs, "one": [tmp_path / "b"]}),
        replace(job, inputs={**job.inputs, "many": job.inputs["many"][::-1]}),
        replace(job, inputs={"one": job.inputs["one"]}),
    ):
        assert work_key("train", changed) != first
    assert work_key("predict", job) != first
    (tmp_path / "b").write_text("B")
    assert work_key("train", job) != first


def test_what_does_not_change_the_key(job, tmp_path):
    first = work_key("train", job)
    (tmp_path / "copy").write_text("a")
    for same in (
        replace(job, threads=8, devices=2, state=tmp_path),
        replace(job, wildcards={**job.wildcards, "model": "another name"}),
        replace(job, inputs={**job.inputs, "one": [tmp_path / "copy"]}),
        replace(job, outputs={"out": tmp_path / "elsewhere"}),
        replace(job, params=dict(reversed(job.params.items()))),
    ):
        assert work_key("train", same) == first


def test_a_selection_stands_for_the_file(job, tmp_path):
    selected = work_key("train", job, lambda _: {"many": "digest of a part"})
    assert selected != work_key("train", job)
    (tmp_path / "b").write_text("B")
    assert work_key("train", job, lambda _: {"many": "digest of a part"}) == selected
    (tmp_path / "a").write_text("A")
    assert work_key("train", job, lambda _: {"many": "digest of a part"}) != selected


def test_digests_may_be_known_without_reading(job):
    read = []
    work_key("train", job, digest=lambda path: read.append(path.name) or "x")
    assert read == ["a", "a", "b"]


def test_an_archive_is_known_by_its_own_digests(tmp_path):
    path = tmp_path / "x.zarr.zip"
    with ArchiveWriter(path, {}):
        pass
    whole = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest_input(path) != whole
    stored = path.rename(tmp_path / "object")
    assert digest_input(stored) == whole
    assert digest_input(stored, "x.zarr.zip") != whole


def test_one_input(job, tmp_path):
    assert job.input("one") == tmp_path / "a"
    with pytest.raises(ValueError, match="too many values"):
        job.input("many")


def test_the_policy_is_read_from_the_script(tmp_path):
    script = tmp_path / "rule.py"
    script.write_text("def f():\n    run(snakemake, work, stored=False)\n")
    assert cache_policy_of(script) == CachePolicy(False, None)
    script.write_text("def selection(job):\n    return {'a': 'b'}\n")
    policy = cache_policy_of(script)
    assert policy.stored
    assert policy.selection is not None
    assert policy.selection(None) == {"a": "b"}
