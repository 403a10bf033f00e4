"""A job costs what it cost before, or what its like cost; nothing is invented."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.explain.costs import Hours, Ledger, gpus_of, hours_of
from segbench.explain.plan import Planned


def cost(hours, gpu=None, **more):
    return {"stage": "train", "wall_s": hours * 3600, "cpu_s": hours * 7200, "gpu": gpu, **more}


@pytest.mark.parametrize(
    ("found", "gpus"),
    [
        (cost(1), 0),
        (cost(1, {"name": "A100"}), 1),
        (cost(1, {"devices": 8}), 8),
        (cost(1, {"devices": 8}, asked={"threads": 1}), 8),
        (cost(1, {"devices": 8}, asked={"gpu": 2}), 2),
        (cost(1, {"devices": 8}, asked={"gpu": 0}), 0),
        (cost(1, {"devices": 8}, asked=None), 8),
        (cost(1, {"devices": 1}, stage="score"), 0),
        (cost(1, None, asked={"gpu": 2}), 0),
    ],
)
def test_gpus(found, gpus):
    assert gpus_of(found) == gpus
    assert hours_of(found) == Hours(1.0, 2.0, float(gpus))


@pytest.mark.parametrize(
    "bad", [{}, {"wall_s": 1}, {"wall_s": None, "cpu_s": 1}, [], {"wall_s": "x"}]
)
def test_a_cost_that_does_not_say_is_not_known(bad):
    assert hours_of(bad) is None


def record(hours, **wildcards):
    return {"wildcards": {"dataset": "ccp", **wildcards}, "cost": cost(hours)}


def ledger(*records, own=None):
    return Ledger(lambda _: own, lambda rule: records if rule == "train" else [])


def job(rule="train", outputs=None, **wildcards):
    return Planned(0, rule, {"dataset": "ccp", **wildcards}, {}, outputs=outputs or {})


def test_its_own_last_run_comes_first():
    assert ledger(record(9, model="u"), own=record(1)).hours(job(model="u")).wall == 1


def test_else_the_cost_beside_its_outputs(tmp_path):
    (tmp_path / "c.json").write_text(json.dumps(cost(3)))
    assert ledger(record(9)).hours(job(outputs={"cost": str(tmp_path / "c.json")})).wall == 3
    (tmp_path / "c.json").write_text("{")
    assert ledger(record(9)).hours(job(outputs={"cost": str(tmp_path / "c.json")})).wall == 9
    assert ledger(record(9)).hours(job(outputs={"cost": str(tmp_path / "none")})).wall == 9


def test_else_the_median_of_those_that_share_most():
    others = [
        record(1, model="u", preprocessing="p", fold="0"),
        record(2, model="u", preprocessing="p", fold="1"),
        record(30, model="u", preprocessing="p", fold="2"),
        record(100, model="v", preprocessing="p", fold="3"),
        record(200, model="v", preprocessing="q", fold="3"),
    ]
    book = ledger(*others)
    assert book.hours(job(model="u", preprocessing="p", fold="3")).wall == 2
    assert book.hours(job(model="u", preprocessing="x", fold="9")).wall == 2
    assert book.hours(job(model="v", preprocessing="q", fold="9")).wall == 200
    assert book.hours(job(model="w", preprocessing="p", fold="3")).wall == 16
    assert book.hours(job(model="w", preprocessing="x", fold="9")).wall == 30, "of all"


def test_all_folds_together_are_not_like_one():
    book = ledger(record(1, fold="0"), record(5, fold="ensemble"), record(2, fold="1"))
    assert book.hours(job(fold="7")).wall == 1.5
    assert book.hours(job(fold="ensemble")).wall == 5


def test_jobs_without_a_dataset_are_like_their_rule():
    table = {"wildcards": {"study": "a"}, "cost": cost(4)}
    assert Ledger(lambda _: None, lambda _: [table]).hours(
        Planned(0, "tabulate", {"study": "b"}, {})
    ) == Hours(4, 8, 0)


def test_another_dataset_or_stage_is_not_alike():
    assert ledger(record(1, model="u")).hours(job(model="u", dataset="brats")) is None
    assert ledger(record(1, model="u")).hours(job("predict", model="u")) is None
    assert ledger().hours(job()) is None


def test_a_damaged_cost_is_passed_over():
    broken = {"wildcards": {"dataset": "ccp"}, "cost": {}}
    assert ledger(broken, record(5)).hours(job()).wall == 5
    assert ledger(record(5), own=broken).hours(job()).wall == 5


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=6))
def test_an_estimate_lies_among_what_was_recorded(hours):
    found = ledger(*[record(h, fold=str(n)) for n, h in enumerate(hours)]).hours(job(fold="x"))
    assert min(hours) - 1e-6 <= found.wall <= max(hours) + 1e-6
    assert found.gpu == 0


@given(st.tuples(*[st.floats(0, 9)] * 3), st.tuples(*[st.floats(0, 9)] * 3))
def test_sums(a, b):
    assert Hours(*a).plus(Hours(*b)) == Hours(*b).plus(Hours(*a))
    assert Hours(*a).plus(Hours()) == Hours(*a)
