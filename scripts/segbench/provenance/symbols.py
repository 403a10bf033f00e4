"""Top-level symbols of a Python module, and what runs when it is imported.

Nothing is imported or run: only syntax trees are read. What was read is keyed by the
file's content and can be written down (`MEMORY`), because parsing the whole library takes
longer than a run with nothing to do.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from segbench.provenance.actions import ASSIGNMENTS, Effect, base_of, effect_of, targets_of
from segbench.provenance.names import Bindings, chain_of, imported
from segbench.provenance.references import MUTATORS, Reference, Written
from segbench.provenance.syntax import Writer

#: Digest of a file's content, and its package -> what `Module.plain` gives.
MEMORY: dict[str, dict[str, Any]] = {}

#: Modules that were parsed in this process and are not in the memory yet.
PARSED: dict[str, Module] = {}


class Statement:
    """A top-level statement; its normalised form is worked out when it is asked for.

    Parameters
    ----------
    node : ast.stmt
        The statement.
    writer : Writer
        Of its module.
    kind : {"function", "class", "parent", "state", "table", ""}
        What it defines; a parent is a class that acts when a subclass is made of it, state is
        an object that can be changed where it is, a table one whose items cannot.
    effect : Effect or None
        None where nothing but names comes of it.
    """

    def __init__(
        self, node: ast.stmt | None, writer: Writer | None, kind: str, effect: Effect | None
    ) -> None:
        self._known: list[Any] | None = None
        self._node = node
        self._writer = writer
        self.kind = kind
        self.effect = effect

    @cached_property
    def written(self) -> Written:
        """The normalised form."""
        if self._known is not None:
            shape, references, imports, slots = self._known
            return Written(shape, [Reference(*one) for one in references], imports, slots)
        assert self._writer is not None
        assert self._node is not None
        return self._writer.write(self._node)

    def plain(self) -> list[Any]:
        """All of it as JSON-able data."""
        shape, references, imports, slots, _ = self.written
        return [shape, references, imports, slots, self.kind, self.effect]

    @classmethod
    def known(cls, plain: list[Any]) -> Statement:
        """A statement that was read in an earlier run."""
        *known, kind, effect = plain
        made = cls(None, None, kind, None if effect is None else Effect(*effect))
        made._known = known
        return made


@dataclass
class Module:
    """One parsed module.

    Attributes
    ----------
    statements : list of Statement
        All that define a name or run for their effect.
    definitions : dict of str to list of int
        Name -> the statements that define it, or change it where it is defined.
    effects : list of int
        Statements that define nothing.
    imports : dict of str to (str, str or None)
        Local name -> (module, symbol); the symbol is None for a whole module.
    loads : list of (str, str or None)
        What is imported when the module is.
    typing : list of str
        Names that are imported for annotations only.
    refused : list of (int, str)
        Lines that cannot be followed, and why.
    """

    statements: list[Statement] = field(default_factory=list)
    definitions: dict[str, list[int]] = field(default_factory=dict)
    effects: list[int] = field(default_factory=list)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    loads: list[tuple[str, str | None]] = field(default_factory=list)
    typing: list[str] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """All of it as JSON-able data."""
        return {**vars(self), "statements": [one.plain() for one in self.statements]}

    @classmethod
    def known(cls, data: dict[str, Any]) -> Module:
        """From what `plain` gave."""
        return cls(**{**data, "statements": [Statement.known(one) for one in data["statements"]]})


def parse(path: Path, package: str, root: str) -> Module:
    """Parse one file.

    Parameters
    ----------
    path : Path
        A Python file.
    package : str
        The package it belongs to, for relative imports; empty for a script.
    root : str
        Name of the library.
    """
    content = path.read_bytes()
    name = f"{hashlib.sha256(content).hexdigest()} {package} {root}"
    if name in MEMORY:
        return Module.known(MEMORY[name])
    if name not in PARSED:
        PARSED[name] = read_module(ast.parse(content, str(path)), package, root)
    return PARSED[name]


def read_module(tree: ast.Module, package: str, root: str) -> Module:
    """The symbols of a syntax tree, see `parse`."""
    module = Module()
    reader = _Reader(module, package, root)
    for statement in _running(tree.body, module, package):
        reader.take(statement)
    for name in module.definitions.keys() & module.imports.keys():
        module.refused.append((0, f"{name} is both imported and defined"))
    return module


def _running(body: list[ast.stmt], module: Module, package: str) -> Iterator[ast.stmt]:
    """The statements that run; what is only for annotations is noted in the module."""
    for statement in body:
        if not isinstance(statement, ast.If):
            yield statement
        elif chain_of(statement.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for inner in statement.body:
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    module.typing += [one.local for one in imported(inner, package)]
            yield from _running(statement.orelse, module, package)
        elif not (package and ast.unparse(statement.test) == "__name__ == '__main__'"):
            yield statement


class _Reader:
    """Sorts the statements of a module."""

    def __init__(self, module: Module, package: str, root: str) -> None:
        self._module = module
        self._package = package
        self._writer = Writer(package, root, module.imports)
        self._aliases: set[str] = set()

    def take(self, statement: ast.stmt) -> None:
        """Take in one statement."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._import(statement)
        elif not isinstance(statement, ast.Pass) and not (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        ):
            self._statement(statement)

    def _import(self, statement: ast.Import | ast.ImportFrom) -> None:
        module = self._module
        for local, source, symbol, loaded in imported(statement, self._package):
            module.loads.append((loaded, symbol))
            if local == "*":
                module.refused.append((statement.lineno, f"from {source} import *"))
            elif module.imports.get(local, (source, symbol)) != (source, symbol):
                module.refused.append((statement.lineno, f"{local} is imported twice"))
            module.imports[local] = (source, symbol)

    def _statement(self, node: ast.stmt) -> None:
        module = self._module
        bound = Bindings(self._package).of([node])
        names = sorted({*bound.plain, *bound.imports})
        effect = effect_of(node)
        self._note_aliases(node, names, effect)
        if not names:
            names = self._changed(node)
            effect = None if names else effect
        if isinstance(node, ast.AnnAssign) and node.value is None:
            return
        number = len(module.statements)
        kind = _kind_of(node)
        if self._is_logger(node):
            node, effect = ast.Pass(), None
        for targets in bound.imports.values():
            module.loads += targets
        module.statements.append(Statement(node, self._writer, kind, effect))
        for name in names:
            module.definitions.setdefault(name, []).append(number)
        if not names:
            module.effects.append(number)

    def _note_aliases(self, node: ast.stmt, names: list[str], effect: Effect | None) -> None:
        """Refuse what changes an object that has two names: it would belong to one of them."""
        if isinstance(node, ast.Assign) and (chain := chain_of(node.value)) is not None:
            self._aliases.update({*names, chain.split(".")[0]})
        elif isinstance(node, ast.Assign) and len(node.targets) > 1 and not _is_fixed(node.value):
            self._aliases.update(names)
        changed = {chain.split(".")[0] for chain in effect.changes} if effect else set()
        if effect:
            calls = (chain.rpartition(".") for chain in [*effect.calls, *effect.makes])
            changed |= {owner.split(".")[0] for owner, _, name in calls if name in MUTATORS}
        if isinstance(node, ast.AugAssign):
            changed.update(names)
        for name in sorted(changed & self._aliases):
            self._module.refused.append((node.lineno, f"{name} is changed and has another name"))

    def _changed(self, node: ast.stmt) -> list[str]:
        """What a statement changes in its own module: it belongs to its definition."""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            chains = [chain_of(node.value.func) or ""]
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            chains = [chain_of(base_of(target)) or "" for target in targets_of(node)]
        else:
            return []
        roots = [chain.split(".")[0] for chain in chains]
        parts = isinstance(node, ASSIGNMENTS) or all("." in chain for chain in chains)
        return roots if parts and all(root in self._module.definitions for root in roots) else []

    def _is_logger(self, node: ast.stmt) -> bool:
        """Where messages go is not what is computed."""
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            return False
        root, _, rest = (chain_of(node.value.func) or "").partition(".")
        module, symbol = self._module.imports.get(root, ("", None))
        return ".".join(part for part in (module, symbol, rest) if part) == "logging.getLogger"


