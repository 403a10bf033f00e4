"""The digest of a symbol is that of its syntax and of what its names resolve to."""

# ruff: noqa: E501  (a small library stands on one line)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.provenance.graph import Graph
from segbench.provenance.resolve import Library, Symbol
from unit.provenance.small_library import Small, digest_of, digest_of_a

G = "def g(x):\n    return x + 1\n"
H = "def h(x):\n    return x - 1\n"
BOTH = G + "\n\n" + H

#: Libraries of lib/a.py, and others beside, that mean the same.
SAME = {
    "alias": ("from lib.b import g\ndef f(x): return g(x)", "from lib.b import g as i\ndef f(x): return i(x)"),
    "attribute of a module": ("from lib.b import g\ndef f(x): return g(x)", "from lib import b\ndef f(x): return b.g(x)"),
    "alias of a module": ("import lib.b as c\ndef f(x): return c.g(x)", "import lib.b\ndef f(x): return lib.b.g(x)"),
    "relative import": ("from lib.b import g\ndef f(x): return g(x)", "from .b import g\ndef f(x): return g(x)"),
    "re-export": ("from lib.b import g\ndef f(x): return g(x)", "from lib.c import k\ndef f(x): return k(x)"),
    "re-export through a module": ("from lib.b import g\ndef f(x): return g(x)", "from lib import d\ndef f(x): return d.c.k(x)"),
    "lazily": ("from lib.b import g\ndef f(x): return g(x)", "def f(x):\n  from lib.b import g\n  return g(x)"),
    "moved here": ("from lib.b import g\ndef f(x): return g(x)", G + "def f(x): return g(x)"),
    "renamed function": (G + "def f(x): return g(x)", G.replace("g(", "z(") + "def f(x): return z(x)"),
    "order of definitions": (BOTH + "def f(x): return g(h(x))", "def f(x): return g(h(x))\n" + H + G),
    "unrelated definition": (G + "def f(x): return g(x)", BOTH + "def f(x): return g(x)"),
    "alias of a package": ("import numpy as np\ndef f(x): return np.mean(x)", "from numpy import mean\ndef f(x): return mean(x)"),
    "submodule of a package": ("import scipy.ndimage\ndef f(x): return scipy.ndimage.label(x)", "from scipy import ndimage as n\ndef f(x): return n.label(x)"),
    "a type-only import": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  from lib.b import g\ndef f(x: g): return x", "def f(x): return x"),
    "a type-only name in a field": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  from lib.b import g\n@d\nclass A:\n  x: g\ndef f(x): return A(x)",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  from lib.b import h\n@d\nclass A:\n  x: h\ndef f(x): return A(x)",
    ),
}  # fmt: skip

