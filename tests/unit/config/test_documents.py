from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.documents import Document, Mark, document_of, read_document

NAMES = st.text("abcdef", min_size=1, max_size=3)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=("Cc",)))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(NAMES, VALUES, max_size=4)


def read(tmp_path: Path, text: str) -> Document:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    document, problems = read_document(path, "a.yaml")
    assert problems == []
    assert document is not None
    return document


def refuse(tmp_path: Path, text: str | bytes) -> list[tuple[int, tuple[Any, ...], str]]:
    path = tmp_path / "a.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    _, problems = read_document(path, "a.yaml")
    assert problems
    return [(p.line, p.key, p.what) for p in problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-7", -7), ("+3", 3), ("010", 10), ("0o17", 15), ("0xff", 255),
        ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("1e-3", 0.001), ("-2E+2", -200.0), ("1e5", 1e5),
        (".inf", math.inf), ("-.inf", -math.inf),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("no", "no"), ("off", "off"), ("y", "y"), ("none", "none"), ("1:30", "1:30"),
        ("2018-01-01", "2018-01-01"), ("1_000", "1_000"), ("=", "="), ("<<", "<<"),
        ("'1'", "1"), ('"true"', "true"), ("''", ""), ('"~"', "~"), ("1.2.3", "1.2.3"),
        ("|\n  two\n  lines", "two\nlines\n"), (">-\n  one\n  line", "one line"),
        ("[1, a, [2.5]]", [1, "a", [2.5]]), ("{x: 1, y: {z: no}}", {"x": 1, "y": {"z": "no"}}),
    ],
)  # fmt: skip
def test_scalars_follow_yaml_1_2(tmp_path: Path, text: str, value: Any) -> None:
    result = read(tmp_path, f"key: {text}\n").data["key"]
    assert result == value
    assert type(result) is type(value)


def test_not_a_number_is_read_and_left_to_the_types(tmp_path: Path) -> None:
    assert math.isnan(read(tmp_path, "a: .nan\n").data["a"])


def test_keys_are_always_words(tmp_path: Path) -> None:
    assert read(tmp_path, "128: a\ntrue: b\n~: c\n").data == {"128": "a", "true": "b", "~": "c"}


def test_every_key_and_item_knows_its_line(tmp_path: Path) -> None:
    text = "# comment\na: 1\nb:\n  c: [x,\n      y]\n  d:\n    - e: 2\n\n      f: 3\n"
    marks = read(tmp_path, text).marks
    lines = {key: mark.line for key, mark in marks.items()}
    assert lines == {
        (): 2, ("a",): 2, ("b",): 3, ("b", "c"): 4, ("b", "c", 0): 4, ("b", "c", 1): 5,
        ("b", "d"): 6, ("b", "d", 0): 7, ("b", "d", 0, "e"): 7, ("b", "d", 0, "f"): 9,
    }  # fmt: skip
    assert {mark.file for mark in marks.values()} == {"a.yaml"}


