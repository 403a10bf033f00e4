"""A digest changes with what runs, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.provenance import code, symbols

FILES = {
    "rule.py": '''
        """Say what the rule does."""
        from lib.work import main

        main(1)
    ''',
    "lib/__init__.py": '''
        """The library."""
        __version__ = "1.0"
    ''',
    "lib/work.py": '''
        """Work."""
        import json

        import numpy as np

        from lib import helper
        from lib.constants import LIMIT

        def main(x):
            """Do it."""
            # a comment
            return np.abs(helper.double(x)) + LIMIT

        def unrelated(x):
            return x
    ''',
    "lib/helper.py": """
        def double(x):
            return 2 * x
    """,
    "lib/constants.py": """
        LIMIT = 3
        OTHER = 4
    """,
    "lib/lazy.py": """
        def late():
            return 5
    """,
}


@pytest.fixture
def tree(tmp_path):
    """Write a small project; return a function that digests it after some edits."""

    def write(edits=()):
        symbols.parse.cache_clear()
        for name, original in FILES.items():
            text = original
            for where, old, new in edits:
                if where == name:
                    assert old in text, f"{old!r} is not in {name}"
                    text = text.replace(old, new)
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            lines = text.strip("\n").split("\n")
            path.write_text("\n".join(line.removeprefix("        ") for line in lines))
        return code.code_digest(tmp_path / "rule.py", tmp_path / "lib")

    return write


@pytest.mark.parametrize(
    "edit",
    [
        ("lib/work.py", "# a comment", "# another comment, longer"),
        ("lib/work.py", '"""Do it."""', '"""Do it well."""'),
        (
            "lib/work.py",
            "return np.abs(helper.double(x)) + LIMIT",
            "return (np.abs(helper.double(x))\n + LIMIT)",
        ),
        ("lib/work.py", "def unrelated(x):\n            return x", "def unrelated(x):\n  return 7"),
        ("lib/constants.py", "OTHER = 4", "OTHER = 5"),
        ("lib/__init__.py", '"1.0"', '"2.0"'),
        ("lib/lazy.py", "return 5", "return 6"),
        ("rule.py", "Say what", "Tell what"),
    ],
    ids=lambda edit: f"{edit[0]}:{edit[2][:20]}",
)
def test_an_edit_without_effect_leaves_the_digest(tree, edit):
    assert tree([edit]) == tree()


@pytest.mark.parametrize(
    "edit",
    [
        ("rule.py", "main(1)", "main(2)"),
        ("lib/work.py", "+ LIMIT", "- LIMIT"),
        ("lib/helper.py", "2 * x", "3 * x"),
        ("lib/constants.py", "LIMIT = 3", "LIMIT = 30"),
        ("lib/work.py", "return np", "from lib import lazy\n            return helper"),
    ],
    ids=lambda edit: f"{edit[0]}:{edit[2][:20]}",
)
def test_an_edit_with_effect_changes_the_digest(tree, edit):
    assert tree([edit]) != tree()


def test_an_import_inside_a_function_is_followed(tree):
    lazily = ("lib/work.py", "# a comment", "from lib.lazy import late; late()")
    assert tree([lazily]) != tree([lazily, ("lib/lazy.py", "return 5", "return 6")])


def test_parts_name_the_symbols_and_the_versions_of_packages(tree, tmp_path):
    tree()
    parts = code.code_parts(tmp_path / "rule.py", tmp_path / "lib")
    assert {"lib.work:main#0", "lib.helper:double#0", "lib.constants:LIMIT#0"} <= set(parts)
    assert "lib.work:unrelated#0" not in parts
    assert parts["numpy"].startswith("numpy==")
    assert "json" not in parts, "the standard library is not a package"


def test_the_version_of_a_package_changes_the_digest(tree, monkeypatch):
    before = tree()
    monkeypatch.setattr(code, "_version", lambda package: "numpy==99")
    assert tree() != before


def test_a_package_import_runs_its_parents_statements(tree, tmp_path):
    before = tree()
    (tmp_path / "lib/__init__.py").write_text("print('effect on import')\n")
    symbols.parse.cache_clear()
    assert code.code_digest(tmp_path / "rule.py", tmp_path / "lib") != before


def test_modules_reached_by_name_can_be_added(tree, tmp_path):
    tree()
    plain = code.code_digest(tmp_path / "rule.py", tmp_path / "lib")
    assert code.code_digest(tmp_path / "rule.py", tmp_path / "lib", ["lib.lazy"]) != plain


def test_the_description_of_a_field_is_documentation(tmp_path):
    def digest(text):
        symbols.parse.cache_clear()
        (tmp_path / "s.py").write_text(text)
        return code.code_digest(tmp_path / "s.py", tmp_path)

    assert digest("x = Field(1, description='a')") == digest("x = Field(1, description='b')")
    assert digest("x = Field(1, description='a')") != digest("x = Field(2, description='a')")


def test_cycles_of_imports_end(tmp_path):
    library = tmp_path / "lib"
    library.mkdir()
    (library / "__init__.py").write_text("")
    (library / "a.py").write_text("from lib.b import g\ndef f(): return g()\n")
    (library / "b.py").write_text("from lib.a import f\ndef g(): return f\n")
    (tmp_path / "s.py").write_text("from lib.a import f\nf()\n")
    assert len(code.code_digest(tmp_path / "s.py", library)) == 32


def test_relative_imports_are_followed(tmp_path):
    library = tmp_path / "lib"
    (library / "sub").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "sub/__init__.py": "",
        "sub/a.py": "from ..base import f\nfrom . import c\ndef g(): return f(c.h)\n",
        "sub/c.py": "def h(): return 1\n",
        "base.py": "def f(x): return x\n",
    }.items():
        (library / name).write_text(text)
    (tmp_path / "s.py").write_text("from lib.sub.a import g\ng()\n")
    parts = code.code_parts(tmp_path / "s.py", library)
    assert {"lib.base:f#0", "lib.sub.c:h#0", "lib.sub.a:g#0"} <= set(parts)


def test_an_import_of_nothing_is_named(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/__init__.py").write_text("")
    (tmp_path / "s.py").write_text("from lib.gone import f\nf()\n")
    with pytest.raises(SegbenchError, match=r"lib\.gone does not exist"):
        code.code_digest(tmp_path / "s.py", tmp_path / "lib")


def test_the_carrier_of_jobs_is_left_out(tmp_path):
    library = tmp_path / "segbench"
    (library / "provenance").mkdir(parents=True)
    (library / "__init__.py").write_text("")
    (library / "provenance/__init__.py").write_text("")
    job = library / "provenance/job.py"
    (tmp_path / "s.py").write_text("from segbench.provenance.job import run\nrun()\n")
    job.write_text("def run(): return 1\n")
    before = code.code_digest(tmp_path / "s.py", library)
    symbols.parse.cache_clear()
    job.write_text("def run(): return 2\n")
    assert code.code_digest(tmp_path / "s.py", library) == before


def test_the_real_scripts_have_different_digests():
    root = Path(__file__).resolve().parents[3]
    library = root / "scripts/segbench"
    digests = {p.stem: code.code_digest(p, library) for p in (root / "scripts").glob("*.py")}
    assert len(set(digests.values())) == len(digests) >= 15
