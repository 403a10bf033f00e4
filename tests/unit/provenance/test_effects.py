"""Statements that run on import belong to the rules that they can have an effect on."""

# ruff: noqa: E501  (a small library stands on one line)

from __future__ import annotations

import pytest

from unit.provenance.small_library import Small, digest_of, digest_of_a

REGISTRY = """
METRICS = {}
OTHER = {}

def metric(name):
    def add(function):
        METRICS[name] = function
        return function
    return add

def names():
    return sorted(METRICS)

def plain():
    return 1
"""
DICE = "from lib.m.registry import metric\n\n@metric('dice')\ndef dice(x):\n    return x + 1\n"
IOU = "from lib.m.registry import metric\n\n@metric('iou')\ndef iou(x):\n    return x - 1\n"

REGISTERED = {
    "lib/m/__init__.py": "from lib.m import dice, iou\n",
    "lib/m/registry.py": REGISTRY,
    "lib/m/dice.py": DICE,
    "lib/m/iou.py": IOU,
}
ASKS = "from lib.m.registry import names\n\ndef work(): return names()\n"
PASSES_BY = "from lib.m.registry import plain\n\ndef work(): return plain()\n"


def changed(script: str, **files: str) -> bool:
    """Whether a script's digest changes with some files of the registry's library."""
    edits = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    whole = {**REGISTERED, "s.py": script}
    assert edits.keys() <= whole.keys()
    return digest_of(whole) != digest_of({**whole, **edits})


EDITED = {
    "constant": DICE.replace("x + 1", "x + 2"),
    "name": DICE.replace("'dice'", "'f1'"),
    "not registered": DICE.replace("@metric('dice')\n", ""),
}


@pytest.mark.parametrize("text", EDITED.values(), ids=EDITED.keys())
def test_who_reaches_a_registry_reaches_what_is_registered(text):
    assert changed(ASKS, lib__m__dice=text)
    assert not changed(PASSES_BY, lib__m__dice=text)


def test_a_registration_that_is_not_imported_does_not_count():
    files = {**REGISTERED, "s.py": ASKS, "lib/m/__init__.py": "from lib.m import iou\n"}
    assert digest_of(files) == digest_of({**files, "lib/m/dice.py": EDITED["constant"]})
    assert digest_of(files) != digest_of({**REGISTERED, "s.py": ASKS})


def test_a_registered_function_may_move_and_others_may_stand_before_it():
    both = {**REGISTERED, "s.py": ASKS}
    one_file = DICE + IOU.replace("from lib.m.registry import metric\n", "")
    moved = {**both, "lib/m/__init__.py": "from lib.m import dice\n", "lib/m/dice.py": one_file}
    assert digest_of(both) == digest_of(moved)


def test_parts_name_what_is_registered():
    parts = Small({**REGISTERED, "s.py": ASKS}).parts()
    assert {"lib.m.dice:dice", "lib.m.iou:iou", "lib.m.registry:METRICS"} <= parts.keys()
    assert "lib.m.registry:OTHER" not in parts
    assert "lib.m.dice:dice" not in Small({**REGISTERED, "s.py": PASSES_BY}).parts()


#: Ways to register; {0} is what is registered.
WAYS = {
    "method of a registry": "from lib.m.registry import METRICS\n@METRICS.register\ndef f(x): return {0}\n",
    "assignment to an item": "from lib.m.registry import METRICS\nMETRICS['f'] = {0}\n",
    "of a module": "from lib.m import registry\nregistry.METRICS['f'] = {0}\n",
    "call of a method": "from lib.m.registry import METRICS\nMETRICS.update(f={0})\n",
    "call of a function": "from lib.m.registry import metric\nmetric('f')({0})\n",
    "function of the function": "from lib.m.registry import METRICS\ndef put(t, x): t['f'] = x\ndef add(x): put(METRICS, x)\nadd({0})\n",
    "in a loop": "from lib.m.registry import METRICS\nfor name in ('a', 'b'):\n    METRICS[name] = {0}\n",
    "made with a value": "from lib.m.registry import METRICS\ndef add(x):\n    METRICS['f'] = x\n    return x\nF = add({0})\n",
    "made by a method": "from lib.m.registry import METRICS\nF = METRICS.setdefault('f', {0})\n",
    "in the body of a class": "from lib.m.registry import METRICS\nclass A:\n    METRICS['f'] = {0}\n",
    "in a default": "from lib.m.registry import METRICS\ndef add(x):\n    METRICS['f'] = x\ndef g(x=add({0})): 0\n",
    "in a condition": "from lib.m.registry import METRICS\nif 1 < 2:\n    METRICS['f'] = {0}\n",
    "in the constructor": "from lib.m.registry import METRICS\nclass M:\n    def __init__(self, x): METRICS['f'] = x\nF = M({0})\n",
}  # fmt: skip