#: Libraries that do not.
OTHER = {
    "swapped import": ("from lib.b import g\ndef f(x): return g(x)", "from lib.b import h as g\ndef f(x): return g(x)"),
    "swapped alias": (
        "from lib.b import g as p, h as q\ndef f(x): return p(x) * q(q(x))",
        "from lib.b import h as p, g as q\ndef f(x): return p(x) * q(q(x))",
    ),
    "swapped in a package": ("import numpy as np\ndef f(x): return np.mean(x)", "import numpy as np\ndef f(x): return np.median(x)"),
    "swapped import of a package": ("from numpy import mean as m\ndef f(x): return m(x)", "from numpy import median as m\ndef f(x): return m(x)"),
    "swapped lazily": ("def f(x):\n  from lib.b import g as i\n  return i(x)", "def f(x):\n  from lib.b import h as i\n  return i(x)"),
    "swapped in the standard library": ("from math import floor as r\ndef f(x): return r(x)", "from math import ceil as r\ndef f(x): return r(x)"),
    "shadowed builtin": ("def f(x): return len(x)", "from lib.b import g as len\ndef f(x): return len(x)"),
    "swapped re-export": ("from lib.c import k as i\ndef f(x): return i(x)", "from lib.c import m as i\ndef f(x): return i(x)"),
    "swapped module": ("from lib import b as m\ndef f(x): return m.g(x)", "from lib import e as m\ndef f(x): return m.g(x)"),
    "base": ("class A: v = 1\nclass B(A): pass\ndef f(x): return B.v", "class A: v = 2\nclass B(A): pass\ndef f(x): return B.v"),
    "other base": ("from lib.b import P\nclass B(P): pass\ndef f(x): return B()", "from lib.b import Q as P\nclass B(P): pass\ndef f(x): return B()"),
    "decorator": ("from lib.b import g\n@g\ndef f(x): return x", "from lib.b import h as g\n@g\ndef f(x): return x"),
    "decorator's argument": ("K = 1\nfrom lib.b import g\n@g(K)\ndef f(x): return x", "K = 2\nfrom lib.b import g\n@g(K)\ndef f(x): return x"),
    "default": ("K = 1\ndef f(x, k=K): return k", "K = 2\ndef f(x, k=K): return k"),
    "constant of a constant": ("K = 1\nL = [K]\ndef f(x): return L", "K = 2\nL = [K]\ndef f(x): return L"),
    "annotation that runs": ("from lib.b import P\nclass M(P):\n  x: P\ndef f(x): return M(x)", "from lib.b import P, Q\nclass M(P):\n  x: Q\ndef f(x): return M(x)"),
    "class attribute from outside": ("from lib.b import g\nclass A:\n  g = g\ndef f(x): return A.g(x)", "from lib.b import h as g\nclass A:\n  g = g\ndef f(x): return A.g(x)"),
    "place in a tuple": ("A, B = 1, 2\ndef f(x): return A", "A, B = 1, 2\ndef f(x): return B"),
    "later change of a constant": ("T = {}\ndef f(x): return T", "T = {}\nT['a'] = 1\ndef f(x): return T"),
    "later definition": (G + "def f(x): return g(x)", G + "def g(x): return 3\ndef f(x): return g(x)"),
    "name of a function that is handed on": (G + "def f(x): return x(g)", G.replace("g(", "z(") + "def f(x): return x(z)"),
    "name of the module that is asked for": ("def f(x): return __name__", "from lib.b import where as f"),
    "constructor keyword": ("from lib.b import P\ndef f(x): return P(a=1)", "from lib.b import P\ndef f(x): return P(b=1)"),
    "text of a call": (G + "def f(x): return g('a')", G + "def f(x): return g('b')"),
    "condition around a definition": ("if 1 < 2:\n  def g(x): return x\ndef f(x): return g(x)", "if 2 < 1:\n  def g(x): return x\ndef f(x): return g(x)"),
    "imports that may fail": (
        "try:\n  from numpy import mean as m\nexcept ImportError:\n  m = None\ndef f(x): return m(x)",
        "try:\n  from numpy import median as m\nexcept ImportError:\n  m = None\ndef f(x): return m(x)",
    ),
    "global that a function sets": ("N = 0\ndef f(x):\n  global N\n  N = x", "N = 1\ndef f(x):\n  global N\n  N = x"),
}  # fmt: skip

BESIDE = {
    "b": BOTH + "class P: pass\nclass Q: pass\ndef where(x): return __name__\n",
    "c": "from lib.b import g as k, h as m\n",
    "d": "from lib import c\n",
    "e": G.replace("+", "*"),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME.keys())
def test_what_means_the_same_has_the_same_digest(pair):
    first, second = (digest_of_a(text, **BESIDE) for text in pair)
    assert first == second


@pytest.mark.parametrize("pair", OTHER.values(), ids=OTHER.keys())
def test_what_means_something_else_has_another_digest(pair):
    first, second = (digest_of_a(text, **BESIDE) for text in pair)
    assert first != second


CIRCLE = "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)\n"


