"""The how-to docs/how-to/add-an-image-format.md, followed in a copy of the library."""

from __future__ import annotations

import pytest

from unit.pages import copied, follow, page, python

#: Digests of a rule with the decoders of a folder of one's own, and of a publisher's dataset.
DIGESTS = """
from pathlib import Path
from segbench.datasets.formats import FORMATS
from segbench.decoders.registry import module_of
from segbench.provenance.code import code_digest
Path("probe.py").write_text("from segbench.decoders.registry import read as main\\n")
for name in ("folder", "dsb2018"):
    modules = [module_of(one) for one in FORMATS[name].decoders]
    print(code_digest(Path("probe.py"), Path("scripts/segbench"), modules))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the library in which the page was followed."""
    folder = copied(tmp_path_factory.mktemp("copy"))
    assert follow(page("add-an-image-format.md"), folder) == [
        "scripts/segbench/decoders/packed.py",
        "scripts/segbench/decoders/registry.py",
        "tests/unit/decoders/test_packed.py",
    ]
    return folder


def test_its_own_test_passes(copy):
    test = "tests/unit/decoders/test_packed.py"
    assert "14 passed" in python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", test)


def test_an_edit_touches_only_datasets_that_may_hold_such_files(copy):
    before = python(copy, "-c", DIGESTS).split()
    decoder = copy / "scripts/segbench/decoders/packed.py"
    text = decoder.read_text(encoding="utf-8")
    decoder.write_text(text.replace("mtime=0", "mtime=1"), encoding="utf-8")
    after = python(copy, "-c", DIGESTS).split()
    decoder.write_text(text, encoding="utf-8")
    assert (before[0] != after[0], before[1] == after[1]) == (True, True)
