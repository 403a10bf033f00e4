"""Who trains, who validates, and what the digest covers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.archives import ArchiveSet, ArchiveWriter
from segbench.artefacts.folds import Assignment, read_fold
from segbench.artefacts.folds import write_folds as write_rows
from segbench.config.model import Training
from segbench.errors import SegbenchError
from segbench.training.selection import has_objects, is_partial, select, selection_digest, share_of


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
    training, validation = select(ArchiveSet([archive]), read_fold(folds, 0))
    assert training == ["a", "a--fh"]
    assert validation == ["b"]


def test_a_test_sample_may_be_absent_others_may_not(write_archive, write_folds):
    archive = ArchiveSet([write_archive({"a": sample(1, "a")})])
    select(archive, read_fold(write_folds({"a": "train", "z": "test"}), 0))
    with pytest.raises(SegbenchError, match="'z' is in the folds but in no archive"):
        select(archive, read_fold(write_folds({"a": "train", "z": "validation"}), 0))


def test_nothing_to_train_on(write_archive, write_folds):
    archive = ArchiveSet([write_archive({"a": sample(1, "a")})])
    with pytest.raises(SegbenchError, match="no training samples"):
        select(archive, read_fold(write_folds({"a": "validation"}), 0))


def test_a_sample_without_a_role_takes_no_part(write_archive, write_folds):
    archive = ArchiveSet([write_archive({"a": sample(1, "a"), "b": sample(1, "b")})])
    assert select(archive, read_fold(write_folds({"a": "train"}), 0)) == (["a"], [])


def test_unknown_fold(amplified):
    with pytest.raises(SegbenchError, match="has no fold 3"):
        read_fold(amplified[1], 3)


@pytest.mark.parametrize("text", ["", "sample\tfold\n", "sample\tfold\na\t0\n"])
def test_not_a_table_of_folds(tmp_path, text):
    path = tmp_path / "folds.tsv"
    path.write_text(text)
    with pytest.raises(SegbenchError, match="has the columns"):
        read_fold(path, 0)


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


# --- parts of the training samples


@settings(max_examples=50)
@given(
    groups=st.sets(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=30),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_shares_are_nested_never_empty_and_as_large_as_said(groups, shares):
    small, large = sorted(shares)
    assert share_of(groups, small) <= share_of(groups, large) <= groups
    assert len(share_of(groups, small)) == max(1, int(small * len(groups) + 0.5))
    assert share_of(groups, 1.0) == groups
    assert share_of(sorted(groups) * 2, small) == share_of(groups, small)


def test_a_share_is_always_the_same():
    """By the digests of the names; a change here would change what is published."""
    assert share_of("abcdefgh", 0.5) == {"b", "c", "d", "f"}
    assert share_of("abcdefgh", 0.0) == {"d"}


def grouped(tmp_path, roles):
    """folds.tsv: sample -> (group, role)."""
    path = tmp_path / "grouped.tsv"
    write_rows([Assignment(0, n, group, "", role) for n, (group, role) in roles.items()], path)
    return path


def test_shares_are_of_groups_and_of_training_alone(tmp_path, write_archive):
    names = [f"{group}{k}" for group in "abcd" for k in range(3)]
    archive = ArchiveSet(
        [
            write_archive(
                {n: sample(1, n) for n in names} | {f"{n}--fh": sample(2, n) for n in names}
            )
        ]
    )
    roles = {n: (n[0], "validation" if n[0] == "d" else "train") for n in names}
    folds = read_fold(grouped(tmp_path, roles), 0)
    half = select(archive, folds, Training(share=0.67))
    kept = {name[0] for name in half.training}
    assert kept == share_of("abc", 0.67)
    assert len(half.training) == len(kept) * 3 * 2  # whole groups, with their copies
    assert half.validation == ["d0", "d1", "d2"]
    assert select(archive, folds, Training()) == select(archive, folds)


def test_empty_training_samples_are_dropped_by_record_or_label(write_archive, write_folds):
    empty, full = np.zeros((4, 4), np.uint8), np.ones((4, 4), np.uint8)
    image = np.zeros((4, 4, 1), np.uint8)
    archive = ArchiveSet(
        [
            write_archive(
                {"a": (image, empty, "a"), "b": (image, full, "b"), "c": (image, empty, "c")}
            )
        ]
    )
    folds = read_fold(write_folds({"a": "train", "b": "train", "c": "validation"}), 0)
    assert select(archive, folds, Training(empty_images="drop")) == (["b"], ["c"])
    assert select(archive, folds, Training()) == (["a", "b"], ["c"])
    folds = read_fold(write_folds({"a": "train", "c": "validation"}), 0)
    with pytest.raises(SegbenchError, match="all 1 training samples are empty"):
        select(archive, folds, Training(empty_images="drop"))


def test_the_record_is_believed_and_a_background_is_no_object(tmp_path):
    path = tmp_path / "r.zarr.zip"
    image, label = np.zeros((4, 4, 1), np.uint8), np.ones((4, 4), np.uint8)
    with ArchiveWriter(path, {"background": "sky", "classes": ["hat"]}) as writer:
        for name, classes in (("a", []), ("b", ["sky"]), ("c", ["hat", "sky"])):
            writer.add(name, {"image": image, "label": label}, {"classes": classes})
    archive = ArchiveSet([path])
    assert [has_objects(archive, name) for name in "abc"] == [False, False, True]


def test_samples_that_are_left_out_do_not_enter_the_digest(tmp_path, write_archive):
    roles = {"a": ("a", "train"), "b": ("b", "train"), "c": ("c", "validation")}
    folds = grouped(tmp_path, roles)
    (kept,) = share_of("ab", 0.5)
    other = ({"a", "b"} - {kept}).pop()
    training = Training(share=0.5)

    def made(changed):
        values = {n: sample(9 if n == changed else 1, n) for n in "abc"}
        return selection_digest([write_archive(values)], folds, 0, training)

    assert made(None) == made(other)
    assert made(None) != made(kept)
    assert made(None) != made("c")


def test_whether_something_was_not_annotated_is_in_the_records(tmp_path):
    path = tmp_path / "r.zarr.zip"
    arrays = {"image": np.zeros((4, 4, 1), np.uint8), "label": np.full((4, 4), 255, np.uint8)}
    with ArchiveWriter(path, {"classes": ["a", "b"]}) as writer:
        for name, record in {"a": {}, "b": {"ignored": True}, "c": {"annotated": ["a"]}}.items():
            writer.add(name, arrays, record)
    archive = ArchiveSet([path])
    assert [is_partial(archive, names) for names in ("a", "ab", "ac")] == [False, True, True]
    assert not has_objects(archive, "a"), "what was not annotated is no object"