#: What a decorator may do with a registry.
BODIES = {
    "item": "REG[n] = k",
    "list of an item": "REG[n].append(k)",
    "item of an item": "REG[n][n] = k",
    "local name": "r = REG\n    r[n] = k",
    "method": "REG.put(n, k)",
    "method, returned": "return REG.put(n, k)",
    "method of a value": "REG.get(n).append(k)",
    "loop": "for r in (REG,):\n      r[n] = k",
    "choice": "(REG if n else REG)[n] = k",
    "walrus": "(r := REG)[n] = k",
    "special method": "REG.__setitem__(n, k)",
    "setattr": "setattr(REG, n, k)",
    "handed on": "put(REG, n, k)",
    "handed on in a list": "put(*[REG], n, k)",
    "helper of a helper": "again(n, k)",
}
KEEPS = """
class Store:
  def put(self, n, k): self.items[n] = k
REG = Store()
def put(r, n, k): r[n] = k
def again(n, k): put(REG, n, k)
def keep(n):
  def add(k):
    {0}
    return k
  return add
class Kept:
  def __init__(self, n): self.keep(n)
  def keep(self, n): put(REG, n, self)
class Meta(type):
  def __new__(m, n, b, d):
    made = super().__new__(m, n, b, d)
    REG[n] = made
    return made
class Made(metaclass=Meta): pass
def plain(): return 1
"""


def kept(body: str, text: str, asks: str = "REG") -> str:
    """The digest of a script that asks for a registry, where a module is this text."""
    script = f"import lib.q\nfrom lib.p import {asks}\ndef work(): return {asks}\n"
    return digest_of({"lib/p.py": KEEPS.format(body), "lib/q.py": text, "s.py": script})


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_what_a_decorator_may_do_with_a_registry(body):
    one = "from lib.p import keep\n@keep('a')\ndef f(x): return 1\n"
    assert kept(body, one) != kept(body, one.replace("1", "2"))
    assert kept(body, one) != kept(body, one.replace("@keep('a')\n", ""))
    assert kept(body, one, "plain") == kept(body, one.replace("1", "2"), "plain")


@pytest.mark.parametrize(
    "text",
    [
        "from lib.p import keep\nF = keep('a')({0})\n",
        "from lib.p import again\nF = again('a', {0})\n",
        "from lib.p import REG\nF = REG.put('a', {0})\n",
        "from lib.p import Kept\nF = Kept({0})\n",
        "from lib.p import Made\nclass F(Made): v = {0}\n",
        "from lib.p import put, REG\nF = put(REG, 'a', {0})\n",
        "from functools import wraps\nfrom lib.p import again\n@wraps(again('a', {0}))\ndef f(): 0\n",
    ],
)
def test_what_is_made_may_register_itself(text):
    assert kept("REG[n] = k", text.format(1)) != kept("REG[n] = k", text.format(2))
    assert kept("REG[n] = k", text.format(1), "plain") == kept(
        "REG[n] = k", text.format(2), "plain"
    )


def test_reading_a_table_of_constants_changes_nothing():
    table = "UNITS = {'m': 1}\ndef units(): return [UNITS[n] for n in UNITS]\n"
    files = {"lib/p.py": table, "s.py": "import lib.q\nfrom lib.p import UNITS\nX = UNITS\n"}
    one, two = (f"from lib.p import units\nX = (units(), {n})\n" for n in (1, 2))
    assert digest_of({**files, "lib/q.py": one}) == digest_of({**files, "lib/q.py": two})
    handed = {**files, "lib/p.py": table.replace("[UNITS[n] for n in UNITS]", "UNITS")}
    assert digest_of({**handed, "lib/q.py": one}) != digest_of({**handed, "lib/q.py": two})


def test_the_order_of_registrations_that_are_statements_matters():
    one, two = "REG['a'] = 1\n", "REG['a'] = 2\n"
    first = "from lib.p import REG\n"
    assert kept("0", first + one + two) != kept("0", first + two + one)


