"""Jobs are counted where they belong; the text says what was counted."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from segbench.explain.causes import Cause
from segbench.explain.costs import Hours
from segbench.explain.text import text_of
from unit.explain.jobs import RATE, estimate, explanation


def test_two_studies_share_a_job_and_it_is_paid_once():
    found = explanation(
        ("train", ["a", "b"], [RATE], "computed", estimate(2, 8, 2)),
        ("train", ["a"], [RATE], "computed", estimate(1, 4, 1)),
        ("predict", ["a", "b"], [], "open", estimate(0.5, 1, 0.5)),
        ("score", ["b"], [], "restored", estimate(9, 9, 9)),
        ("report", [], [RATE], "computed", None),
    )
    a, b, total = found.studies["a"].total, found.studies["b"].total, found.total.total
    assert (a.jobs, b.jobs, total.jobs) == (3, 3, 5)
    assert a.will_run.expected == Hours(3, 12, 3)
    assert b.will_run.expected == Hours(2, 8, 2)
    assert total.will_run == estimate(3, 12, 3)
    assert total.worst_case == estimate(3.5, 13, 3.5)
    assert (total.caused, total.unknown, total.fates["restored"]) == (3, 1, 1)
    assert found.studies["a"].causes == {RATE: {"train": 2}}
    assert found.others.causes == {RATE: {"report": 1}}
    assert list(found.studies["b"].stages) == ["train", "predict", "score"], "as they run"


FATES = st.sampled_from(["computed", "restored", "open"])
JOBS = st.tuples(
    st.sampled_from(["train", "score"]),
    st.sets(st.sampled_from("ab")),
    st.lists(st.sampled_from([RATE, Cause("new", "")]), unique=True),
    FATES,
    st.one_of(st.none(), st.integers(0, 9).map(lambda h: estimate(h, h, h))),
)


@given(st.lists(JOBS, min_size=1, max_size=8))
def test_what_is_counted_adds_up(jobs):
    found = explanation(*jobs)
    total = found.total.total
    assert total.jobs == len(jobs) == sum(total.fates.values())
    assert total.will_run.expected.gpu <= total.worst_case.expected.gpu
    assert total.worst_case.high == sum(h.high for *_, f, h in jobs if h and f != "restored")
    assert total.unknown == sum(h is None and f != "restored" for *_, f, h in jobs)
    for name in "ab":
        counted = found.studies[name].total.jobs if name in found.studies else 0
        assert counted == sum(name in studies for _, studies, *_ in jobs)
    data = json.loads(json.dumps(found.as_dict()))
    assert len(data["jobs"]) == len(jobs)
    assert data["total"]["total"]["follow"] == sum(not causes for _, _, causes, *_ in jobs)
    assert "Total, each job once" in text_of(found)
