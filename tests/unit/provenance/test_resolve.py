"""A name is followed through imports, aliases and re-exports to its definition."""

from __future__ import annotations

import pytest

from segbench.errors import SegbenchError
from segbench.provenance.resolve import Symbol
from unit.provenance.small_library import Small

LIBRARY = {
    "lib/a.py": "def f(): pass\nclass A: pass\nX = 1\n",
    "lib/b.py": (
        "import lib.a\nimport lib.a as other\nfrom lib import a as third, pkg\n"
        "from lib.a import f\n"
        "from lib.pkg import g, inner, again\nimport numpy as np\nfrom scipy import ndimage as nd\n"
        "import os.path\nfrom typing import TYPE_CHECKING\nfrom lib.provenance.job import run\n"
        "if TYPE_CHECKING:\n    from lib.a import A\n"
    ),
    "lib/pkg/__init__.py": (
        "from lib.a import f as g\nfrom lib.pkg import inner\nfrom .deep import h as again\n"
    ),
    "lib/pkg/inner.py": "from ..a import X as Y\n",
    "lib/pkg/deep.py": "def h(): pass\n",
    "lib/lazy.py": "def __getattr__(name): return name\n",
    "lib/provenance/job.py": "def run(): pass\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Small(LIBRARY, tmp_path_factory.mktemp("library")).code.graph.library


@pytest.mark.parametrize(
    ("chain", "symbol", "rest"),
    [
        ("f", "lib.a:f", ""),
        ("lib.a.f", "lib.a:f", ""),
        ("other.A.method", "lib.a:A", "method"),
        ("third.X", "lib.a:X", ""),
        ("g", "lib.a:f", ""),
        ("pkg.g.x", "lib.a:f", "x"),
        ("inner.Y", "lib.a:X", ""),
        ("pkg.inner.Y.real", "lib.a:X", "real"),
        ("again", "lib.pkg.deep:h", ""),
        ("lib.pkg:inner.Y", "lib.a:X", ""),
        ("lib.a:f", "lib.a:f", ""),
    ],
)
def test_names_end_at_the_definition(library, chain, symbol, rest):
    found = library.resolve("lib.b", chain)
    assert (found.kind, str(found.symbol), found.text) == ("symbol", symbol, rest)


@pytest.mark.parametrize(
    ("chain", "kind", "text"),
    [
        ("np.linalg.norm", "outside", "numpy.linalg.norm"),
        ("nd.label", "outside", "scipy.ndimage.label"),
        ("os.path.join", "outside", "os.path.join"),
        ("len", "outside", "builtins.len"),
        ("A", "name", "annotation"),
        ("run", "outside", "lib.provenance.job.run"),
        ("snakemake.input", "name", "snakemake.input"),
        ("__name__", "name", "module lib.b"),
        ("__file__", "own", "__file__"),
        ("third", "module", ""),
    ],
)
def test_other_names(library, chain, kind, text):
    found = library.resolve("lib.b", chain)
    assert (found.kind, found.text) == (kind, text)


def test_what_is_not_there_is_refused(library):
    with pytest.raises(SegbenchError, match=r"lib/a\.py: defines no gone"):
        library.resolve("lib.b", "third.gone")
    with pytest.raises(SegbenchError, match=r"module lib\.gone does not exist"):
        library.resolve("lib.b", "lib.gone:f")


def test_a_name_that_a_module_makes_at_run_time_is_refused(library):
    with pytest.raises(SegbenchError, match="made at run time by __getattr__") as caught:
        library.resolve("lib.b", "lib.lazy:thing")
    assert caught.value.action == "import thing from the module that defines it"


def test_imports_in_a_circle_end_in_an_error():
    library = Small(
        {"lib/a.py": "from lib.b import f\n", "lib/b.py": "from lib.a import f\n"}
    ).code.graph.library
    with pytest.raises(SegbenchError, match="f is imported in a circle"):
        library.resolve("lib.a", "f")


def test_replacing_a_module_names_what_went_through_it(library):
    assert library.resolve("lib.b", "pkg.g").symbol == Symbol("lib.a", "f")
    other = Small({"lib/pkg/__init__.py": "from lib.a import X as g\n"}).code.graph.library
    stale = library.replace("lib.pkg", other.module("lib.pkg"))
    assert ("lib.b", "pkg.g") in stale
    assert ("lib.b", "other.A.method") not in stale
    assert library.resolve("lib.b", "pkg.g").symbol == Symbol("lib.a", "X")