def test_a_script_that_binds_a_name_again_runs_in_order():
    calls, binds = "f(X)\n", "X = [2]\n"
    files = {"s.py": "from lib.a import f\nX = [1]\n" + calls + binds, "lib/a.py": "f = len\n"}
    other = "from lib.a import f\nX = [1]\n" + binds + calls
    assert digest_of(files) != digest_of({**files, "s.py": other})


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_ways_to_register(way):
    assert changed(ASKS, lib__m__dice=way.format(1)) and changed(ASKS, lib__m__iou=way.format(1))
    files = {**REGISTERED, "s.py": ASKS, "lib/m/dice.py": way.format(1)}
    assert digest_of(files) != digest_of({**files, "lib/m/dice.py": way.format(2)})


def test_subclasses_are_registered_by_their_parent():
    parent = "KINDS = []\nclass P:\n  def __init_subclass__(cls):\n    KINDS.append(cls)\n"
    files = {
        "lib/p.py": parent,
        "lib/q.py": "from lib.p import P\nclass Middle(P): pass\n",
        "lib/r.py": "from lib.q import Middle\nclass C(Middle):\n  v = 1\n",
        "s.py": "import lib.r\nfrom lib.p import KINDS\n\ndef work(): return KINDS\n",
    }
    assert digest_of(files) != digest_of({**files, "lib/r.py": files["lib/r.py"].replace("1", "2")})


ALWAYS = {
    "call of another package": "import numpy as np\nnp.seterr(all={0!r})\n",
    "a setting, its old value kept": "import numpy as np\nold = np.seterr(all={0!r})\n",
    "environment": "import os\nos.environ['A'] = {0!r}\n",
    "method of the environment": "import os\nos.environ.setdefault('A', {0!r})\n",
    "decorator of another package": "import keras\n@keras.saving.register(package='a')\nclass A:\n  v = {0!r}\n",
    "a function that does more": "import os\ndef go(x): os.environ['A'] = x\ngo({0!r})\n",
    "decorator that does more": "import warnings\ndef d(f):\n  warnings.simplefilter('error')\n  return f\n@d\ndef g(): return {0!r}\n",
    "with": "import lib.b\nwith lib.b.g(): print({0!r})\n",
    "condition": "import os\nif os.name == {0!r}:\n  os.nice(1)\n",
}  # fmt: skip


@pytest.mark.parametrize("text", ALWAYS.values(), ids=ALWAYS.keys())
def test_what_may_change_anything_belongs_to_all_who_import_it(text):
    one, two = (
        digest_of_a("import lib.c\ndef f(x): return x\n", b="def g(): 1", c=text.format(value))
        for value in ("a", "b")
    )
    assert one != two
    unrelated = [digest_of_a("def f(x): return x\n", c=text.format(value)) for value in "ab"]
    assert unrelated[0] == unrelated[1]


@pytest.mark.parametrize(
    "text",
    [
        "from functools import cache\n@cache\ndef g(): return {0}\n",
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass A:\n  v: int = {0}\n",
        "import numpy as np\nX = np.array({0})\n",
        "X = {{}}\nX['a'] = {0}\n",
        "def d(f): return f\n@d\ndef g(): return {0}\n",
        "if {0}:\n  X = 1\n",
    ],
)
def test_what_only_defines_names_belongs_to_those_who_reach_them(text):
    one, two = (digest_of_a("import lib.c\ndef f(x): return x\n", c=text.format(v)) for v in "12")
    assert one == two


def test_importing_a_module_runs_the_packages_around_it():
    files = {
        "lib/p/a.py": "def f(x): return x",
        "s.py": "from lib.p.a import f\ndef work(): f(1)\n",
    }
    assert digest_of(files) != digest_of({**files, "lib/p/__init__.py": "print(1)\n"})
    assert digest_of(files) != digest_of({**files, "lib/__init__.py": "print(1)\n"})


def test_importing_inside_a_function_runs_the_module():
    text = "def f(x):\n  import lib.b\n  return x\n"
    assert digest_of_a(text, b="print(1)\n") != digest_of_a(text, b="print(2)\n")


def test_the_order_of_a_scripts_statements_matters():
    one = {"lib/a.py": "", "s.py": "print(1)\nprint(2)\n"}
    assert digest_of(one) != digest_of({**one, "s.py": "print(2)\nprint(1)\n"})
