"""Sweeps: the points, their names, and what the rest of the configuration sees of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.config.loader import NAME_PATTERN
from segbench.config.study import Space, Sweep
from segbench.config.sweep import point_name, points_of, variants

if TYPE_CHECKING:
    from tests.unit.config.conftest import Tree

RATE = "training.optimizer.learning_rate"


def test_a_grid_is_the_product_in_its_order() -> None:
    sweep = Sweep(grid={"training.share": (0.5, 1.0), RATE: (1e-3, 1e-2)})
    assert [tuple(point.values()) for point in points_of(sweep)] == [
        (0.5, 0.001), (0.5, 0.01), (1.0, 0.001), (1.0, 0.01),
    ]  # fmt: skip


def test_a_longer_search_keeps_its_first_points() -> None:
    space = {RATE: Space(low=1e-4, high=1e-1, log=True), "network.depth": Space(choices=(2, 3))}
    few, many = (points_of(Sweep(random=space, points=n)) for n in (3, 8))
    assert many[:3] == few
    assert len({point[RATE] for point in many}) == 8
    assert {point["network.depth"] for point in many} == {2, 3}
    other = points_of(Sweep(random=space, points=3, seed=1))
    assert other != few


def test_the_draw_is_the_same_on_every_machine() -> None:
    space = {RATE: Space(low=1e-4, high=1e-1, log=True)}
    assert [p[RATE] for p in points_of(Sweep(random=space, points=3))] == DRAWN


#: Drawn once; the seed is a text, which Python hashes with SHA-512.
DRAWN = [0.0286, 0.00168, 0.0285]


@given(
    low=st.floats(1e-6, 1.0), span=st.floats(1.01, 1e4), log=st.booleans(), seed=st.integers(0, 99)
)
def test_draws_stay_in_their_range(low: float, span: float, log: bool, seed: int) -> None:
    space = Space(low=low, high=low * span, log=log)
    for point in points_of(Sweep(random={"k": space}, points=5, seed=seed)):
        assert low * 0.99 <= point["k"] <= low * span * 1.01


def test_logarithmic_draws_are_spread_over_the_decades() -> None:
    space = Space(low=1e-4, high=1.0, log=True)
    values = [p["k"] for p in points_of(Sweep(random={"k": space}, points=200))]
    below = sum(value < 1e-2 for value in values)
    assert 75 <= below <= 125


def test_grid_and_draws_are_combined() -> None:
    sweep = Sweep(grid={"a": (1, 2)}, random={"b": Space(choices=(7,))}, points=3)
    assert points_of(sweep) == [{"a": a, "b": 7} for a in (1, 1, 1, 2, 2, 2)]


@pytest.mark.parametrize(
    ("point", "name"),
    [
        ({RATE: 1e-3}, "unet--learning_rate-0.001"),
        ({RATE: 1e-5}, "unet--learning_rate-1e-05"),
        ({"training.share": 1.0}, "unet--share-1"),
        ({"training.patch": [64, 32]}, "unet--patch-64x32"),
        ({"network.deep_supervision": False}, "unet--deep_supervision-false"),
        ({"training.patch": None}, "unet--patch-none"),
        ({"loss.name": "BCE dice"}, "unet--name-bce-dice"),
        ({"loss.name": "dice", "network.backbone.name": "ResNet50"},
         "unet--loss.name-dice--network.backbone.name-resnet50"),
        ({"loss.weights": {"hat": 2.0}}, "unet--weights-hat-2"),
    ],
)  # fmt: skip
def test_names_of_points(point: dict[str, Any], name: str) -> None:
    assert point_name("unet", point) == name


def test_no_file_can_have_the_name_of_a_point() -> None:
    import re

    assert not re.fullmatch(NAME_PATTERN, point_name("unet", {"training.share": 0.5}))


def test_pruned_points_are_left_out() -> None:
    sweep = Sweep(grid={"training.share": (0.1, 0.5, 1.0)}, leave_out=("b--share-0.5",))
    assert [name for name, _, _ in variants(sweep, ["a", "b"])] == [
        "a--share-0.1", "a--share-0.5", "a--share-1", "b--share-0.1", "b--share-1",
    ]  # fmt: skip


def test_a_study_with_a_sweep_has_an_arm_a_point(tree: Tree) -> None:
    tree.set("studies/which.yaml", "sweep", {"grid": {"training.share": [0.5, 1.0]}})
    config = tree.load()
    assert config.studies["which"].models == ("unet--share-0.5", "unet--share-1")
    assert config.models["unet--share-0.5"].training.share == 0.5
    assert config.models["unet--share-0.5"].training.patch == (64, 64)
    assert config.points == {
        "unet--share-0.5": {"training.share": 0.5}, "unet--share-1": {"training.share": 1.0},
    }  # fmt: skip
    assert [arm.model for arm in config.arms("which")] == ["unet--share-0.5", "unet--share-1"] * 2
    assert "unet" not in config.models


def test_an_override_can_shorten_a_sweep(tree: Tree) -> None:
    tree.set("studies/which.yaml", "sweep", {"grid": {"training.share": [0.5, 1.0]}})
    config = tree.load({"studies": {"which": {"sweep": {"grid": {"training.share": [0.25]}}}}})
    assert config.studies["which"].models == ("unet--share-0.25",)
    assert tree.load({"studies": {"which": {"sweep": None}}}).studies["which"].models == ("unet",)


@pytest.mark.parametrize(
    ("sweep", "where", "what"),
    [
        ({"grid": {"training.shares": [1.0]}}, "sweep.grid.training.shares", "is not a known key"),
        ({"grid": {"training.share": [2.0]}}, "sweep.grid.training.share", "is wrong"),
        ({"grid": {"training.patch": [[63, 64]]}}, "sweep.grid.training.patch", "is not divisible"),
        ({"grid": {"training.share": []}}, "sweep.grid.training.share", "is empty"),
        ({}, "sweep", "has no keys"),
        ({"random": {"training.share": {"low": 0.1, "high": 1.0}}}, "sweep.points", "go together"),
        ({"random": {"training.share": {"low": 0.1}}, "points": 2},
         "sweep.random.training.share", "has no values"),
        ({"random": {"training.share": {"low": 1.0, "high": 0.1}}, "points": 2},
         "sweep.random.training.share", "is not a valid range"),
        ({"random": {RATE: {"low": 0.0, "high": 0.1, "log": True}}, "points": 2},
         f"sweep.random.{RATE}", "is not a valid range"),
        ({"random": {RATE: {"low": 0.1, "high": 0.2, "choices": [1.0]}}, "points": 2},
         f"sweep.random.{RATE}", "has choices and a range"),
        ({"grid": {RATE: [0.1]}, "random": {RATE: {"choices": [1.0]}}, "points": 1},
         f"sweep.random.{RATE}", "is in the grid too"),
    ],
)  # fmt: skip
def test_mistakes_are_said_with_the_line_of_the_sweep(
    tree: Tree, sweep: dict[str, Any], where: str, what: str
) -> None:
    tree.set("studies/which.yaml", "sweep", sweep)
    problem = tree.problems()[0]
    assert problem.file == "config/studies/which.yaml"
    assert problem.line > 0
    from segbench.config.problems import key_text

    assert key_text(problem.key) == where
    assert what in problem.what


def test_a_pruned_name_that_no_point_has(tree: Tree) -> None:
    sweep = {"grid": {"training.share": [0.5, 1.0]}, "leave_out": ["unet--share-0.50"]}
    tree.set("studies/which.yaml", "sweep", sweep)
    problem = tree.only("studies/which.yaml", "sweep.leave_out[0]")
    assert problem.nearest == "unet--share-0.5"
