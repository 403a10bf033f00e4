"""Forecasts are the prediction, corrected by earlier jobs, the nearest first, with a range."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.explain.costs import Costs, Estimate, Hours, gpus_of, predicted_s
from segbench.explain.plan import Planned
from unit.resources.test_against_measured import MINIATURE, expected_s


def cost(seconds, expected=100, gpu=None, **more):
    asked = {"threads": 1} if expected is None else {"threads": 1, "expected_s": expected}
    return {
        "stage": "train", "wall_s": seconds, "cpu_s": 2 * seconds, "gpu": gpu, "asked": asked,
        **more,
    }  # fmt: skip


def record(seconds, expected=100, network=None, gpu=None, **wildcards):
    return {
        "wildcards": {"dataset": "ccp", **wildcards},
        "cost": cost(seconds, expected, gpu),
        "params": {"recipe": {"network": network or {"kind": "unet"}}},
    }


def job(expected=100.0, rule="train", network=None, gpus=0, threads=1, **wildcards):
    params = {"recipe": {"network": network or {"kind": "unet"}}}
    return Planned(
        0, rule, {"dataset": "ccp", **wildcards}, params,
        expected_s=expected, gpus=gpus, threads=threads,
    )  # fmt: skip


def ledger(*records):
    return Costs(lambda rule: records if rule == "train" else [])


def seconds(estimate):
    """Wall seconds: expected, low, high."""
    return [pytest.approx(3600 * h) for h in (estimate.expected.wall, estimate.low, estimate.high)]


@pytest.mark.parametrize(
    ("found", "gpus"),
    [
        (cost(1, None), 0),
        (cost(1, None, {"name": "A100"}), 1),
        (cost(1, None, {"devices": 8}), 8),
        (cost(1, None, {"devices": 8}, asked={"gpu": 2}), 2),
        (cost(1, None, {"devices": 8}, asked={"gpu": 0}), 0),
        (cost(1, None, {"devices": 8}, asked=None), 8),
        (cost(1, None, {"devices": 1}, stage="score"), 0),
        (cost(1, None, None, asked={"gpu": 2}), 0),
    ],
)
def test_gpus(found, gpus):
    assert gpus_of(found) == gpus


def test_without_measurements_the_prediction_with_a_wide_range():
    found = ledger().estimate(job(threads=4, gpus=2))
    assert seconds(found) == [100, 100 / 3, 300]
    assert found.expected.cpu == pytest.approx(4 * 100 / 3600)
    assert found.expected.gpu == pytest.approx(2 * 100 / 3600)


def test_the_job_itself_was_measured():
    book = ledger(record(150, model="u", fold="0"), record(900, model="u", fold="1"))
    assert seconds(book.estimate(job(model="u", fold="0"))) == [150, 150 / 1.25, 150 * 1.25]


def test_twice_the_epochs_take_twice_as_long_as_measured():
    """The mistake of old: the time of the last run, whatever was changed since."""
    book = ledger(record(150, expected=100, model="u"))
    assert seconds(book.estimate(job(expected=200, model="u")))[0] == 300
    assert seconds(book.estimate(job(expected=40_000, model="u")))[0] == 60_000


def test_a_long_training_among_short_ones_is_not_promised_to_be_short():
    """Six trainings of 17 hours were promised in 2.5 minutes, the median of other models."""
    short = [record(25, expected=30, model="mini", fold=str(n)) for n in range(9)]
    found = ledger(*short).estimate(job(expected=61_200, model="full"))
    assert found.expected.wall == pytest.approx(17 * 25 / 30)
    assert found.low < 17 < found.high


def test_else_the_arm_then_the_network_then_the_stage():
    resnet = {"kind": "unet", "backbone": {"name": "ResNet50"}}
    book = ledger(
        record(110, model="u", preprocessing="p", seed="0", fold="0"),
        record(130, model="u", preprocessing="p", seed="0", fold="1"),
        record(150, model="u", preprocessing="p", seed="1", fold="0"),
        record(400, model="v", preprocessing="p"),
        record(700, model="r", preprocessing="p", network=resnet),
    )
    arm = book.estimate(job(model="u", preprocessing="p", seed="2", fold="4"))
    assert seconds(arm) == [130, 110 / 1.5, 150 * 1.5]
    network = book.estimate(job(model="w", preprocessing="q"))
    assert seconds(network) == [140, 110 / 1.75, 400 * 1.75]
    backbone = book.estimate(job(model="s", network=resnet))
    assert seconds(backbone) == [700, 700 / 1.75, 700 * 1.75]
    stage = book.estimate(job(model="x", network={"kind": "classifier"}))
    assert seconds(stage) == [150, 110 / 2, 700 * 2]


def test_a_gpu_is_not_judged_by_a_cpu():
    book = ledger(record(500, model="u"))
    assert seconds(book.estimate(job(model="u", gpus=1))) == [100, 100 / 3, 300]
    both = ledger(record(500, model="u"), record(20, gpu={"devices": 1}, model="u"))
    found = both.estimate(job(model="u", gpus=1))
    assert seconds(found)[0] == 20
    assert found.expected.gpu == found.expected.wall


def test_cores_are_those_that_were_measured():
    found = ledger(record(100, model="u")).estimate(job(model="u", threads=8))
    assert found.expected.cpu == pytest.approx(2 * found.expected.wall)


def test_what_is_not_predicted_is_known_by_its_own_arm_alone():
    fetched = {"wildcards": {"dataset": "ccp"}, "cost": cost(40, None), "params": {}}
    book = Costs(lambda rule: [fetched])
    own = Planned(0, "acquire", {"dataset": "ccp"}, {})
    assert seconds(book.estimate(own)) == [40, 40 / 1.25, 40 * 1.25]
    assert book.estimate(Planned(0, "acquire", {"dataset": "brats"}, {})) is None
    assert Costs(lambda _: []).estimate(own) is None, "no figure rather than a false one"


def test_stages_of_a_constant_time():
    assert predicted_s("tabulate", None) == 0.5
    assert predicted_s("train", None) is None
    assert predicted_s("nothing", 7) == 7
    assert ledger().estimate(Planned(0, "tabulate", {"study": "b"}, {})).expected.wall > 0


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"wall_s": 1},
        {"wall_s": None, "cpu_s": 1},
        {"wall_s": 0, "cpu_s": 1},
        [],
        {"wall_s": "x", "cpu_s": 1},
    ],
)
def test_a_damaged_cost_is_passed_over(bad):
    broken = {"wildcards": {"dataset": "ccp"}, "cost": bad, "params": {}}
    assert seconds(ledger(broken, record(50)).estimate(job()))[0] == 50
    assert seconds(ledger(broken).estimate(job()))[0] == 100


MEASURED = [
    {
        "wildcards": one["wildcards"],
        "cost": {**one, "gpu": None, "asked": {"expected_s": expected_s(one)}},
        "params": {"recipe": MINIATURE["models"].get(one["wildcards"].get("model"), {})}
        if one["stage"] in ("train", "predict")
        else {},
    }
    for one in MINIATURE["jobs"]
]


def forecast(one, known):
    """The forecast of a measured job from other measured ones."""
    book = Costs(lambda rule: [other for other in known if other["cost"]["stage"] == rule])
    planned = Planned(
        0, one["cost"]["stage"], one["wildcards"], one["params"],
        expected_s=one["cost"]["asked"]["expected_s"],
    )  # fmt: skip
    return book.estimate(planned)


def test_forecasts_of_a_real_run_lie_within_three_times_of_it():
    """Each job of the miniature's run from all others of it; a second more or less is as good."""
    within = 0
    for one in MEASURED:
        found = forecast(one, [other for other in MEASURED if other is not one])
        wall, expected = one["cost"]["wall_s"], 3600 * found.expected.wall
        assert wall / 3 <= expected <= 3 * wall or abs(wall - expected) < 1, one
        within += 3600 * found.low <= wall <= 3600 * found.high
    assert within >= 0.95 * len(MEASURED), "and in the range that is printed"
    assert sum(one["cost"]["wall_s"] > 3 for one in MEASURED) > 40, "of many a second is not much"