def test_a_key_that_is_nowhere_has_the_mark_of_its_parent(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb:\n  c: 2\n")
    assert document.mark(("b", "x", "y")) == Mark("a.yaml", 2)
    assert document.mark(("z",)) == Mark("a.yaml", 1)
    assert Document({}).mark(("z",)) == Mark("", 0)


def test_duplicate_keys_are_errors_at_any_depth_and_all_are_found(tmp_path: Path) -> None:
    found = refuse(tmp_path, "a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert found == [
        (4, ("b", "c"), "is a duplicate key, first in line 3"),
        (5, ("a",), "is a duplicate key, first in line 1"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: &x {b: 1}\nc: *x\n", 2, "alias"),
        ("a: &x [*x]\n", 1, "alias"),
        ("a: !!python/object:os.system {}\n", 1, "tag"),
        ("a: !!python/name:os.system ''\n", 1, "tag"),
        ("a: !custom 1\n", 1, "tag"),
        ("a: !!int '3'\n", 1, "tag"),
        ("? [1, 2]\n: 3\n", 1, "list or a mapping"),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("a: b: c\n", 1, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("\ta: 1\n", 1, "not YAML"),
        ("- 1\n- 2\n", 1, "not a mapping"),
        ("just words\n", 1, "not a mapping"),
        ("", 1, "empty"),
        ("# a comment\n", 1, "empty"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, line: int, word: str) -> None:
    found = refuse(tmp_path, text)
    assert found[0][0] == line
    assert word in found[0][2]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read" in refuse(tmp_path, b"a: \xff\xfe\n")[0][2]
    assert "not YAML" in refuse(tmp_path, b"a: \x00\n")[0][2]
    _, problems = read_document(tmp_path / "none.yaml", "none.yaml")
    assert str(problems[0]).splitlines()[:2] == ["none.yaml", "    the file is missing"]
    _, problems = read_document(tmp_path, "folder")
    assert "cannot be read" in problems[0].what


@settings(deadline=None)
@given(data=MAPPINGS)
def test_what_yaml_writes_is_read_back(tmp_path_factory: Any, data: dict[str, Any]) -> None:
    # Dumped as JSON, which is YAML 1.2; PyYAML itself writes YAML 1.1.
    path = tmp_path_factory.mktemp("yaml") / "a.yaml"
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    document, problems = read_document(path, "a")
    assert problems == []
    assert document is not None
    assert document.data == data


@settings(deadline=None)
@given(data=MAPPINGS)
def test_a_document_from_data_marks_every_key(data: dict[str, Any]) -> None:
    document = document_of(data, "the command line")
    assert document.data == data

    def keys(value: Any, key: tuple[Any, ...]) -> set[tuple[Any, ...]]:
        inner = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, list)
            else ()
        )
        return {key}.union(*(keys(part, (*key, name)) for name, part in inner))

    assert set(document.marks) == keys(data, ())


def merge(base: Any, over: Any) -> Any:
    """The rule in its plainest form."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {
            name: merge(base[name], over[name])
            if name in base and name in over
            else over.get(name, base.get(name))
            for name in [*base, *over]
        }
    return over


@settings(deadline=None)
@given(base=MAPPINGS, over=MAPPINGS)
def test_merging(base: dict[str, Any], over: dict[str, Any]) -> None:
    merged = document_of(base, "base").merged(document_of(over, "over"))
    assert merged.data == merge(base, over)
    # Every mark leads to a place that exists, and says who had the last word there.
    for key, mark in merged.marks.items():
        assert mark == merged.mark(key)
        merged.at(key)
    for name, value in over.items():
        if name not in base or (base[name] != value and not isinstance(value, dict)):
            assert merged.mark((name,)).file == "over"


@settings(deadline=None)
@given(data=MAPPINGS, other=MAPPINGS, third=MAPPINGS)
def test_merging_has_a_neutral_element_and_repeats_nothing(
    data: dict[str, Any], other: dict[str, Any], third: dict[str, Any]
) -> None:
    document, over = document_of(data, "base"), document_of(other, "over")
    assert document.merged(document_of({}, "nothing")).data == data
    assert document.merged(document) == document
    once = document.merged(over)
    assert once.merged(over).data == once.data
    last = document_of(third, "last")
    assert once.merged(last).data == merge(merge(data, other), third)


def test_lists_are_replaced_and_their_old_marks_forgotten() -> None:
    base = document_of({"a": {"b": [1, 2, 3], "c": 1}}, "base")
    merged = base.merged(document_of({"a": {"b": [9]}}, "over"))
    assert merged.data == {"a": {"b": [9], "c": 1}}
    assert ("a", "b", 1) not in merged.marks
    assert merged.mark(("a", "b", 0)).file == "over"
    assert merged.mark(("a", "c")).file == "base"


def test_a_repeated_value_keeps_its_old_mark() -> None:
    merged = document_of({"a": {"b": 1, "c": 2}}, "file").merged(
        document_of({"a": {"b": 1, "c": 3}}, "the command line")
    )
    assert merged.mark(("a", "b")).file == "file"
    assert merged.mark(("a", "c")).file == "the command line"


@pytest.mark.parametrize(("old", "new"), [(1, True), (1, 1.0), (0, False), (None, 0)])
def test_equal_in_python_is_not_the_same_value(old: Any, new: Any) -> None:
    merged = document_of({"a": old}, "base").merged(document_of({"a": new}, "over"))
    assert merged.data["a"] is new or type(merged.data["a"]) is type(new)
    assert merged.mark(("a",)).file == "over"


def test_a_part_knows_where_it_stands_in_the_whole() -> None:
    whole = document_of({"x": {"y": {"z": 1}}}, "main")
    part = whole.at(("x", "y")).below(("x", "y"))
    assert part.placed(("z",)) == ("main", 0, ("x", "y", "z"))
    base = document_of({"z": 0, "w": 2}, "base")
    merged = base.merged(part)
    assert merged.placed(("z",)) == ("main", 0, ("x", "y", "z"))
    assert merged.placed(("w",)) == ("base", 0, ("w",))


def test_the_plain_yaml_of_pyyaml_is_read_too(tmp_path: Path) -> None:
    data = {"a": [1, {"b": "text: with colon"}], "c": None, "d": "1", "e": 0.25}
    assert read(tmp_path, yaml.safe_dump(data)).data == data
