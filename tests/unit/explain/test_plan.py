"""Which studies a job serves; in which order jobs run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.arms import Arm
from segbench.explain.plan import Arms, Planned, in_order, studies_of


def arm(model="unet", **changes):
    return {
        "dataset": "ccp",
        "preprocessing": "p",
        "augmentation": "none",
        "model": model,
        "seed": "0",
        "protocol": "cv",
        **changes,
    }


ONE = Arms((Arm(**arm()), Arm(**arm("other"))))
TWO = Arms((Arm(**arm()),), ensemble=True)
THREE = Arms((Arm(**arm(dataset="brats")),))
STUDIES = {"one": ONE, "two": TWO, "three": THREE}


@pytest.mark.parametrize(
    ("wildcards", "studies"),
    [
        ({"study": "two"}, ["two"]),
        ({"study": "gone"}, ["gone"]),
        ({"dataset": "ccp", "shard": "0"}, ["one", "two"]),
        ({"dataset": "brats"}, ["three"]),
        ({"dataset": "ccp", "protocol": "holdout"}, []),
        ({**arm("other"), "fold": "1"}, ["one"]),
        ({**arm(), "fold": "1"}, ["one"]),
        ({**arm(), "fold": "ensemble"}, ["two"]),
        ({}, []),
        ({"shard": "0"}, []),
    ],
)
def test_a_job_by_itself_serves_the_studies_of_its_arm(wildcards, studies):
    assert studies_of({0: wildcards}, {}, STUDIES) == {0: tuple(studies)}


def test_a_job_serves_those_that_need_it():
    train = {**arm(), "fold": "0"}
    wildcards = {
        0: {"dataset": "ccp"},
        1: train,
        2: {**arm(), "fold": "0"},
        3: {**arm(), "fold": "ensemble"},
        4: {"study": "one"},
        5: {"study": "two"},
        6: {},
    }
    followers = {0: [1], 1: [2, 3], 2: [4], 3: [5], 4: [6], 5: [6]}
    assert studies_of(wildcards, followers, STUDIES) == {
        0: ("one", "two"),
        1: ("one", "two"),
        2: ("one",),
        3: ("two",),
        4: ("one",),
        5: ("two",),
        6: (),
    }


def test_what_no_study_follows_serves_the_studies_of_its_arm():
    """The objects of a network that an ensemble asks for: training serves the same study."""
    describe = {**arm(), "fold": "ensemble"}
    wildcards = {0: {**arm(), "fold": "0"}, 1: describe}
    assert studies_of(wildcards, {0: [1]}, STUDIES) == {0: ("two",), 1: ("two",)}


def planned(number, makers, rule="r"):
    return Planned(number, rule, {"n": str(number)}, {}, makers={str(m): m for m in makers})


@given(st.randoms(use_true_random=False), st.integers(0, 12))
def test_makers_come_first_in_whatever_order_jobs_are_given(random, count):
    jobs = [planned(n, random.sample(range(n), random.randint(0, min(n, 3)))) for n in range(count)]
    first = in_order(jobs)
    shuffled = random.sample(jobs, count)
    assert in_order(shuffled) == first
    place = {job.number: position for position, job in enumerate(first)}
    assert sorted(place) == list(range(count))
    for job in jobs:
        assert all(place[maker] < place[job.number] for maker in job.makers.values())


def test_the_name_of_a_job():
    assert planned(3, [], "train").name == "train 3"
