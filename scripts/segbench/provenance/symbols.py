"""Top-level symbols of a Python module and what each of them refers to.

The raw material of `segbench.provenance.code`. Nothing is imported or run: only syntax
trees are read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

#: Assignments that say nothing about what the code computes.
IGNORED_NAMES = frozenset({"__version__", "__all__", "logger", "LOGGER", "log"})


@dataclass
class Module:
    """One parsed module.

    Attributes
    ----------
    definitions : dict of str to list of ast.stmt
        Top-level functions, classes and assignments by name.
    always : list of ast.stmt
        Statements that run on import for their effect: registrations, conditions.
    imports : dict of str to (str, str or None)
        Local name -> (module, symbol); the symbol is None for a whole module.
    """

    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    always: list[ast.stmt] = field(default_factory=list)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)


class _Documentation(ast.NodeTransformer):
    """Remove what is written for readers: docstrings and the descriptions of fields."""

    def _without_docstring(
        self, node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    ) -> ast.AST:
        self.generic_visit(node)
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            node.body[:] = node.body[1:] or [ast.Pass()]
        return node

    def visit(self, node: ast.AST) -> ast.AST:
        """Visit a node; those with a docstring lose it."""
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return self._without_docstring(node)
        visited: ast.AST = super().visit(node)
        return visited

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Drop `description=` from pydantic's Field."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "Field":
            node.keywords = [k for k in node.keywords if k.arg != "description"]
        return node


def imports_of(node: ast.AST, package: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield (local name, module, symbol or None) for every import inside a node.

    Parameters
    ----------
    node : ast.AST
        Any part of a module.
    package : str
        Dotted name of the package that relative imports start from.
    """
    for item in ast.walk(node):
        if isinstance(item, ast.Import):
            for alias in item.names:
                yield alias.asname or alias.name.split(".")[0], alias.name, None
        elif isinstance(item, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - item.level + 1]
            module = ".".join([*base, item.module or ""]).strip(".") if item.level else item.module
            for alias in item.names:
                yield alias.asname or alias.name, module or "", alias.name


def _targets(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        names = [n for target in statement.targets for n in ast.walk(target)]
        simple = all(isinstance(t, ast.Name | ast.Tuple) for t in statement.targets)
        return [n.id for n in names if isinstance(n, ast.Name)] if simple else []
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


@cache
def parse(path: Path, package: str) -> Module:
    """Parse one file.

    Parameters
    ----------
    path : Path
        A Python file.
    package : str
        The package it belongs to, for relative imports.
    """
    tree = ast.parse(path.read_text("utf-8"), str(path))
    _Documentation().visit(tree)
    module = Module()
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for local, source, symbol in imports_of(statement, package):
                module.imports[local] = (source, symbol)
            continue
        names = _targets(statement)
        if names and not set(names) <= IGNORED_NAMES:
            for name in names:
                module.definitions.setdefault(name, []).append(statement)
        elif not names and not isinstance(statement, ast.Pass) and not _typing_only(statement):
            module.always.append(statement)
    return module


def _typing_only(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Name)
        and statement.test.id == "TYPE_CHECKING"
    )


def references(node: ast.AST) -> set[str]:
    """Names that a node reads, and the first names of strings used as annotations."""
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
