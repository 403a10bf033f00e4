"""The normalised form holds what Python runs, and leaves out what only people read."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.provenance.small_library import written

EQUAL = {
    "docstring": ("def f():\n  '''Do.'''\n  return 1", "def f():\n  return 1"),
    "comment and layout": ("def f(x):\n  # why\n  return (x +\n    1)", "def f(x): return x + 1"),
    "docstring of a class": ("class A:\n  '''It.'''\n  x = 1", "class A:\n  x = 1"),
    "an empty body": ("def f():\n  '''Do.'''", "def f(): ..."),
    "pass": ("def f(x):\n  pass\n  return x", "def f(x): return x"),
    "annotations of a function": ("def f(x: int = 1) -> int: return x", "def f(x=1): return x"),
    "annotation of a local": (
        "def f():\n  x: int = 1\n  return x",
        "def f():\n  x = 1\n  return x",
    ),
    "declared local": ("def f():\n  x: int\n  return 1", "def f(): return 1"),
    "annotation of a constant": ("X: int = 1", "X = 1"),
    "annotation in a plain class": ("class A:\n  x: int = 1", "class A:\n  x = 1"),
    "name of a function": ("def f(x): return x", "def g(x): return x"),
    "name of a constant": ("X = 1", "Y = 1"),
    "description of a field": ("x = Field(1, description='a')", "x = Field(1, description='b')"),
    "renamed local": ("def f():\n  a = 1\n  return a", "def f():\n  b = 1\n  return b"),
    "renamed loop": ("def f(n):\n  for i in n: print(i)", "def f(n):\n  for j in n: print(j)"),
    "renamed in with": (
        "def f(p):\n  with open(p) as a: return a",
        "def f(p):\n  with open(p) as b: return b",
    ),
    "renamed exception": (
        "def f():\n  try: g()\n  except E as a: print(a)",
        "def f():\n  try: g()\n  except E as b: print(b)",
    ),
    "renamed in a comprehension": (
        "def f(n): return [a for a in n if a]",
        "def f(n): return [b for b in n if b]",
    ),
    "renamed in a constant's comprehension": (
        "X = {a: 1 for a in 'xy'}",
        "X = {b: 1 for b in 'xy'}",
    ),
    "renamed walrus": (
        "def f(n):\n  if (a := n): return a",
        "def f(n):\n  if (b := n): return b",
    ),
    "renamed in a pattern": (
        "def f(n):\n  match n:\n    case [a, *r] if a: return r\n"
        "    case {'k': v, **m}: return v, m",
        "def f(n):\n  match n:\n    case [b, *s] if b: return s\n"
        "    case {'k': w, **o}: return w, o",
    ),
    "renamed inner function": (
        "def f():\n  def a(x): return a(x)\n  return a",
        "def f():\n  def b(x): return b(x)\n  return b",
    ),
    "renamed closure": (
        "def f():\n  a = 1\n  def g():\n    nonlocal a\n    a += 1\n  return g",
        "def f():\n  b = 1\n  def g():\n    nonlocal b\n    b += 1\n  return g",
    ),
    "local alias of an import": (
        "def f():\n  from lib.a import g\n  return g()",
        "def f():\n  from lib.a import g as h\n  return h()",
    ),
}

DIFFERENT = {
    "constant": ("X = 1", "X = 2"),
    "type of a constant": ("X = 1", "X = 1.0"),
    "truth and one": ("X = 1", "X = True"),
    "text and bytes": ("X = 'a'", "X = b'a'"),
    "sign of zero": ("X = 0.0", "X = -0.0"),
    "name of a parameter": ("def f(a): return a", "def f(b): return b"),
    "name of a lambda's parameter": ("X = lambda a: a", "X = lambda b: b"),
    "default": ("def f(a=1): return a", "def f(a=2): return a"),
    "place of a default": ("def f(a, b=1): 0", "def f(a=1, b=1): 0"),
    "default of a keyword": ("def f(*, a=1, b): 0", "def f(*, a, b=1): 0"),
    "kind of a parameter": ("def f(a, *, b): 0", "def f(a, b): 0"),
    "positional only": ("def f(a, /, b): 0", "def f(a, b): 0"),
    "star": ("def f(*a): return a", "def f(**a): return a"),
    "name of a class": ("class A(B): x = 1", "class C(B): x = 1"),
    "name of a method": ("class A:\n  def f(self): 0", "class A:\n  def g(self): 0"),
    "annotation of a field": ("class A(B):\n  x: int = 1", "class A(B):\n  x: float = 1"),
    "annotation of a decorated class": ("@d\nclass A:\n  x: int", "@d\nclass A:\n  x: 'str'"),
    "a field more": ("@d\nclass A:\n  x: int", "@d\nclass A:\n  x: int\n  y: int"),
    "order of fields": ("@d\nclass A:\n  x: int\n  y: int", "@d\nclass A:\n  y: int\n  x: int"),
    "name of an attribute": ("def f(a): return a.x", "def f(a): return a.y"),
    "keyword": ("def f(a): return a(x=1)", "def f(a): return a(y=1)"),
    "order of statements": ("def f(a):\n  a.x()\n  a.y()", "def f(a):\n  a.y()\n  a.x()"),
    "dropped statement": ("def f(a):\n  a.x()\n  return a", "def f(a):\n  return a"),
    "operator": ("def f(a): return a + 1", "def f(a): return a - 1"),
    "comparison": ("def f(a): return a < 1", "def f(a): return a <= 1"),
    "generator or list": ("def f(n): return [a for a in n]", "def f(n): return (a for a in n)"),
    "async": ("async def f(a): return a", "def f(a): return a"),
    "await in a loop": (
        "async def f(a):\n  async for b in a: 0",
        "async def f(a):\n  for b in a: 0",
    ),
    "which local": ("def f(p):\n  a, b = p\n  return a", "def f(p):\n  a, b = p\n  return b"),
    "local or parameter": ("def f(p):\n  a = 1\n  return a", "def f(p):\n  a = 1\n  return p"),
    "conversion in text": ("def f(a): return f'{a!r}'", "def f(a): return f'{a!s}'"),
    "name in text": (
        "def f(p):\n  a = p\n  return f'{a=}'",
        "def f(p):\n  b = p\n  return f'{b=}'",
    ),
    "names that are asked for": (
        "def f(p):\n  a = p\n  return locals()",
        "def f(p):\n  b = p\n  return locals()",
    ),
    "names that are asked for without an object": (
        "def f(p):\n  a = p\n  return vars()",
        "def f(p):\n  b = p\n  return vars()",
    ),
    "name of a decorated function": ("@d\ndef f(): return 1", "@d\ndef g(): return 1"),
    "return annotation that runs": (
        "class A(B):\n  @computed_field\n  def f(self) -> int: return 1",
        "class A(B):\n  @computed_field\n  def f(self) -> float: return 1",
    ),
    "import in a function of another package": (
        "def f():\n  import numpy\n  return 1",
        "def f():\n  return 1",
    ),
}


@pytest.mark.parametrize("pair", EQUAL.values(), ids=EQUAL.keys())
def test_what_says_nothing_is_left_out(pair):
    first, second = map(written, pair)
    assert first.shape == second.shape
    assert first.references == second.references


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_what_runs_is_kept(pair):
    first, second = map(written, pair)
    assert (first.shape, first.references) != (second.shape, second.references)


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("def f(x): return g(x)", ["call g"]),
        ("def f(x): return np.linalg.norm(x).T", ["call np.linalg.norm"]),
        ("def f(g): return g(LIMIT)", ["argument LIMIT"]),
        ("def f(x):\n  TABLE[x] = 1", ["change TABLE"]),
        ("def f(x): TABLE.append(x)", ["change TABLE.append"]),
        ("def f(x):\n  global COUNT\n  COUNT = x", ["change COUNT"]),
        ("def f(x):\n  M.a = x", ["change M.a"]),
        ("def f():\n  from lib import a as b\n  return b.g", ["value lib:a.g"]),
        ("def f():\n  from . import a\n  return a.g()", ["call lib:a.g"]),
        ("def f():\n  import lib.a.b\n  return lib.a.b.g", ["value lib:.a.b.g"]),
        ("def f():\n  import numpy as np\n  return np.abs", ["call numpy:", "value numpy:.abs"]),
        ("@d(K)\ndef f(x=D): 0", ["call d", "argument K", "value D"]),
        ("class A(B, metaclass=M):\n  x = C", ["value B", "value M", "value C"]),
        ("class A:\n  f = f", ["value f"]),
        ("class A:\n  x = 1\n  def m(self): return x", ["value x"]),
        ("class A(B):\n  x: 'C | None'", ["value B", "value C"]),
        ("class A(B):\n  x: Literal['C']", ["value B", "item Literal"]),
        ("def f(x: T) -> T:\n  y: T = x\n  return y", []),
        ("X = [Y for Y in Z]", ["item Z"]),
        ("X = Y = Z", ["value Z"]),
        ("def f(x): return TABLE[x]", ["item TABLE"]),
        ("def f(n):\n  n = 1\n  def g():\n    global n\n    return n", ["value n"]),
    ],
)
def test_names_that_are_not_local_are_left_open(text, references):
    found = written(text).references
    assert [f"{one.use} {one.chain}" for one in found] == references


def test_text_arguments_of_a_call_belong_to_the_reference():
    (one,) = written("X = data_file('a/b.css')").references
    assert one == ("call", "data_file", ["a/b.css"])
    (two,) = written("X = load(name, 'b', k='c')").references[:1]
    assert two.literals == [None, "b"]


def test_names_that_a_statement_binds_are_numbered():
    assert written("A, (B, *C) = D = 1, (2, 3)").slots == ["A", "B", "C", "D"]
    assert written("A, B = 1, 2").shape == written("C, D = 1, 2").shape


def test_lines_are_those_of_the_file():
    assert written("def f():\n  g()\n\n  return h").lines == [2, 4]


names = st.text(string.ascii_lowercase, min_size=1, max_size=6).filter(str.isidentifier)


@given(st.lists(names, min_size=3, max_size=3, unique=True))
def test_no_name_of_a_local_matters(given_names):
    a, b, c = (f"local_{name}" for name in given_names)
    text = (
        "def f(x):\n  {0} = x\n  for {1} in {0}:\n    {2} = [{1} for {1} in {0}]\n  return {2}, {1}"
    )
    assert written(text.format(a, b, c)).shape == written(text.format("p", "q", "r")).shape
    assert written(text.format(a, b, b)).shape != written(text.format("p", "q", "r")).shape
