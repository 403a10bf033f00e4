"""Every rule has everything; scripts are thin; the light stages stay light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from workflow.project import COMMANDS, ROOT, RULES

RULE_FILES = sorted((ROOT / "rules").glob("*.smk"))
SCRIPTS = sorted(p for p in (ROOT / "scripts").glob("*.py") if p.stem not in COMMANDS)
#: Rule files of functions alone.
HELPERS = ("common.smk",)
LIBRARY = sorted((ROOT / "scripts/segbench").rglob("*.py"))


def rules():
    """The rules that do work: name -> text."""
    found = {}
    for path in RULE_FILES:
        for name, body in re.findall(r"^rule (\w+):\n((?:    .*\n|\n)+)", path.read_text(), re.M):
            if "script:" in body:
                found[name] = body
    return found


def test_every_script_is_the_script_of_the_rule_of_its_name():
    assert set(rules()) == RULES
    for name, body in rules().items():
        assert f'"../scripts/{name}.py"' in body


@pytest.mark.parametrize("name", sorted(rules()))
def test_a_rule_has_everything(name):
    body = rules()[name]
    assert re.match(r'    """.+\n', body), "docstring"
    for part in ("output:", "log:", "conda:", "threads:", "resources:", "params:", "script:"):
        assert re.search(rf"^    {part}", body, re.M), part
    assert re.search(r"^        code=", body, re.M), "params with code="
    assert "mem_mb=" in body
    assert "runtime=" in body


def test_no_rule_runs_code_of_its_own():
    for path in RULE_FILES:
        assert not re.search(r"^    (run|shell):", path.read_text(), re.M), path


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.name)
def test_a_rule_file_says_what_it_needs_and_makes(path):
    doc = ast.get_docstring(ast.parse(path.read_text().split('"""')[1].join(['"""', '"""'])))
    if path.name not in HELPERS:
        assert "REQUIRED INPUTS:" in doc
        assert "OUTPUTS:" in doc


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_thin(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    assert {name.split(".")[0] for name in imported(path)} <= {"segbench", "pathlib"}
    calls = [node for node in tree.body if isinstance(node, ast.If)]
    assert len(calls) == 1, "runs only when it is the program"
    assert len(path.read_text().splitlines()) < 60


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_can_be_imported_without_snakemake(path):
    done = subprocess.run(
        [sys.executable, "-c", f"import runpy; runpy.run_path({str(path)!r}, run_name='x')"],
        env={"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


HEAVY = {"train", "predict"}


@pytest.mark.parametrize("name", sorted(RULES - HEAVY))
def test_a_light_stage_never_imports_keras(name):
    text = (ROOT / f"scripts/{name}.py").read_text()
    wanted = re.findall(r"^    (from segbench.+|import .+)$", text, re.M)
    code = "; ".join(line for line in wanted) + "; import sys; print(sorted(set(sys.modules) & "
    code += "{'keras', 'tensorflow', 'jax', 'torch', 'snakemake'}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_snakefile_fits_a_screen():
    assert len((ROOT / "Snakefile").read_text().splitlines()) <= 50


def test_no_function_is_long_and_no_file_is_large():
    for path in [*LIBRARY, *SCRIPTS]:
        text = path.read_text()
        assert len(text.splitlines()) <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                documentation = len((ast.get_docstring(node, clean=False) or "").splitlines())
                lines = node.end_lineno - node.lineno - documentation
                assert lines <= 60, f"{path}: {node.name} has {lines} lines"