def test_circles_are_digested_by_what_they_do_not_by_name_or_order():
    use = "from lib.b import even as f\n"
    plain = digest_of_a(use, b=CIRCLE)
    one, two = CIRCLE.splitlines(keepends=True)
    assert plain == digest_of_a(use, b=two + one)
    renamed = CIRCLE.replace("odd", "aaa").replace("even", "zzz")
    assert plain == digest_of_a("from lib.b import zzz as f\n", b=renamed)
    apart = {"b": "from lib.c import odd\n" + one, "c": "from lib.b import even\n" + two}
    assert plain == digest_of_a(use, **apart)
    assert plain != digest_of_a("from lib.b import odd as f\n", b=CIRCLE)
    assert plain != digest_of_a(use, b=CIRCLE.replace("n != 0", "n != 1"))
    assert plain != digest_of_a(use, b=CIRCLE.replace("n == 0", "n == 1"))


def test_a_change_anywhere_in_a_long_circle_changes_all_of_it():
    def ring(constant):
        parts = [f"def f{i}(x): return f{(i + 1) % 9}(x + {i})\n" for i in range(9)]
        return "".join(parts).replace("x + 5", f"x + {constant}")

    found = [digest_of_a("from lib.b import f0 as f\n", b=ring(c)) for c in (5, 6)]
    assert found[0] != found[1]


def test_a_function_that_calls_itself_may_be_renamed():
    text = "def {0}(x): return {0}(x - 1) if x else 0\n"
    assert digest_of_a(text.format("f")) == digest_of_a(
        "from lib.b import other as f\n", b=text.format("other")
    )


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12),
    st.permutations(range(6)),
)
def test_the_order_of_definitions_never_matters(edges, order):
    bodies = [
        f"def f{i}(x): return [{', '.join(f'f{b}' for a, b in edges if a == i)}], {i}\n"
        for i in range(6)
    ]
    use = "from lib.b import f0 as f\n"
    assert digest_of_a(use, b="".join(bodies)) == digest_of_a(
        use, b="".join(bodies[i] for i in order)
    )


DATA = {
    "lib/data_files.py": "def data_file(name): return name\n",
    "lib/style.css": "a { }",
    "lib/a.py": "from lib.data_files import data_file\ndef f(x): return data_file('style.css')\n",
}


def test_a_data_file_counts_by_its_content_not_by_its_place():
    plain = digest_of(DATA)
    assert plain != digest_of({**DATA, "lib/style.css": "a { b: c }"})
    moved = {**DATA, "lib/sub/page.css": DATA["lib/style.css"]}
    moved["lib/a.py"] = DATA["lib/a.py"].replace("style.css", "sub/page.css")
    assert plain == digest_of(moved)
    other = "from lib import data_files as d\nP = d.data_file('style.css')\ndef f(x): return P\n"
    aliased = digest_of({**DATA, "lib/a.py": other})
    assert aliased != digest_of({**DATA, "lib/a.py": other, "lib/style.css": "b"})
    assert Small(DATA).parts()["file:style.css"] == Small(moved).parts()["file:sub/page.css"]