def _kind_of(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return "function"
    if isinstance(node, ASSIGNMENTS):
        return "" if node.value is None else _kind_of_value(node.value)
    if not isinstance(node, ast.ClassDef):
        return ""
    methods = {getattr(inner, "name", "") for inner in node.body}
    return "parent" if node.keywords or "__init_subclass__" in methods else "class"


def _kind_of_value(value: ast.expr) -> str:
    if _is_fixed(value):
        return ""
    items = {ast.Dict: "values", ast.List: "elts", ast.Set: "elts"}.get(type(value), "")
    held = getattr(value, items, [])
    return "table" if held and all(map(_is_fixed, held)) else "state"


def _is_fixed(value: ast.expr) -> bool:
    """Whether a value is none that can be changed where it is; objects in a tuple stay as made."""
    if isinstance(value, ast.Tuple):
        return all(isinstance(one, ast.Call | ast.Starred) or _is_fixed(one) for one in value.elts)
    if isinstance(value, ast.Call):
        return (chain_of(value.func) or "") in ("frozenset", "tuple", "re.compile", "TypeVar")
    if isinstance(value, ast.BinOp | ast.UnaryOp | ast.IfExp | ast.Compare):
        parts = (one for one in ast.iter_child_nodes(value) if isinstance(one, ast.expr))
        return all(map(_is_fixed, parts))
    return isinstance(
        value, ast.Constant | ast.JoinedStr | ast.Lambda | ast.Name | ast.Attribute | ast.Subscript
    )
