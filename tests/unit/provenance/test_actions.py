"""What a statement does besides binding names is told by its form."""

from __future__ import annotations

import ast

import pytest

from segbench.provenance.actions import Effect, effect_of

NOTHING = Effect([], [], [], [], [])


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("def f(): g()", None),
        ("class A: x = 1", None),
        ("class A(B): pass", NOTHING._replace(bases=["B"])),
        ("class A:\n  'Doc.'\n  x = {}\n  x['a'] = 1\n  def f(self): g()", None),
        ("class A:\n  T['a'] = g()", NOTHING._replace(makes=["g"], changes=["T"])),
        ("def f(x=g(), *, y=h()): i()", NOTHING._replace(makes=["g", "h"])),
        ("X = 1", None),
        ("X = g(h(1))", NOTHING._replace(makes=["g", "h"])),
        ("X = lambda: g()", None),
        ("@d\ndef f(): pass", NOTHING._replace(registers=["d"])),
        ("@m.d('x')(1)\nclass A(B): pass", NOTHING._replace(registers=["m.d"], bases=["B"])),
        ("@(lambda f: f)\ndef f(): pass", NOTHING._replace(always=True)),
        ("g(1)", NOTHING._replace(calls=["g"])),
        ("m.g(h())", NOTHING._replace(calls=["m.g"], makes=["h"])),
        ("g()()", NOTHING._replace(always=True)),
        ("X['a'] = g()", NOTHING._replace(makes=["g"], changes=["X"])),
        ("m.x.y = 1", NOTHING._replace(changes=["m"])),
        ("g()['a'] = 1", NOTHING._replace(always=True)),
        ("X += [1]", None),
        ("if a:\n  g()", NOTHING._replace(calls=["g"])),
        ("if a:\n  X = 1\nelse:\n  def f(): pass", None),
        ("for x in h():\n  T[x] = 1", NOTHING._replace(makes=["h"], changes=["T"])),
        ("try:\n  import a\nexcept ImportError:\n  a = None", None),
        ("try:\n  g()\nexcept E:\n  h()\nfinally:\n  i()", NOTHING._replace(calls=["g", "i", "h"])),
        ("with a: pass", NOTHING._replace(always=True)),
        ("del X", NOTHING._replace(always=True)),
        ("assert a", NOTHING._replace(always=True)),
        ("if a:\n  raise E", NOTHING._replace(always=True)),
    ],
)
def test_what_a_statement_does(text, effect):
    found = effect_of(ast.parse(text).body[0])
    if found is not None and effect is not None:
        found = Effect(*(sorted(x) if isinstance(x, list) else x for x in found))
        effect = Effect(*(sorted(x) if isinstance(x, list) else x for x in effect))
    assert found == effect
