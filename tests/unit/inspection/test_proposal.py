"""What the config should say."""

from __future__ import annotations

from collections import Counter

import pytest

from segbench.inspection.labels import Labels
from segbench.inspection.pairs import pair
from segbench.inspection.proposal import Named, Proposal, of_nnunet, propose, sheet_in
from segbench.inspection.survey import survey
from unit.inspection.layouts import image, mask, nnunet, plain


def labels(*values, **more):
    return Labels(opened=3, pixels=Counter(dict.fromkeys(values, 9)), **more)


def proposed(root, found_labels):
    found = survey(root)
    return propose(found, pair(found.entries), found_labels)


@pytest.mark.parametrize(
    ("found", "classes", "ignore"),
    [
        (labels(0, 1), [Named("object", 1)], ()),
        (labels(0, 255), [Named("object", 1, ("255",))], ()),
        (labels(0, 1, 2), [Named("class 1", 1), Named("class 2", 2)], ()),
        (labels(0, 1, 255), [Named("object", 1)], ("255",)),
        (labels(0, 3, 7), [Named("class 3", 1, ("3",)), Named("class 7", 2, ("7",))], ()),
        (labels(0, 1, names={1: "liver"}), [Named("liver", 1)], ()),
        (labels(0, 0xE6194B, by_colour=True), [Named("object", 1, ("'#e6194b'",))], ()),
        (labels(*range(100)), [Named("object", 1)], ()),
    ],
)
def test_classes_of_the_labels(tmp_path, found, classes, ignore):
    plain(tmp_path)
    proposal = proposed(tmp_path, found)
    assert list(proposal.classes) == classes
    assert proposal.ignore == ignore
    assert proposal.task == "semantic"


def test_numbered_objects_are_instances(tmp_path):
    plain(tmp_path)
    assert proposed(tmp_path, labels(0, 1, 2, 3, 4, 5, numbered=3)).task == "instances"
    assert "if they number objects" in proposed(tmp_path, labels(0, 1, 2, 3)).why
    assert "if they number objects" not in proposed(tmp_path, labels(0, 1, 3)).why


def test_a_group_on_both_sides_of_a_split_is_no_group(tmp_path):
    for part, name in (("train", "p1_1"), ("train", "p1_2"), ("test", "p1_3"), ("test", "p2_1")):
        image(tmp_path / f"images/{part}/{name}.png", len(name))
        mask(tmp_path / f"masks/{part}/{name}.png")
    proposal = proposed(tmp_path, labels(0, 255))
    assert proposal.groups == ""
    assert proposal.tested
    assert proposal.sheet["test/p1_3"] == ("", "test")


@pytest.mark.parametrize(("channels", "expected"), [([1], "grey"), ([3], "rgb"), ([1, 3], "rgb")])
def test_one_recipe_takes_all_images(tmp_path, channels, expected):
    for k, count in enumerate(channels * 2):
        image(tmp_path / f"images/{k}.png", k, channels=count)
        mask(tmp_path / f"masks/{k}.png")
    assert proposed(tmp_path, labels(0, 255)).channels == expected


@pytest.mark.parametrize(
    ("size", "depth", "patch"),
    [((64, 72), 3, (64, 64)), ((70, 1000), 3, (64, 64)), ((30, 41), 3, (24, 40)),
     ((9, 20, 24), 2, (8, 20, 24)), ((3, 40, 40), 1, (2, 24, 24)), ((1, 9), 1, (1, 8))],
)  # fmt: skip
def test_a_patch_fits_into_the_smallest_image(size, depth, patch):
    proposal = Proposal(size=size)
    assert (proposal.depth, proposal.patch) == (depth, patch)


def test_the_shortest_sides_count(tmp_path):
    for k, size in enumerate([(64, 100), (90, 40), (70, 70)]):
        image(tmp_path / f"images/{k}.png", k, size=size)
        mask(tmp_path / f"masks/{k}.png")
    assert proposed(tmp_path, labels(0, 255)).size == (64, 40)


def test_nnunets_dataset_json_names_the_classes(tmp_path):
    nnunet(tmp_path)
    path = tmp_path / "Dataset001_Cells/dataset.json"
    proposal = of_nnunet(survey(tmp_path), path)
    assert [one.name for one in proposal.classes] == ["cell", "debris"]
    assert (proposal.format, proposal.task, proposal.count) == ("msd", "semantic", 6)
    path.write_text(path.read_text().replace('"cell": 1', '"whole": [1, 2], "ignore": 3'))
    proposal = of_nnunet(survey(tmp_path), path)
    assert [one.name for one in proposal.classes] == ["whole", "debris"]
    assert proposal.task == "overlapping"


def test_a_table_with_samples_is_a_sheet(tmp_path):
    (tmp_path / "notes.csv").write_text("image;value\na;1\n")
    assert sheet_in(tmp_path, ["notes.csv"]) == ""
    (tmp_path / "list.tsv").write_text("\ufeffsample\tgroup\na\tx\n", encoding="utf-8")
    assert sheet_in(tmp_path, ["notes.csv", "list.tsv"]) == "list.tsv"
