from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from segbench.archives import ArchiveWriter
from segbench.artefacts.folds import Assignment, write_folds
from segbench.artefacts.samples import Sample, write_samples
from segbench.config.dataset import Fixed, Protocol
from segbench.errors import SegbenchError
from segbench.folds.leaks import check_leaks
from segbench.folds.protocol import assign_roles
from unit.folds.sheets import (
    random_protocols,
    random_sheets,
    singles,
)

TWO = [Sample("a", "one", image_sha256="1"), Sample("b", "two", image_sha256="2")]


def rows(*texts: str) -> list[Assignment]:
    """ "FOLD SAMPLE GROUP ROLE" for each row."""
    fields = [text.split() for text in texts]
    return [Assignment(int(f), s, g, "", r) for f, s, g, r in fields]


def archive(path, records: dict[str, str | None]):
    """An archive whose samples say that they were made from these sources."""
    with ArchiveWriter(path, {"stage": "amplify"}) as writer:
        for name, source in records.items():
            writer.add(name, {"label": np.zeros((2, 2), np.uint8)}, {"source": source})
    return path


def check(tmp_path, samples, assignments, archives=()):
    sheet, folds = tmp_path / "samples.tsv", tmp_path / "folds.tsv"
    write_samples(samples, sheet)
    write_folds(assignments, folds)
    verdict = tmp_path / "verdict.json"
    verdict.unlink(missing_ok=True)
    check_leaks(folds, sheet, archives, verdict)
    return json.loads(verdict.read_text())


def refused(tmp_path, samples, assignments, archives=()) -> SegbenchError:
    with pytest.raises(SegbenchError) as caught:
        check(tmp_path, samples, assignments, archives)
    assert not (tmp_path / "verdict.json").exists()
    return caught.value


def test_the_verdict(tmp_path):
    samples = [*TWO, Sample("c", "three"), Sample("d", "two")]
    prep = archive(tmp_path / "0.zarr.zip", {"a": "a", "a--r090": "a", "a--r180": "a"})
    more = archive(tmp_path / "1.zarr.zip", {"b": "b"})
    verdict = check(
        tmp_path,
        samples,
        rows("0 a one train", "0 b two test", "0 c three validation"),
        [prep, more],
    )
    assert verdict == {
        "verdict": "clean",
        "scheme": "hold-out",
        "checked": {
            "samples": 4,
            "groups": 3,
            "folds": 1,
            "rows": 3,
            "archives": 2,
            "archived_samples": 2,
            "copies": 2,
        },
        "roles": [{"fold": 0, "train": 1, "validation": 1, "test": 1}],
        "left_out": ["d"],
    }


def test_cross_validation_is_recognised(tmp_path):
    folds = assign_roles(singles(9), Protocol(folds=3))
    verdict = check(tmp_path, singles(9), folds)
    assert verdict["scheme"] == "cross-validation"
    assert verdict["left_out"] == []
    assert verdict["roles"][2] == {"fold": 2, "train": 5, "validation": 1, "test": 3}


def test_a_group_in_two_roles_names_samples_group_and_fold(tmp_path):
    samples = [*TWO, Sample("c", "two", image_sha256="3")]
    error = refused(tmp_path, samples, rows("0 a one train", "0 b two test", "0 c two validation"))
    assert "LEAK" in error.what
    assert (
        "fold 0: samples 'b' (test, group 'two') and 'c' (validation, group 'two'), both of "
        "group 'two'" in error.what
    )


def test_equal_images_in_two_roles(tmp_path):
    samples = [TWO[0], replace(TWO[1], image_sha256="1")]
    error = refused(tmp_path, samples, rows("0 a one train", "0 b two test"))
    assert "both with the image of SHA-256 '1', have different roles" in error.what


def test_unknown_digests_are_not_equal(tmp_path):
    samples = [replace(row, image_sha256="") for row in TWO]
    verdict = check(tmp_path, samples, rows("0 a one train", "0 b two test"))
    assert verdict["verdict"] == "clean"


def test_equal_images_may_change_roles_together_between_folds(tmp_path):
    samples = [*TWO, Sample("c", "two", image_sha256="2")]
    folds = rows(
        "0 a one train",
        "0 b two test",
        "0 c two test",
        "1 a one test",
        "1 b two train",
        "1 c two train",
    )
    assert check(tmp_path, samples, folds)["scheme"] == "cross-validation"


def test_a_sample_never_tested_in_cross_validation(tmp_path):
    folds = rows("0 a one train", "0 b two test", "1 a one test", "1 b two train")
    error = refused(tmp_path, [*TWO, Sample("c", "three")], folds)
    assert "sample 'c' (group 'three') is tested 0 times, in folds []" in error.what


def test_a_sample_tested_twice_in_cross_validation(tmp_path):
    folds = rows(
        "0 a one train",
        "0 b two test",
        "0 c three train",
        "1 a one train",
        "1 b two test",
        "1 c three test",
    )
    error = refused(tmp_path, [*TWO, Sample("c", "three")], folds)
    assert "sample 'a' (group 'one') is tested 0 times" in error.what


