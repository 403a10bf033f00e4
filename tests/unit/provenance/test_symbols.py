"""The statements of a module, by the names that they define."""

from __future__ import annotations

import ast
import json
from textwrap import dedent

import pytest

from segbench.provenance.symbols import Module, read_module


def module(text: str, package: str = "lib") -> Module:
    return read_module(ast.parse(dedent(text)), package, "lib")


@pytest.mark.parametrize(
    ("text", "definitions", "effects"),
    [
        ("'''Doc.'''\npass", {}, []),
        ("def f(): pass\nclass A: pass\nX: int = 1", {"f": [0], "A": [1], "X": [2]}, []),
        ("A, B = 1, 2", {"A": [0], "B": [0]}, []),
        ("X: int", {}, []),
        ("X = []\nX.append(1)\nX += [2]\nX[0] = 3\nX.a = 4", {"X": [0, 1, 2, 3, 4]}, []),
        ("print(1)", {}, [0]),
        ("X = 1\nother.X.append(X)", {"X": [0]}, [1]),
        ("def f(): pass\nf()", {"f": [0]}, [1]),
        ("if a:\n  X = 1\nelse:\n  X = 2", {"X": [0]}, []),
        ("try:\n  import a\nexcept ImportError:\n  a = None", {"a": [0]}, []),
        ("for n in 'ab':\n  T[n] = 1", {"n": [0]}, []),
        ("def f(): 1\ndef f(): 2", {"f": [0, 1]}, []),
        ("if __name__ == '__main__':\n  main()", {}, []),
    ],
)
def test_statements_belong_to_the_names_they_define(text, definitions, effects):
    found = module(text)
    assert found.definitions == definitions
    assert found.effects == effects


def test_the_main_block_of_a_script_runs():
    assert module("if __name__ == '__main__':\n  main()", package="").effects == [0]


def test_imports_for_annotations_are_held_apart():
    found = module(
        """
        from typing import TYPE_CHECKING
        import lib.a
        if TYPE_CHECKING:
            from lib.b import B
        else:
            X = 1
        try:
            from lib import c
        except ImportError:
            c = None
        """
    )
    assert found.typing == ["B"]
    assert list(found.definitions) == ["X", "c"]
    assert found.imports == {"TYPE_CHECKING": ("typing", "TYPE_CHECKING"), "lib": ("lib", None)}
    assert found.loads == [("typing", "TYPE_CHECKING"), ("lib.a", None), ("lib", "c")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import os\nfrom lib.a import *", (2, "from lib.a import *")),
        ("from numpy import *", (1, "from numpy import *")),
        ("from a import f\nfrom b import f", (2, "f is imported twice")),
        ("from a import f\ndef f(): pass", (0, "f is both imported and defined")),
    ],
)
def test_what_cannot_be_followed_is_noted_with_its_line(text, reason):
    assert module(text).refused == [reason]


def test_the_same_import_twice_is_one():
    assert module("import os\nimport os").refused == []


def test_a_logger_is_a_logger_wherever_it_is_and_a_logarithm_is_none():
    head = "import logging\nimport numpy as np\n"
    plain = module(head + "log = logging.getLogger(__name__)").statements[0]
    other = module(head + "LOGGER = logging.getLogger('x')").statements[0]
    maths = module(head + "log = np.log(2)").statements[0]
    assert plain.written == other.written
    assert plain.written.references == []
    assert [one.chain for one in maths.written.references] == ["np.log"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("def f(): pass", "function"),
        ("async def f(): pass", "function"),
        ("class A(B): pass", "class"),
        ("class A(metaclass=M): pass", "parent"),
        ("class A:\n  def __init_subclass__(cls): pass", "parent"),
        ("X = 1", ""),
    ],
)
def test_kinds_of_definitions(text, kind):
    assert module(text).statements[0].kind == kind


def test_what_is_written_down_comes_back():
    found = module("import os\n@os.x('a')\ndef f(y, z=K): return y.g(z, 'b')\nprint(f)\n")
    again = Module.known(json.loads(json.dumps(found.plain())))
    assert json.loads(json.dumps(again.plain())) == json.loads(json.dumps(found.plain()))
    assert again.statements[0].written.references == found.statements[0].written.references
    assert again.statements[1].effect == found.statements[1].effect


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A = []\nB = A\nB.append(1)", (3, "B is changed and has another name")),
        ("A = []\nB = A\nA[0] = 1", (3, "A is changed and has another name")),
        ("A = B = []\nA.append(1)", (2, "A is changed and has another name")),
        ("from lib.b import R\nS = R\nS['a'] = 1", (3, "S is changed and has another name")),
        ("A = B = []\nA += [1]", (2, "A is changed and has another name")),
        ("A = B = []\nfor i in (1, 2):\n  A.append(i)", (2, "A is changed and has another name")),
    ],
)
def test_an_object_that_is_changed_has_one_name(text, reason):
    assert module(text).refused == [reason]


@pytest.mark.parametrize(
    "text", ["A = B = 1\nA += 1", "A = []\nB = A", "A = []\nA.append(1)\nB = A"]
)
def test_another_name_of_what_does_not_change_is_accepted(text):
    assert module(text).refused == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("{}", "state"),
        ("[1]", "table"),
        ("{'a': B}", "table"),
        ("{'a': []}", "state"),
        ("make()", "state"),
        ("(1, [2])", "state"),
        ("[n for n in a]", "state"),
        ("1 + 2", ""),
        ("-1.5", ""),
        ("(1, 'a')", ""),
        ("(Column('a'), *OTHERS)", ""),
        ("frozenset({1})", ""),
        ("other.name", ""),
        ("dict[str, int]", ""),
        ("lambda x: x", ""),
    ],
)
def test_what_can_be_changed_where_it_is(value, kind):
    (statement,) = module(f"A = {value}").statements
    assert statement.kind == kind
