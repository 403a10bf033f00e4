"""Chains, imports and the names that a body binds."""

from __future__ import annotations

import ast

import pytest

from segbench.provenance.names import Bindings, chain_of, imported


@pytest.mark.parametrize(
    ("text", "chain"),
    [("a", "a"), ("a.b.c", "a.b.c"), ("a().b", None), ("a[0].b", None), ("1", None)],
)
def test_a_chain_is_a_name_with_attributes(text, chain):
    assert chain_of(ast.parse(text, mode="eval").body) == chain


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a.b", [("a", "a", None, "a.b")]),
        ("import a.b as c", [("c", "a.b", None, "a.b")]),
        ("from a.b import c as d, e", [("d", "a.b", "c", "a.b"), ("e", "a.b", "e", "a.b")]),
        ("from . import c", [("c", "lib.sub", "c", "lib.sub")]),
        ("from .c import d", [("d", "lib.sub.c", "d", "lib.sub.c")]),
        ("from .. import c", [("c", "lib", "c", "lib")]),
        ("from ..c import d", [("d", "lib.c", "d", "lib.c")]),
    ],
)
def test_imports_are_named_in_full(text, found):
    assert imported(ast.parse(text).body[0], "lib.sub") == found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b", "a"),
        ("a.x = b[c] = d", ""),
        ("for a, (b, *c) in d: e = 1", "a b c e"),
        ("with x as a: pass", "a"),
        ("try: pass\nexcept E as a: pass", "a"),
        ("def a(b, c=(d := 1)): e = 1", "a"),
        ("class a(B): c = 1", "a"),
        ("[a for a in b]", ""),
        ("[c := a for a in b]", "c"),
        ("lambda a: (b := a)", ""),
        ("match x:\n  case [a, *b] | {'k': a, **b} as c: pass", "a b c"),
        ("del a", "a"),
        ("a += 1", "a"),
        ("@(a := b)\ndef c(): pass", "a c"),
    ],
)
def test_a_body_binds(text, names):
    assert sorted(Bindings("lib").of(ast.parse(text).body).plain) == names.split()


def test_imports_and_declarations_are_held_apart():
    body = ast.parse("from a import b\nimport c\nglobal d\nd = 1\nif d:\n  from e import b").body
    found = Bindings("lib").of(body)
    assert found.imports == {"b": {("a", "b"), ("e", "b")}, "c": {("c", None)}}
    assert found.outer == {"d"}


@pytest.mark.parametrize(
    ("text", "reads"), [("locals()", True), ("vars()", True), ("vars(a)", False), ("f(a)", False)]
)
def test_a_body_that_asks_for_its_names_says_so(text, reads):
    assert Bindings("lib").of(ast.parse(text).body).reads_locals is reads
