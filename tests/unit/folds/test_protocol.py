from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings

from segbench.artefacts.samples import Sample, write_samples
from segbench.config.dataset import Fixed, Protocol
from segbench.errors import SegbenchError
from segbench.folds.protocol import assign_roles, make_folds
from unit.folds.sheets import by_role, singles, sizes

PUBLISHER = Fixed(by="publisher")
NONE = Fixed()


def count(n: int) -> Fixed:
    return Fixed(by="count", count=n)


def fraction(x: float) -> Fixed:
    return Fixed(by="fraction", fraction=x)


def kidney() -> list[Sample]:
    """The make-up of the published kidney set: 49 tiles, 16 blank ones, 7 for testing."""
    return (
        singles(49, "nuclei", prefix="t")
        + singles(16, "blank", prefix="z")
        + singles(7, "nuclei", split="test", prefix="x")
    )


def test_the_published_kidney_protocol():
    rows = assign_roles(kidney(), Protocol(test=PUBLISHER, validation=count(5)))
    assert sizes(rows) == {"train": 60, "validation": 5, "test": 7}
    assert by_role(rows)["test"] == [f"x{n:03d}" for n in range(7)]


def test_the_kidney_protocol_stratified_keeps_the_share_of_blanks():
    rows = assign_roles(kidney(), Protocol(test=PUBLISHER, validation=count(5), stratify=True))
    assert [name[0] for name in by_role(rows)["validation"]] == ["t"] * 4 + ["z"]


def test_cross_validation_tests_each_sample_once():
    rows = assign_roles(singles(20), Protocol(folds=5, validation=fraction(0.25)))
    tested = [row.sample for row in rows if row.role == "test"]
    assert sorted(tested) == [f"s{n:03d}" for n in range(20)]
    for fold in range(5):
        assert sizes(rows, fold) == {"train": 12, "validation": 4, "test": 4}


def test_cross_validation_without_validation():
    rows = assign_roles(singles(6), Protocol(folds=3, validation=NONE))
    assert sizes(rows, 2) == {"train": 4, "test": 2}


def test_cross_validation_draws_other_validation_samples_in_each_fold():
    rows = assign_roles(singles(20), Protocol(folds=4, validation=count(5)))
    drawn = [row.sample for row in rows if row.role == "validation"]
    # The last folds may find that some of those never drawn are tested on.
    assert len(drawn) == 20
    assert len(set(drawn)) >= 16


def test_hold_out_by_count_and_by_fraction():
    rows = assign_roles(singles(10), Protocol(test=count(3), validation=fraction(0.3)))
    assert sizes(rows) == {"train": 5, "validation": 2, "test": 3}
    rows = assign_roles(singles(10), Protocol(test=fraction(0.35), validation=NONE))
    assert sizes(rows) == {"train": 6, "test": 4}


def test_a_small_fraction_is_one_sample():
    rows = assign_roles(singles(10), Protocol(test=fraction(0.01), validation=NONE))
    assert sizes(rows) == {"train": 9, "test": 1}


def test_several_folds_with_one_test_set_are_validation_folds():
    rows = assign_roles(kidney(), Protocol(test=PUBLISHER, folds=5, validation=NONE))
    for fold in range(5):
        assert sizes(rows, fold) == {"train": 52, "validation": 13, "test": 7}
    validated = [row.sample for row in rows if row.role == "validation"]
    assert len(validated) == len(set(validated)) == 65


def test_several_folds_with_a_count_draw_disjoint_validation_sets_as_long_as_they_can():
    rows = assign_roles(kidney(), Protocol(test=PUBLISHER, folds=13, validation=count(5)))
    validated = [row.sample for row in rows if row.role == "validation"]
    assert len(set(validated)) == 65


def test_the_test_set_is_the_same_in_all_folds():
    rows = assign_roles(singles(12), Protocol(test=count(4), folds=2, validation=NONE))
    assert by_role(rows, 0)["test"] == by_role(rows, 1)["test"]
    assert by_role(rows, 0)["train"] == by_role(rows, 1)["validation"]


def test_training_samples_of_a_group_that_is_tested_on_have_no_role():
    rows = [
        Sample("a", "one", "train"),
        Sample("b", "one", "test"),
        Sample("c", "two", "train"),
        Sample("d", "three", "train"),
    ]
    protocol = Protocol(test=PUBLISHER, validation=count(1))
    roles = by_role(assign_roles(rows, protocol))
    assert roles["test"] == ["b"]
    assert sorted(roles["train"] + roles["validation"]) == ["c", "d"]


def test_groups_never_part():
    rows = [Sample(f"{g}{m}", g) for g in "abcdef" for m in range(3)]
    for row_set in (
        assign_roles(rows, Protocol(folds=3, validation=count(3))),
        assign_roles(rows, Protocol(test=count(6), folds=2, validation=fraction(0.2))),
    ):
        for fold in (0, 1):
            for samples in by_role(row_set, fold).values():
                assert len(samples) == 3 * len({name[0] for name in samples})


def test_stratified_folds():
    rows = singles(20, "grey", prefix="g") + singles(10, "purple", prefix="p")
    folds = assign_roles(rows, Protocol(folds=5, stratify=True, validation=fraction(0.25)))
    for fold in range(5):
        roles = by_role(folds, fold)
        assert [name[0] for name in roles["test"]] == ["g"] * 4 + ["p"] * 2
        assert [name[0] for name in roles["validation"]] == ["g"] * 4 + ["p"] * 2


