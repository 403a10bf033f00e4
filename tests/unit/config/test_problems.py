from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.documents import document_of
from segbench.config.findings import Finding
from segbench.config.problems import ConfigError, Problem, key_text, nearest, value_text
from segbench.errors import SegbenchError


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", "b", 0, "c"), "a.b[0].c"),
        (("a", 1, 2), "a[1][2]"),
    ],
)
def test_key_paths(key: tuple[str | int, ...], text: str) -> None:
    assert key_text(key) == text


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("learning_rat", "learning_rate"),
        ("Momentum", "momentum"),
        ("MOMENTUM", "momentum"),
        ("weigth_decay", "weight_decay"),
        ("lr", ""),
        ("", ""),
        (128, ""),
    ],
)
def test_nearest_name(name: object, near: str) -> None:
    assert nearest(name, ["learning_rate", "momentum", "weight_decay"]) == near


@settings(deadline=None)
@given(st.lists(st.text(string.ascii_lowercase, min_size=3, max_size=12), min_size=1, unique=True))
def test_a_valid_name_is_nearest_to_itself_whatever_the_order(names: list[str]) -> None:
    for name in names:
        assert nearest(name, names) == nearest(name, reversed(names)) == name


def test_long_values_are_shortened_and_quoted_as_yaml() -> None:
    assert value_text(None) == "null"
    assert value_text("é") == '"é"'
    assert value_text([True, 1.5]) == "[true, 1.5]"
    assert len(value_text(list(range(1000)))) == 80
    assert value_text(list(range(1000))).endswith("...")


def test_a_problem_names_file_line_key_value_allowed_and_nearest() -> None:
    problem = Problem("a.yaml", 3, ("x", 0), "is wrong", "one of a, b", "a", "aa")
    assert str(problem) == (
        "a.yaml, line 3: x[0]\n"
        '    is wrong (it is "aa")\n'
        "    allowed: one of a, b\n"
        "    did you mean: a"
    )
    assert str(Problem("a.yaml", 0, (), "the file is missing")) == "a.yaml\n    the file is missing"


def test_null_is_a_value_and_absent_is_none() -> None:
    assert "(it is null)" in str(Problem("a", 1, ("b",), "is wrong", value=None))
    assert "it is" not in str(Problem("a", 1, ("b",), "is wrong"))


def test_the_error_holds_each_problem_once_in_the_order_of_files_and_lines() -> None:
    problems = [
        Problem("b.yaml", 1, ("x",), "one"),
        Problem("a.yaml", 10, ("x",), "two"),
        Problem("a.yaml", 9, ("y",), "three"),
        Problem("b.yaml", 1, ("x",), "one"),
    ]
    error = ConfigError(problems)
    assert [p.what for p in error.problems] == ["three", "two", "one"]
    assert isinstance(error, SegbenchError)
    text = str(error)
    assert text.startswith("the configuration has 3 errors:\n\na.yaml, line 9: y\n")
    assert "expected: " in text
    assert "nothing was computed" in text
    assert str(ConfigError(problems[::-1])) == text
    assert str(ConfigError(problems[:1])).startswith("the configuration has 1 error:\n")


def test_a_finding_takes_its_place_from_the_document() -> None:
    document = document_of({"a": {"b": 1}}, "here")
    problem = Finding(("a", "b"), "is bad", "2", "", 1).problem(document)
    assert problem == Problem("here", 0, ("a", "b"), "is bad", "2", "", 1)
