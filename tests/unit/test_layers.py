"""The layers of the library: what may import what, type-only imports included.

docs/explanation/architecture.md draws the same map.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "scripts/segbench"

#: From the ground up: packages and modules of `segbench`. Each imports from lower floors, and
#: from its own package; those on one floor do not import each other.
FLOORS = (
    (
        "arms",
        "cells",
        "chunks",
        "errors",
        "files",
        "known_pixels",
        "late_import",
        "parallel",
        "stages",
        "store_location",
        "strict",
        "templating",
        "unannotated",
    ),
    ("archives", "artefacts", "data_files", "decoders", "models", "os_errors"),
    ("figures", "metrics", "preflight", "provenance"),
    ("config",),
    ("augmentation", "datasets", "folds", "resources", "slices", "statistics"),
    ("exploration", "imaging", "inspection", "maintenance"),
    ("instances",),
    ("objects", "prediction", "training"),
    ("explain", "inference", "reporting"),
    ("workflow",),
)

#: Packages that load Keras; everything else starts in under a second or two.
WITH_KERAS = frozenset({"augmentation", "models", "prediction", "training"})

#: Other packages that the library never imports.
ABOVE = frozenset({"snakemake", "scripts"})


def module_name(path: Path) -> str:
    parts = ("segbench", *path.relative_to(LIBRARY).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(LIBRARY.rglob("*.py"))}


@cache
def imports(module: str) -> dict[str, int]:
    """Modules that a module imports anywhere -> line; a name of a module counts as the module."""
    path, found = MODULES[module], {}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        for target in _targets(node):
            found.setdefault(target, node.lineno)
    return found


def _targets(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in MODULES else str(node.module)


def _annotates(path: Path) -> bool:
    """Whether a file annotates a function."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef))
    return any(f.returns or any(a.annotation for a in f.args.args) for f in functions)


def package(module: str) -> str:
    """The package or top-level module that a floor names; of `segbench` itself nothing."""
    return module.partition(".")[2].split(".")[0]


def crossings() -> Iterator[tuple[str, str, str]]:
    """All imports between packages: importer, imported module, place."""
    for module in MODULES:
        for target, line in imports(module).items():
            if target in MODULES and package(target) not in ("", package(module)):
                yield module, target, f"{module}, line {line}, imports {target}"


def test_every_package_has_a_floor():
    listed = [name for floor in FLOORS for name in floor]
    assert len(listed) == len(set(listed))
    assert set(listed) == {package(module) for module in MODULES} - {""}


def test_nothing_imports_from_its_own_floor_or_above():
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    upward = [
        place
        for module, target, place in crossings()
        if package(module) and floor[package(target)] >= floor[package(module)]
    ]
    assert upward == []


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        module: {target for target in imports(module) if target in MODULES and target != module}
        for module in MODULES
    }
    while free := [module for module, targets in graph.items() if not targets]:
        for module in free:
            del graph[module]
        for targets in graph.values():
            targets.difference_update(free)
    # What is left is on a circle, or imports what is.
    assert graph == {}


def test_the_library_knows_nothing_of_snakemake_and_of_the_scripts():
    scripts = {path.stem for path in (ROOT / "scripts").glob("*.py")}
    wrong = [
        f"{module}, line {line}, imports {target}"
        for module in MODULES
        for target, line in imports(module).items()
        if target.split(".")[0] in ABOVE | scripts
    ]
    assert wrong == []


def test_only_late_import_imports_by_a_name_made_at_run_time():
    """Such imports are on no list here, and in no digest of code."""
    users = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr)
        in {"import_module", "__import__"}
    }
    assert users == {"segbench.late_import"}


def test_annotations_do_not_run():
    """The digest of code leaves out annotations of functions, so they must not run."""
    running = [
        module
        for module, path in MODULES.items()
        if "__future__" not in imports(module) and _annotates(path)
    ]
    assert running == []


def test_scripts_and_rules_do_not_import_scripts():
    names = "|".join(path.stem for path in (ROOT / "scripts").glob("*.py"))
    for path in [*(ROOT / "scripts").glob("*.py"), *(ROOT / "rules").glob("*.smk")]:
        text = path.read_text("utf-8")
        assert not re.search(rf"^\s*(from|import) (scripts|{names})\b", text, re.M), path


def test_exploration_and_report_share_no_code():
    assert not [
        place
        for module, target, place in crossings()
        if {package(module), package(target)} == {"exploration", "reporting"}
    ]


def test_prediction_imports_neither_folds_nor_training():
    """A network's file is all that passes from training to prediction."""
    assert not [
        place
        for module, target, place in crossings()
        if package(module) == "prediction" and package(target) in {"folds", "training"}
    ]


@pytest.mark.parametrize("library", ["keras", "tensorflow", "jax"])
def test_only_training_and_what_it_needs_load_keras(library):
    users = {
        package(module)
        for module in MODULES
        for target in imports(module)
        if target.split(".")[0] == library
    }
    assert users <= WITH_KERAS


def test_the_map_in_the_docs_is_this_one():
    text = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    drawn = re.search(r"```text\n# floors\n(.*?)```", text, re.S)
    assert drawn, "the floors, from the top down, in a block that begins with `# floors`"
    lines = [line.split("#")[0].split() for line in drawn[1].splitlines() if line.strip()]
    assert [sorted(names) for names in reversed(lines)] == [sorted(names) for names in FLOORS]


def test_the_docs_name_modules_and_functions_that_exist():
    text = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    for name in sorted(set(re.findall(r"`(segbench(?:\.\w+)+)`", text))):
        module = name
        while module not in MODULES and "." in module:
            module = module.rpartition(".")[0]
        tree: ast.AST = ast.parse(MODULES[module].read_text("utf-8"))
        for part in name.removeprefix(module).split(".")[1:]:
            kinds = (ast.FunctionDef, ast.ClassDef)
            inner = [n for n in ast.iter_child_nodes(tree) if isinstance(n, kinds)]
            found = {node.name: node for node in inner}
            assert part in found, name
            tree = found[part]