def test_the_order_of_the_rows_does_not_matter_but_the_seed_does():
    rows = singles(30)
    shuffled = random.Random(1).sample(rows, 30)
    protocol = Protocol(folds=3)
    assert assign_roles(rows, protocol) == assign_roles(shuffled, protocol)
    assert assign_roles(rows, protocol) != assign_roles(
        rows, protocol.model_copy(update={"seed": 1})
    )


@settings(max_examples=30)
@given(removed=...)
def test_removing_a_sample_moves_no_other_between_test_and_rest_by_more_than_one(removed: int):
    rows = singles(40)
    less = rows[: removed % 40] + rows[removed % 40 + 1 :]
    protocol = Protocol(test=count(10), validation=NONE)
    before = set(by_role(assign_roles(rows, protocol))["test"])
    after = set(by_role(assign_roles(less, protocol))["test"])
    assert len(before - after) <= 1


def test_the_file(tmp_path):
    sheet = tmp_path / "samples.tsv"
    write_samples(singles(4, "grey"), sheet)
    make_folds(sheet, Protocol(test=count(1), validation=count(1)), tmp_path / "folds.tsv")
    text = (tmp_path / "folds.tsv").read_text()
    lines = text.splitlines()
    assert lines[0] == "sample\tgroup\tstratum\tfold\trole"
    assert [line.split("\t")[:4] for line in lines[1:]] == [
        [f"s{n:03d}", f"s{n:03d}", "grey", "0"] for n in range(4)
    ]
    roles = sorted(line.split("\t")[4] for line in lines[1:])
    assert roles == ["test", "train", "train", "validation"]
    make_folds(sheet, Protocol(test=count(1), validation=count(1)), tmp_path / "again.tsv")
    assert (tmp_path / "again.tsv").read_text() == text


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        (Protocol(folds=7), "6 groups cannot fill 7 folds"),
        (Protocol(test=PUBLISHER), "fold 0 has no sample for test"),
        (Protocol(test=count(6)), "cannot take 6 (count) of 6 samples for test"),
        (Protocol(test=count(60)), "cannot take 60 (count) of 6 samples for test"),
        (Protocol(test=fraction(1.0)), "cannot take 1 (fraction) of 6 samples for test"),
        (Protocol(test=fraction(0.0)), "cannot take 0 (fraction) of 6 samples for test"),
        (Protocol(folds=3, validation=count(4)), "cannot take 4 (count) of 4 samples for valid"),
        (Protocol(test=count(3), folds=4, validation=NONE), "3 groups cannot fill 4 folds"),
    ],
)
def test_what_cannot_be_is_refused(protocol, message):
    with pytest.raises(SegbenchError) as caught:
        assign_roles(singles(6), protocol, "samples.tsv")
    assert message in str(caught.value)
    assert "samples.tsv" in caught.value.what


def test_a_count_that_whole_groups_cannot_give():
    rows = [Sample(f"{g}{m}", g) for g in "abc" for m in range(2)]
    with pytest.raises(SegbenchError, match=r"3 whole groups of 2 sample\(s\)"):
        assign_roles(rows, Protocol(test=count(3), validation=NONE))


def test_a_fraction_is_as_near_as_whole_groups_allow():
    rows = [Sample(f"{g}{m}", g) for g in "abcde" for m in range(2)]
    roles = sizes(assign_roles(rows, Protocol(test=fraction(0.35), validation=NONE)))
    assert roles == {"train": 6, "test": 4}


def test_a_single_group_cannot_be_split():
    rows = [Sample(f"s{n}", "only") for n in range(5)]
    with pytest.raises(SegbenchError, match="1 whole groups of 5"):
        assign_roles(rows, Protocol(test=fraction(0.5), validation=NONE))


def test_all_samples_in_the_publishers_test_set():
    rows = singles(3, split="test")
    with pytest.raises(SegbenchError, match="for validation with 0 whole groups of no samples"):
        assign_roles(rows, Protocol(test=PUBLISHER))
    with pytest.raises(SegbenchError, match="fold 0 has no sample for train"):
        assign_roles(rows, Protocol(test=PUBLISHER, validation=NONE))


def test_an_error_of_validation_names_what_was_joined_to_the_test_set():
    rows = [Sample("a", "b", joined="identical picture: sample b"), Sample("b", "b", "test")]
    rows.append(Sample("c", "c"))
    for validation in (count(1), NONE):
        with pytest.raises(SegbenchError) as caught:
            assign_roles(rows, Protocol(test=PUBLISHER, validation=validation, folds=2))
        assert "joined to other groups: a in group b (identical picture" in caught.value.what


def test_errors_of_too_few_groups_name_what_was_joined():
    rows = [Sample(f"s{n}", "s0", joined=f"identical picture: sample s{n - 1}") for n in range(9)]
    rows[0] = replace(rows[0], joined="")
    said = "; joined to other groups: s1 in group s0 (identical picture: sample s0), s2 in group"
    for protocol, message in (
        (Protocol(folds=2), "1 groups cannot fill 2 folds"),
        (Protocol(test=count(3), validation=NONE), "1 whole groups of 9 sample(s)"),
    ):
        with pytest.raises(SegbenchError) as caught:
            assign_roles(rows, protocol, "samples.tsv")
        assert message + said in caught.value.what
        assert caught.value.what.endswith(" and 3 more, see the column joined")


def test_a_test_group_that_took_all_training_samples_names_the_join():
    rows = [Sample("a", "b", joined="identical picture: sample b"), Sample("b", "b", "test")]
    with pytest.raises(SegbenchError) as caught:
        assign_roles(rows, Protocol(test=PUBLISHER, validation=NONE))
    assert caught.value.what.endswith(
        "fold 0 has no sample for train; joined to other groups: a in group b (identical "
        "picture: sample b)"
    )
