"""Top-level symbols of a Python module and what each of them refers to.

The raw material of `segbench.provenance.code`. Nothing is imported or run: only syntax
trees are read. What was read is told apart by the file's content and can be written down
(`MEMORY`), because parsing the whole library takes longer than a run with nothing to do.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

#: Assignments that say nothing about what the code computes.
IGNORED_NAMES = frozenset({"__version__", "__all__", "logger", "LOGGER", "log"})

#: Digest of a file's content, and its package -> what `Module.plain` gives.
MEMORY: dict[str, dict[str, Any]] = {}

#: Modules that were parsed in this process and are not in the memory yet.
PARSED: dict[str, Module] = {}


class Statement:
    """A top-level statement; what is asked of it is worked out once, many rules ask.

    Parameters
    ----------
    node : ast.stmt
        The statement.
    package : str
        Dotted name of the package that relative imports start from.
    """

    def __init__(self, node: ast.AST, package: str) -> None:
        self._node = node
        self._package = package

    @classmethod
    def known(
        cls, digest: str, imports: list[tuple[str, str | None]], references: list[str]
    ) -> Statement:
        """A statement that was read in an earlier run."""
        made = cls(ast.Pass(), "")
        made.__dict__.update(digest=digest, imports=imports, references=references)
        return made

    def plain(self) -> list[Any]:
        """What `known` takes."""
        return [self.digest, self.imports, self.references]

    @cached_property
    def digest(self) -> str:
        """Digest of the syntax tree, 16 hexadecimal digits."""
        dump = ast.dump(self._node, annotate_fields=False)
        return hashlib.sha256(dump.encode()).hexdigest()[:16]

    @cached_property
    def imports(self) -> list[tuple[str, str | None]]:
        """What is imported inside: (module, symbol or None)."""
        return [found[1:] for found in imports_of(self._node, self._package)]

    @cached_property
    def references(self) -> list[str]:
        """Names that are read inside, sorted."""
        return sorted({item.id for item in ast.walk(self._node) if isinstance(item, ast.Name)})


@dataclass
class Module:
    """One parsed module.

    Attributes
    ----------
    definitions : dict of str to list of Statement
        Top-level functions, classes and assignments by name.
    always : list of Statement
        Statements that run on import for their effect: registrations, conditions.
    imports : dict of str to (str, str or None)
        Local name -> (module, symbol); the symbol is None for a whole module.
    """

    definitions: dict[str, list[Statement]] = field(default_factory=dict)
    always: list[Statement] = field(default_factory=list)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """All of it as JSON-able data."""
        return {
            "definitions": {
                name: [statement.plain() for statement in statements]
                for name, statements in self.definitions.items()
            },
            "always": [statement.plain() for statement in self.always],
            "imports": self.imports,
        }

    @classmethod
    def known(cls, data: dict[str, Any]) -> Module:
        """From what `plain` gave."""
        return cls(
            {
                name: [Statement.known(*statement) for statement in statements]
                for name, statements in data["definitions"].items()
            },
            [Statement.known(*statement) for statement in data["always"]],
            data["imports"],
        )


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
    content = path.read_bytes()
    name = f"{hashlib.sha256(content).hexdigest()} {package}"
    if name in MEMORY:
        return Module.known(MEMORY[name])
    PARSED[name] = _parse(ast.parse(content, str(path)), package)
    return PARSED[name]


def _parse(tree: ast.Module, package: str) -> Module:
    _Documentation().visit(tree)
    module = Module()
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for local, source, symbol in imports_of(statement, package):
                module.imports[local] = (source, symbol)
            continue
        names = _targets(statement)
        taken = Statement(statement, package)
        if names and not set(names) <= IGNORED_NAMES:
            for name in names:
                module.definitions.setdefault(name, []).append(taken)
        elif not names and not isinstance(statement, ast.Pass) and not _typing_only(statement):
            module.always.append(taken)
    return module


def _typing_only(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Name)
        and statement.test.id == "TYPE_CHECKING"
    )
