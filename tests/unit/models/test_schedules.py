"""Learning rates against literal values of the published curves."""

from __future__ import annotations

from typing import get_args

import pytest

from segbench.models.schedules import SCHEDULES, Schedule, ScheduleName, learning_rate


def rates(schedule, base, epochs):
    return [learning_rate(Schedule(**schedule), base, e, epochs) for e in range(1, epochs + 1)]


def test_constant():
    assert rates({"name": "constant"}, 0.1, 3) == [0.1, 0.1, 0.1]


def test_kidney_project():
    """1e-2 to epoch 10, 1e-3 to 50, 1e-4 to 75, 1e-5 to 100."""
    steps = ((1, 1e-2), (11, 1e-3), (51, 1e-4), (76, 1e-5))
    curve = rates({"name": "steps", "steps": steps}, 1.0, 100)
    assert [curve[e - 1] for e in (1, 10, 11, 50, 51, 75, 76, 100)] == [
        1e-2, 1e-2, 1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5,
    ]  # fmt: skip


def test_steps_in_any_order_and_base_before_the_first():
    steps = ((3, 0.2), (2, 0.3))
    assert rates({"name": "steps", "steps": steps}, 0.5, 4) == [0.5, 0.3, 0.2, 0.2]


def test_cosine():
    assert rates({"name": "cosine"}, 1.0, 4) == pytest.approx([1, 0.8535534, 0.5, 0.1464466])


def test_polynomial_of_nnunet():
    """0.01 * (1 - epoch / 1000) ** 0.9, epochs counted from 0."""
    curve = rates({"name": "polynomial"}, 0.01, 1000)
    assert curve[0] == 0.01
    assert curve[500] == pytest.approx(0.01 * 0.5**0.9)
    assert curve[999] == pytest.approx(0.01 * 0.001**0.9)


@pytest.mark.parametrize("name", ["constant", "cosine", "polynomial", "steps"])
def test_warm_up_then_the_curve(name):
    curve = rates({"name": name, "warmup_epochs": 3}, 0.4, 10)
    assert curve[:4] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert all(rate > 0 for rate in curve)


def test_warm_up_longer_than_the_training():
    assert rates({"name": "cosine", "warmup_epochs": 9}, 1.0, 2) == [0.1, 0.2]


def test_the_registry_has_every_name_that_recipes_may_say():
    assert set(SCHEDULES) == set(get_args(ScheduleName))