def test_one_sample_with_two_roles(tmp_path):
    error = refused(tmp_path, TWO, rows("0 a one train", "0 b two test", "0 b two train"))
    assert "sample 'b' is both test and train in fold 0" in error.what


def test_another_group_than_the_sheets(tmp_path):
    error = refused(tmp_path, TWO, rows("0 a one train", "0 b three test"))
    assert "sample 'b' of group 'three', which is in group 'two'" in error.what


def test_a_sample_the_sheet_does_not_have(tmp_path):
    error = refused(tmp_path, TWO, rows("0 a one train", "0 z two test"))
    assert "sample 'z' of group 'two', which is unknown" in error.what


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (rows("0 a one train", "0 b two train"), "fold 0 has no sample for test"),
        (rows("0 a one test"), "fold 0 has no sample for train"),
        (rows("0 a one train", "0 b two tset"), "role 'tset'"),
        (rows("1 a one train", "1 b two test"), "folds [1]"),
        ([], "folds []"),
    ],
)
def test_folds_that_are_not_folds(tmp_path, assignments, message):
    assert message in refused(tmp_path, TWO, assignments).what


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ({"a--r090": "lost"}, "'a--r090' was made from 'lost', which the sample sheet does"),
        ({"a--r090": None}, "'a--r090' was made from None"),
        (
            {"b": "a"},
            "the record of 'b', which is a sample of group 'two', names 'a' (group 'one')",
        ),
        ({"b--r090": "a"}, "the record of 'b--r090' names 'a' (group 'one') as its source"),
    ],
)
def test_copies_that_could_cross(tmp_path, records, message):
    path = archive(tmp_path / "0.zarr.zip", records)
    folds = rows("0 a one train", "0 b two test")
    error = refused(tmp_path, TWO, folds, [path])
    assert message in error.what
    assert "0.zarr.zip" in error.what


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random_sheets(), random_protocols())
def test_folds_that_were_made_are_always_clean(tmp_path, samples, protocol):
    try:
        folds = assign_roles(samples, protocol)
    except SegbenchError:
        assume(False)
    verdict = check(tmp_path, samples, folds)
    assert verdict["verdict"] == "clean"
    # Only where the publisher cut through a group may a sample be without a role.
    if protocol.test.by != "publisher":
        assert verdict["left_out"] == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random_sheets(), random_protocols(), st.data())
def test_folds_in_which_one_sample_leaves_its_group_always_fail(tmp_path, samples, protocol, data):
    try:
        folds = assign_roles(samples, protocol)
    except SegbenchError:
        assume(False)
    shared = [
        n
        for n, row in enumerate(folds)
        if sum(o.fold == row.fold and o.group == row.group for o in folds) > 1
    ]
    assume(shared)
    place = data.draw(st.sampled_from(shared))
    other = data.draw(
        st.sampled_from(sorted({"train", "validation", "test"} - {folds[place].role}))
    )
    folds[place] = replace(folds[place], role=other)
    refused(tmp_path, samples, folds)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(2, 4), st.integers(0, 5), st.data())
def test_cross_validation_with_a_test_row_moved_or_lost_always_fails(tmp_path, count, seed, data):
    samples = singles(9)
    folds = assign_roles(
        samples, Protocol(folds=count, seed=seed, validation=Fixed(by="count", count=1))
    )
    tested = [n for n, row in enumerate(folds) if row.role == "test"]
    place = data.draw(st.sampled_from(tested))
    if data.draw(st.booleans()):
        folds[place] = replace(folds[place], role="train")
    else:
        del folds[place]
    refused(tmp_path, samples, folds)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random_sheets(), random_protocols(), st.data())
def test_equal_images_in_two_groups_are_found_wherever_their_roles_differ(
    tmp_path, samples, protocol, data
):
    try:
        folds = assign_roles(samples, protocol)
    except SegbenchError:
        assume(False)
    role = {(row.fold, row.sample): row.role for row in folds}
    pairs = sorted(
        (a.sample, b.sample)
        for a in folds
        for b in folds
        if a.fold == b.fold == 0 and a.role != b.role and a.sample < b.sample
    )
    assume(pairs)
    first, second = data.draw(st.sampled_from(pairs))
    assert role[0, first] != role[0, second]
    twins = [
        replace(row, image_sha256="equal") if row.sample in (first, second) else row
        for row in samples
    ]
    assert "image of SHA-256 'equal'" in refused(tmp_path, twins, folds).what


def test_the_verdict_is_the_same_bytes_again(tmp_path):
    folds = assign_roles(singles(9), Protocol(folds=3))
    check(tmp_path, singles(9), folds)
    first = (tmp_path / "verdict.json").read_bytes()
    check(tmp_path, singles(9)[::-1], folds[::-1])
    assert (tmp_path / "verdict.json").read_bytes() == first