def test_the_function_that_finds_data_files_is_no_part():
    edited = {**DATA, "lib/data_files.py": "def data_file(name): return 'x' + name\n"}
    assert digest_of(DATA) == digest_of(edited)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(x):\n  return data_file(x)", r"a\.py:3: data_file without the name of a file"),
        ("def f(x):\n  return data_file('a', x)", r"a\.py:3: data_file without the name"),
        ("def f(x):\n  return x(data_file)", r"a\.py:3: data_file without the name"),
        (
            "def f(x):\n  return data_file('gone.css')",
            r"a\.py:3: data file .*gone\.css is not there",
        ),
    ],
)
def test_data_files_that_cannot_be_digested_are_refused(text, message):
    with pytest.raises(SegbenchError, match=message):
        digest_of({**DATA, "lib/a.py": "from lib.data_files import data_file\n" + text})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(x):\n  return eval(x)", r"a\.py:2: eval makes names at run time"),
        ("def f(x):\n  exec(x)", r"a\.py:2: exec makes"),
        ("def f(x):\n  return globals()[x]", r"a\.py:2: globals makes"),
        ("def f(x):\n  return __import__(x)", r"a\.py:2: __import__ makes"),
        ("import importlib\ndef f(x):\n  return importlib.import_module(x)", r"a\.py:3: importlib\.import_module makes"),
        ("from importlib import import_module as i\ndef f(x):\n  return i(x)", r"a\.py:3: importlib\.import_module makes"),
        ("import sys\ndef f(x): return sys.modules[x]", r"a\.py:2: sys\.modules makes"),
        ("import pkgutil\ndef f(x): return pkgutil.walk_packages(x)", r"a\.py:2: pkgutil\.walk_packages makes"),
        ("from lib import b\ndef f(x):\n  return getattr(b, x)", r"a\.py:3: module lib\.b is used as a value"),
        ("from lib import b\ndef f(x):\n  return vars(b)[x]", r"a\.py:3: module lib\.b is used as a value"),
        ("def f(x):\n  return open(__file__)", r"a\.py:2: __file__ says where the code lies"),
        ("def f(x):\n  return f.__doc__", r"a\.py:2: __doc__ reads what is no part"),
        ("def f(x):\n  return x.__doc__.strip()", r"a\.py:2: __doc__ reads"),
        ("def f(x):\n  return __doc__", r"a\.py:2: __doc__ reads"),
        ("def f(x):\n  return f.__annotations__", r"a\.py:2: __annotations__ reads"),
        ("class A: pass\ndef f(x):\n  return A.__subclasses__()", r"a\.py:3: __subclasses__ reads"),
        ("import inspect\ndef f(x):\n  return inspect.getsource(f)", r"a\.py:3: inspect\.getsource reads"),
        ("from typing import get_type_hints\ndef f(x):\n  return get_type_hints(f)", r"a\.py:3: typing\.get_type_hints reads"),
        ("import importlib.resources as r\ndef f(x):\n  return r.files(x)", r"a\.py:3: importlib\.resources\.files reads"),
        ("from lib.b import *\ndef f(x): return g(x)", r"a\.py:1: from lib\.b import \*"),
        ("from lib.b import gone\ndef f(x): return gone(x)", r"b\.py: defines no gone"),
    ],
)  # fmt: skip
def test_names_that_are_made_at_run_time_are_refused(text, message):
    with pytest.raises(SegbenchError, match=message) as caught:
        digest_of_a(text, b=BOTH)
    assert caught.value.action


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("B = list(A)\nA.append(2)", "A.append(2)\nB = list(A)"),
        ("B = A\nA = 2", "A = 2\nB = A"),
        ("def B(a=A): return a\nA = 2", "A = 2\ndef B(a=A): return a"),
        ("B = [A]\nA[0] = 2", "A[0] = 2\nB = [A]"),
    ],
)
def test_what_a_name_is_where_it_is_used_counts(one, two):
    whole = "A = [1]\n{}\ndef f(x): return B\n"
    assert digest_of_a(whole.format(one)) != digest_of_a(whole.format(two))


def test_what_stands_after_all_that_makes_a_name_may_stand_in_another_module():
    made = "A = [1]\nA.append(2)\n"
    uses = "B = list(A)\ndef f(x): return B\n"
    assert digest_of_a(made + uses) == digest_of_a("from lib.b import A\n" + uses, b=made)


def test_what_nobody_reaches_may_do_what_it_likes():
    assert digest_of_a("def f(x): return 1\ndef other(x): return eval(x)") == digest_of_a(
        "def f(x): return 1"
    )


def test_attributes_of_other_objects_may_be_asked_for_by_name():
    assert digest_of_a("import numpy as np\ndef f(x): return getattr(np, x), getattr(x, 'y')")


def test_only_what_may_have_changed_is_digested_anew():
    small = Small(
        {"lib/a.py": "from lib.b import g\ndef f(x): return g(x)\n", "lib/b.py": G, "lib/c.py": H}
    )
    graph = Graph(Library(small.top / "lib"))
    f, h = Symbol("lib.a", "f"), Symbol("lib.c", "h")
    before = graph.digest(f), graph.digest(h)
    edited = Small({"lib/b.py": H.replace("h(", "g(")}).code.graph.library.module("lib.b")
    original = graph.library.module("lib.b")
    graph.replace("lib.b", edited)
    assert graph.digest(f) != before[0]
    assert graph.digest(h) == before[1]
    graph.replace("lib.b", original)
    assert (graph.digest(f), graph.digest(h)) == before
