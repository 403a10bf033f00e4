"""Who trains, who validates, and what the digest covers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from segbench.archives import ArchiveSet
from segbench.errors import SegbenchError
from segbench.training import selection_digest
from segbench.training.selection import read_roles, select


def sample(value, source):
    return np.full((4, 4, 1), value, np.uint8), np.zeros((4, 4), np.uint8), source


@pytest.fixture
def amplified(write_archive, write_folds):
    """Two sources with a copy each, and a test image."""
    archive = write_archive(
        {
            "a": sample(1, "a"),
            "a--fh": sample(2, "a"),
            "b": sample(3, "b"),
            "b--fh": sample(4, "b"),
            "c": sample(5, "c"),
        }
    )
    return archive, write_folds({"a": "train", "b": "validation", "c": "test"})


def test_copies_go_by_their_source_and_validation_takes_originals(amplified):
    archive, folds = amplified
    training, validation = select(ArchiveSet([archive]), read_roles(folds, 0))
    assert training == ["a", "a--fh"]
    assert validation == ["b"]


def test_a_test_sample_may_be_absent_others_may_not(write_archive, write_folds):
    archive = ArchiveSet([write_archive({"a": sample(1, "a")})])
    select(archive, read_roles(write_folds({"a": "train", "z": "test"}), 0))
    with pytest.raises(SegbenchError, match="'z' is in the folds but in no archive"):
        select(archive, read_roles(write_folds({"a": "train", "z": "validation"}), 0))


def test_nothing_to_train_on(write_archive, write_folds):
    archive = ArchiveSet([write_archive({"a": sample(1, "a")})])
    with pytest.raises(SegbenchError, match="no training samples"):
        select(archive, read_roles(write_folds({"a": "validation"}), 0))


def test_a_sample_without_a_role_takes_no_part(write_archive, write_folds):
    archive = ArchiveSet([write_archive({"a": sample(1, "a"), "b": sample(1, "b")})])
    assert select(archive, read_roles(write_folds({"a": "train"}), 0)) == (["a"], [])


def test_unknown_fold(amplified):
    with pytest.raises(SegbenchError, match="has no fold 3"):
        read_roles(amplified[1], 3)


@pytest.mark.parametrize("text", ["", "sample\tfold\n", "sample\tfold\na\t0\n"])
def test_not_a_table_of_folds(tmp_path, text):
    path = tmp_path / "folds.tsv"
    path.write_text(text)
    with pytest.raises(SegbenchError, match="no column"):
        read_roles(path, 0)


def digest(write_archive, folds, changes=(), **attributes):
    samples = {"a": sample(1, "a"), "b": sample(3, "b"), "c": sample(5, "c")}
    samples |= dict(changes)
    return selection_digest([write_archive(samples, **attributes)], folds, 0)


def test_digest_changes_with_what_is_read_and_only_with_it(write_archive, write_folds):
    folds = write_folds({"a": "train", "b": "validation", "c": "test"})
    first = digest(write_archive, folds)
    assert first == digest(write_archive, folds)
    assert first == digest(write_archive, folds, {"c": sample(9, "c")})  # test image
    assert first != digest(write_archive, folds, {"a": sample(9, "a")})
    assert first != digest(write_archive, folds, {"b": sample(9, "b")})
    assert first != digest(write_archive, folds, image_scale=1.0)
    assert first != digest(
        write_archive, write_folds({"a": "validation", "b": "train", "c": "test"})
    )


def test_digest_does_not_depend_on_the_cut_into_shards(write_archive, write_folds):
    folds = write_folds({"a": "train", "b": "validation"})
    one = write_archive({"a": sample(1, "a"), "b": sample(3, "b")}, name="one")
    parts = [write_archive({n: sample(v, n)}, name=n) for n, v in (("a", 1), ("b", 3))]
    assert selection_digest([one], folds, 0) == selection_digest(parts, folds, 0)


def test_the_digest_does_not_wait_for_keras():
    code = "import sys, segbench.training, segbench.models; print('keras' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "False"
