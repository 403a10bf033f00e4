"""A digest changes with what runs, and with nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.provenance import code
from unit.provenance.small_library import Small, digest_of

ROOT = Path(__file__).resolve().parents[3]

FILES = {
    "s.py": '"""Say what the rule does."""\nfrom lib.work import main\n\nmain(1)\n',
    "lib/__init__.py": '"""The library."""\n__version__ = "1.0"\n',
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
    "lib/helper.py": "def double(x):\n    return 2 * x\n",
    "lib/constants.py": "LIMIT = 3\nOTHER = 4\n",
    "lib/lazy.py": "def late():\n    return 5\n",
}


def edited(*edits):
    """The digest after edits: (file, old, new)."""
    files = dict(FILES)
    for name, old, new in edits:
        assert old in files[name], f"{old!r} is not in {name}"
        files[name] = files[name].replace(old, new)
    return digest_of(files)


@pytest.mark.parametrize(
    "edit",
    [
        ("lib/work.py", "# a comment", "# another comment, longer"),
        ("lib/work.py", '"""Do it."""', '"""Do it well."""'),
        ("lib/work.py", "double(x)) + LIMIT", "double(x)\n            ) + LIMIT"),
        ("lib/work.py", "return x\n", "return 7\n"),
        ("lib/constants.py", "OTHER = 4", "OTHER = 5"),
        ("lib/__init__.py", '"1.0"', '"2.0"'),
        ("lib/lazy.py", "return 5", "return 6"),
        ("s.py", "Say what", "Tell what"),
    ],
    ids=lambda edit: f"{edit[0]}:{edit[2][:20]}",
)
def test_an_edit_without_effect_leaves_the_digest(edit):
    assert edited(edit) == edited()


@pytest.mark.parametrize(
    "edit",
    [
        ("s.py", "main(1)", "main(2)"),
        ("lib/work.py", "+ LIMIT", "- LIMIT"),
        ("lib/helper.py", "2 * x", "3 * x"),
        ("lib/constants.py", "LIMIT = 3", "LIMIT = 30"),
        ("lib/work.py", "return np", "from lib.lazy import late\n            return late()"),
    ],
    ids=lambda edit: f"{edit[0]}:{edit[2][:20]}",
)
def test_an_edit_with_effect_changes_the_digest(edit):
    assert edited(edit) != edited()


def test_an_import_inside_a_function_is_followed():
    lazily = ("lib/work.py", "# a comment", "from lib.lazy import late; late()")
    assert edited(lazily) != edited(lazily, ("lib/lazy.py", "return 5", "return 6"))


def test_parts_name_the_symbols_and_the_versions_of_packages():
    small = Small(FILES)
    parts = code.code_parts(small.script, small.top / "lib")
    assert set(parts) == {
        "lib.constants:LIMIT", "lib.helper:double", "lib.work:main", "numpy", "script:#0",
    }  # fmt: skip
    assert parts["numpy"].startswith("numpy==")
    own, *uses = parts["lib.work:main"].split(" ")
    assert len(own) == 16
    assert uses == ["lib.helper:double", "lib.constants:LIMIT"]
    assert code.PARTS[code.code_digest(small.script, small.top / "lib")] == parts


def test_the_version_of_a_package_changes_the_digest(monkeypatch):
    before = edited()
    monkeypatch.setattr(code, "_version", lambda package: "numpy==99")
    assert edited() != before


def test_the_folder_of_the_checkout_is_no_part():
    files = {**FILES, "s.py": "from lib.work import main\nif __name__ == '__main__':\n  main(1)\n"}
    assert digest_of(files) == digest_of(files)
    other = files["s.py"].replace("__main__", "other")
    assert digest_of(files) != digest_of({**files, "s.py": other})


@pytest.mark.parametrize("name", ["work", "other"])
def test_functions_of_a_script_may_be_renamed_and_reordered(name):
    text = "from lib.helper import double\n"
    parts = [f"def {name}(x): return double(x)\n", "LIMIT = 1\n"]
    expected = digest_of({**FILES, "s.py": text + "LIMIT = 1\ndef work(x): return double(x)\n"})
    assert digest_of({**FILES, "s.py": text + "".join(parts)}) == expected


LATE = {
    "lib/late_import.py": "def load_symbol(m, n, *d): return __import__(m)\n",
    "lib/a.py": (
        "from lib.late_import import load_symbol\n"
        "def f(x): return load_symbol(f'lib.readers.{x}', 'READER')\n"
    ),
    "lib/readers/ccp.py": "from lib.b import g\ndef helper(): return 2\nREADER = g\nOTHER = 1\n",
    "lib/readers/msd.py": "READER = 3\n",
    "lib/b.py": "def g(x): return x\n",
}
CCP = ["lib.readers.ccp"]


def test_symbols_whose_module_is_named_at_run_time_are_declared_by_the_rule():
    before = digest_of(LATE, CCP)
    assert before != digest_of(LATE, ["lib.readers.msd"])
    assert before != digest_of({**LATE, "lib/b.py": "def g(x): return 1\n"}, CCP)
    assert before == digest_of({**LATE, "lib/readers/msd.py": "READER = 4\n"}, CCP)
    ccp = LATE["lib/readers/ccp.py"]
    for old, new in (("return 2", "return 3"), ("OTHER = 1", "OTHER = 2")):
        assert before == digest_of({**LATE, "lib/readers/ccp.py": ccp.replace(old, new)}, CCP)
    effect = digest_of({**LATE, "lib/readers/ccp.py": ccp + "print(1)\n"}, CCP)
    assert effect != before


def test_such_a_symbol_may_be_imported_by_its_module():
    moved = {
        **LATE,
        "lib/readers/ccp.py": "from lib.readers.new import READER\n",
        "lib/readers/new.py": "from lib.b import g\nREADER = g\n",
    }
    assert digest_of(moved, CCP) == digest_of(LATE, CCP)
    other = {**moved, "lib/readers/new.py": "READER = 5\n"}
    assert digest_of(other, CCP) != digest_of(LATE, CCP)


def test_a_rule_that_declares_no_module_for_them_is_refused():
    with pytest.raises(SegbenchError, match=r"s\.py: reaches load_symbol, for READER"):
        digest_of(LATE)


@pytest.mark.parametrize("call", ["load_symbol(x, x)", "load_symbol(x)", "x(load_symbol)"])
def test_the_symbol_that_is_asked_for_is_written_out(call):
    text = f"from lib.late_import import load_symbol\ndef f(x): return {call}\n"
    with pytest.raises(SegbenchError, match=r"a\.py:2: load_symbol without the name of a symbol"):
        digest_of({**LATE, "lib/a.py": text}, CCP)


def test_of_a_module_that_is_declared_for_nothing_in_particular_all_counts():
    plain = {**FILES, "lib/lazy.py": "def late(): return 5\ndef later(): return 1\n"}
    before = digest_of(plain, ["lib.lazy"])
    assert before != digest_of(plain)
    edit = plain["lib/lazy.py"].replace("return 1", "return 2")
    assert before != digest_of({**plain, "lib/lazy.py": edit}, ["lib.lazy"])


def test_a_declared_module_that_is_not_there_is_named():
    with pytest.raises(SegbenchError, match=r"module lib\.gone does not exist"):
        digest_of(FILES, ["lib.gone"])


def test_an_import_of_nothing_is_named():
    with pytest.raises(SegbenchError, match=r"module lib\.gone does not exist"):
        digest_of({"s.py": "from lib.gone import f\nf()\n"})


def test_the_carrier_of_jobs_is_left_out():
    files = {
        "lib/provenance/job.py": "def run(): return 1\n",
        "s.py": "from lib.provenance.job import run\nrun()\n",
    }
    edit = {**files, "lib/provenance/job.py": "def run(): return 2\nprint(1)\n"}
    assert digest_of(files) == digest_of(edit)
    assert digest_of(files) != digest_of({**files, "s.py": files["s.py"].replace("run", "go")})


def rules():
    """The scripts of the rules; those that have a dataset's reader or a network, with one."""
    commands = {"explain", "store"}
    readers = {"acquire", "inventory", "index", "truth", "preprocess", "explore_dataset", "measure"}
    recipes = {"train", "predict", "segment", "apply_model"}
    for script in sorted((ROOT / "scripts").glob("*.py")):
        if script.stem not in commands:
            modules = ["segbench.datasets.ccp"] * (script.stem in readers)
            modules += ["segbench.models.networks.unet"] * (script.stem in recipes)
            modules += ["segbench.decoders.pictures"] * (script.stem == "inspect_folder")
            yield script, modules


def test_the_real_scripts_have_different_digests():
    library = ROOT / "scripts/segbench"
    digests = {path.stem: code.code_digest(path, library, modules) for path, modules in rules()}
    assert len(set(digests.values())) == len(digests) >= 15
    for path, modules in rules():
        known = {"script", "segbench", "file"}
        for name in code.code_parts(path, library, modules):
            assert ":" not in name or name.partition(":")[0].partition(".")[0] in known


def test_the_digest_does_not_depend_on_the_process():
    program = (
        "import sys; sys.path.insert(0, 'scripts'); from pathlib import Path\n"
        "from segbench.provenance.code import code_digest\n"
        "print(code_digest(Path('scripts/score.py'), Path('scripts/segbench')))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1
