"""Jobs are counted where they belong; the text says what was counted."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from segbench.explain.causes import Cause
from segbench.explain.costs import Hours
from segbench.explain.plan import Planned
from segbench.explain.summary import summarise
from segbench.explain.text import text_of

RATE = Cause("parameter", "training.optimizer.learning_rate", "model unet", "0.001", "0.0005")


def explanation(*jobs):
    """From (rule, studies, causes, fate, hours) of each job."""
    planned = [
        Planned(n, rule, {"fold": str(n)}, {}, outputs={"a": f"{rule}-{n}"}, studies=tuple(studies))
        for n, (rule, studies, *_) in enumerate(jobs)
    ]
    columns = [dict(enumerate(column)) for column in zip(*(job[2:] for job in jobs), strict=True)]
    return summarise(planned, *(columns or ({}, {}, {})))


def test_two_studies_share_a_job_and_it_is_paid_once():
    found = explanation(
        ("train", ["a", "b"], [RATE], "computed", Hours(2, 8, 2)),
        ("train", ["a"], [RATE], "computed", Hours(1, 4, 1)),
        ("predict", ["a", "b"], [], "open", Hours(0.5, 1, 0.5)),
        ("score", ["b"], [], "restored", Hours(9, 9, 9)),
        ("report", [], [RATE], "computed", None),
    )
    a, b, total = found.studies["a"].total, found.studies["b"].total, found.total.total
    assert (a.jobs, b.jobs, total.jobs) == (3, 3, 5)
    assert a.surely == Hours(3, 12, 3)
    assert b.surely == Hours(2, 8, 2)
    assert total.surely == Hours(3, 12, 3)
    assert total.at_most == Hours(3.5, 13, 3.5)
    assert (total.caused, total.unknown, total.fates["restored"]) == (3, 1, 1)
    assert found.studies["a"].causes == {RATE: {"train": 2}}
    assert found.others.causes == {RATE: {"report": 1}}
    assert list(found.studies["b"].stages) == ["train", "predict", "score"], "as they run"


TEXT = """\
Study a: 3 jobs
  because
    parameter training.optimizer.learning_rate of model unet: 0.001 -> 0.0005 (train 2 jobs)
  stage    jobs  caused  follow  computed  at most  restored     GPU   CPU
  train       2       2       -         2        -         -     3 h  12 h
  predict     1       -       1         -        1         -  30 min   1 h
  computed for sure: 3 GPU-hours, 12 CPU-hours; 3 hours one after another
  at most, if nothing turns out the same: 3.5 GPU-hours, 13 CPU-hours; 3.5 hours one after another

Of no single study: 2 jobs
  because
    they follow other jobs
  stage  jobs  caused  follow  computed  at most  restored  GPU  CPU
  index     1       -       1         -        -         1    0    0
  draw      1       -       1         1        -         -    ?    ?
  computed for sure: 0 GPU-hours, 0 CPU-hours; 0 hours one after another
  restored from the store, at no cost: 1 job
  not in these sums: 1 job, nothing like it is recorded

In all, each job once: 5 jobs
  computed for sure: 3 GPU-hours, 12 CPU-hours; 3 hours one after another
  at most, if nothing turns out the same: 3.5 GPU-hours, 13 CPU-hours; 3.5 hours one after another
  restored from the store, at no cost: 1 job
  not in these sums: 1 job, nothing like it is recorded
"""


def test_the_text():
    found = explanation(
        ("train", ["a"], [RATE], "computed", Hours(2, 8, 2)),
        ("train", ["a"], [RATE], "computed", Hours(1, 4, 1)),
        ("predict", ["a"], [], "open", Hours(0.5, 1, 0.5)),
        ("index", [], [], "restored", None),
        ("draw", [], [], "computed", None),
    )
    assert text_of(found) == TEXT


def test_nothing():
    assert text_of(explanation()) == "Nothing to be done.\n"
    assert explanation().as_dict()["total"]["total"]["jobs"] == 0


def test_many_causes_of_one_kind_are_cut():
    causes = [Cause("raw file", f"{n:02}.png", "m.tsv", "1", "2") for n in range(30)]
    text = text_of(explanation(("index", ["a"], causes, "computed", None)))
    assert "07.png" in text
    assert "08.png" not in text
    assert "... and 22 more like these (index 1 job)" in text


def test_several_studies_are_explained():
    two = explanation(("train", ["a", "b"], [RATE], "computed", Hours()))
    assert text_of(two).endswith("A job that serves several studies is counted in each of them.\n")


FATES = st.sampled_from(["computed", "restored", "open"])
JOBS = st.tuples(
    st.sampled_from(["train", "score"]),
    st.sets(st.sampled_from("ab")),
    st.lists(st.sampled_from([RATE, Cause("new", "")]), unique=True),
    FATES,
    st.one_of(st.none(), st.integers(0, 9).map(lambda h: Hours(h, h, h))),
)


@given(st.lists(JOBS, min_size=1, max_size=8))
def test_what_is_counted_adds_up(jobs):
    found = explanation(*jobs)
    total = found.total.total
    assert total.jobs == len(jobs) == sum(total.fates.values())
    assert total.surely.gpu <= total.at_most.gpu
    assert total.at_most.wall == sum(h.wall for *_, f, h in jobs if h and f != "restored")
    assert total.unknown == sum(h is None and f != "restored" for *_, f, h in jobs)
    for name in "ab":
        counted = found.studies[name].total.jobs if name in found.studies else 0
        assert counted == sum(name in studies for _, studies, *_ in jobs)
    data = json.loads(json.dumps(found.as_dict()))
    assert len(data["jobs"]) == len(jobs)
    assert data["total"]["total"]["follow"] == sum(not causes for _, _, causes, *_ in jobs)
    assert "In all" in text_of(found)
