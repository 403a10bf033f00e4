"""A difference is as deep as can be; nothing is missed and nothing is said twice."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.explain.differences import (
    ABSENT,
    Difference,
    FileChange,
    differences,
    list_changes,
    plain,
    shown,
)

KEYS = st.text("abc", min_size=1, max_size=2)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False, width=16),
    st.text("xy"),
)
PARAMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [(("a", "c"), 2, 3)]),
        ({"a": 1}, {}, [(("a",), 1, ABSENT)]),
        ({}, {"a": None}, [(("a",), ABSENT, None)]),
        ({"a": [32, 32]}, {"a": [64, 32]}, [(("a",), [32, 32], [64, 32])]),
        ({"a": [{"n": 1}, {"n": 2}]}, {"a": [{"n": 1}, {"n": 3}]}, [(("a", "1", "n"), 2, 3)]),
        (
            {"a": [{"n": 1}]},
            {"a": [{"n": 1}, {"n": 2}]},
            [(("a",), [{"n": 1}], [{"n": 1}, {"n": 2}])],
        ),
        ({"a": 1}, {"a": 1.0}, [(("a",), 1, 1.0)]),
        ({"a": 1}, {"a": True}, [(("a",), 1, True)]),
        ({"a": {"b": 1}}, {"a": 5}, [(("a",), {"b": 1}, 5)]),
        ({"a": "(absent)"}, {}, [(("a",), "(absent)", ABSENT)]),
    ],
)
def test_literal_differences(old, new, expected):
    assert list(differences(old, new)) == [Difference(*item) for item in expected]


def apply(data, difference):
    """Put the new value where the old one is."""
    *way, last = difference.path
    place = data
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if difference.new is ABSENT:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = difference.new
    else:
        place[last] = difference.new


@given(st.dictionaries(KEYS, PARAMS, max_size=4), st.dictionaries(KEYS, PARAMS, max_size=4))
def test_the_differences_are_complete_and_minimal(old, new):
    found = list(differences(old, new))
    assert bool(found) == (shown(old, None) != shown(new, None))
    assert len({difference.path for difference in found}) == len(found), "each said once"
    patched = copy.deepcopy(old)
    for difference in found:
        apply(patched, difference)
    assert shown(patched, None) == shown(new, None), "nothing is missed"
    for left_out in found:
        patched = copy.deepcopy(old)
        for difference in found:
            if difference is not left_out:
                apply(patched, difference)
        assert shown(patched, None) != shown(new, None), "none can be left out"


@given(st.dictionaries(KEYS, PARAMS, max_size=4), st.dictionaries(KEYS, PARAMS, max_size=4))
def test_back_again_is_the_mirror_image(old, new):
    there, back = list(differences(old, new)), list(differences(new, old))
    assert there == [Difference(path, before, after) for path, after, before in back]


@given(st.dictionaries(KEYS, PARAMS, max_size=4))
def test_nothing_differs_from_itself_after_json(data):
    assert list(differences(plain(data), data)) == []


def test_tuples_and_paths_become_what_json_knows(tmp_path):
    assert plain({"a": (1, 2), "b": tmp_path}) == {"a": [1, 2], "b": str(tmp_path)}


HEAD = "sample\tpath\tbytes\tsha256\n"


def test_rows_that_differ():
    old = HEAD + "a\ta.png\t3\t11\na\ta.txt\t3\t12\nb\tb.png\t3\t13\n"
    new = HEAD + 'a\ta.png\t3\t99\na\ta.txt\t4\t12\nc\tc "d.png\t3\t13\n'
    assert list_changes(old, new) == [
        FileChange("a", "a.png", "11", "99"),
        FileChange("b", "b.png", "13", None),
        FileChange("c", 'c "d.png', None, "13"),
    ]


NAMES = st.text("ab /", min_size=1, max_size=4)


@given(st.dictionaries(NAMES, st.sampled_from("12")), st.dictionaries(NAMES, st.sampled_from("12")))
def test_every_row_that_differs_is_named_once(old, new):
    def text(rows):
        return HEAD + "".join(f"s\t{name}\t1\t{digest}\n" for name, digest in rows.items())

    found = {change.path: (change.old, change.new) for change in list_changes(text(old), text(new))}
    expected = {n: (old.get(n), new.get(n)) for n in {*old, *new} if old.get(n) != new.get(n)}
    assert found == expected
    assert list_changes(text(old), text(old)) == []