@pytest.mark.parametrize("stage", ["train", "predict"])
def test_networks_are_forecast_by_other_networks(stage):
    """Each from the trainings of other datasets alone."""
    jobs = [one for one in MEASURED if one["cost"]["stage"] == stage]
    for one in jobs:
        others = [o for o in jobs if o["wildcards"]["dataset"] != one["wildcards"]["dataset"]]
        found = forecast(one, others)
        assert 1 / 3 <= 3600 * found.expected.wall / one["cost"]["wall_s"] <= 3, one
        assert found.low <= one["cost"]["wall_s"] / 3600 <= found.high, one


def test_the_whole_run_is_forecast_without_measurements():
    walls = sum(one["cost"]["wall_s"] for one in MEASURED) / 3600
    total = Estimate()
    for one in MEASURED:
        total = total.plus(forecast(one, []))
    assert walls / 2 <= total.expected.wall <= 2 * walls
    assert total.low <= walls <= total.high


def test_the_fixture_names_no_machine():
    text = Path(__file__).parents[1].joinpath("resources/miniature_costs.json").read_text()
    assert "/" not in json.loads(text)["machine"]
    assert '"host"' not in text


@given(st.lists(st.floats(0.1, 1e3), min_size=1, max_size=6), st.floats(1, 1e5))
def test_an_estimate_lies_in_its_range(walls, expected):
    book = ledger(*[record(wall, fold=str(n)) for n, wall in enumerate(walls)])
    found = book.estimate(job(expected=expected, fold="x"))
    assert 0 < found.low <= found.expected.wall <= found.high
    assert found.expected.gpu == 0


@given(st.tuples(*[st.floats(0, 9)] * 3), st.tuples(*[st.floats(0, 9)] * 3))
def test_sums(a, b):
    assert Hours(*a).plus(Hours(*b)) == Hours(*b).plus(Hours(*a))
    total = Estimate(Hours(*a), 1, 2).plus(Estimate(Hours(*b), 3, 4))
    assert (total.low, total.high) == (4, 6)
    assert total.as_dict()["wall"] == a[0] + b[0]
