"""Names in syntax trees: chains of attributes, imports, and what a body binds."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

#: Calls after which the name of a local variable matters.
_READ_LOCALS = frozenset({"locals", "vars", "dir"})

_SKIPPED = frozenset({"ctx", "kind", "type_comment", "type_params"})

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def chain_of(node: ast.AST) -> str | None:
    """``a.b.c`` of a name with attributes; None of anything else.

    Examples
    --------
    >>> chain_of(ast.parse("a.b.c").body[0].value), chain_of(ast.parse("a().c").body[0].value)
    ('a.b.c', None)
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


class Import(NamedTuple):
    """One name of an import.

    Attributes
    ----------
    local : str
        The name that is bound.
    module : str
        The module that it stands for, or that has the symbol.
    symbol : str or None
        None for the module itself.
    loaded : str
        The module that is imported: of ``import a.b``, which binds a, it is a.b.
    """

    local: str
    module: str
    symbol: str | None
    loaded: str


def imported(node: ast.Import | ast.ImportFrom, package: str) -> list[Import]:
    """Each name of an import.

    Parameters
    ----------
    node : ast.Import or ast.ImportFrom
    package : str
        Dotted name of the package that relative imports start from.
    """
    if isinstance(node, ast.Import):
        return [
            Import(a.asname, a.name, None, a.name)
            if a.asname
            else Import(a.name.split(".")[0], a.name.split(".")[0], None, a.name)
            for a in node.names
        ]
    source = node.module or ""
    if node.level:
        parts = package.split(".")
        source = ".".join([*parts[: len(parts) - node.level + 1], source]).strip(".")
    return [Import(a.asname or a.name, source, a.name, source) for a in node.names]


_FIELDS: dict[type, tuple[str, ...]] = {}


def fields_of(kind: type) -> tuple[str, ...]:
    """The fields of a node that say something."""
    found = _FIELDS.get(kind)
    if found is None:
        names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
        found = _FIELDS[kind] = tuple(name for name in names if name not in _SKIPPED)
    return found


class Bindings:
    """Names that a body binds in its own scope.

    Parameters
    ----------
    package : str
        Dotted name of the package that relative imports start from.

    Attributes
    ----------
    plain : dict of str to None
        Names that are bound by anything but imports, in no particular order.
    imports : dict of str to set of (str, str or None)
        Local name -> what it is imported from.
    outer : set of str
        Names that are declared global or nonlocal.
    of_module : set of str
        Those that are declared global.
    reads_locals : bool
        Whether the names of local variables matter.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self.plain: dict[str, None] = {}
        self.imports: dict[str, set[tuple[str, str | None]]] = {}
        self.outer: set[str] = set()
        self.of_module: set[str] = set()
        self.reads_locals = False

    def of(self, nodes: Iterable[ast.AST]) -> Bindings:
        """Look through the nodes, not into scopes of their own."""
        stack: list[Any] = list(nodes)
        while stack:
            node = stack.pop()
            handler = _HANDLERS.get(node.__class__)
            if handler is not None:
                handler(self, node, stack)
            else:
                _push_children(node, stack)
        return self

    def _on_name(self, node: ast.Name, _: list[Any]) -> None:
        if node.ctx.__class__ is not ast.Load:
            self.plain[node.id] = None

    def _on_constant(self, node: ast.Constant, _: list[Any]) -> None:
        pass

    def _on_lambda(self, node: ast.Lambda, _: list[Any]) -> None:
        pass

    def _on_definition(self, node: Any, stack: list[Any]) -> None:
        self.plain[node.name] = None
        stack += node.decorator_list

    def _on_comprehension(self, node: ast.AST, stack: list[Any]) -> None:
        """An assignment in it binds outside of it."""
        stack += [inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]

    def _on_import(self, node: ast.Import | ast.ImportFrom, _: list[Any]) -> None:
        for one in imported(node, self._package):
            self.imports.setdefault(one.local, set()).add((one.module, one.symbol))

    def _on_outer(self, node: ast.Global | ast.Nonlocal, _: list[Any]) -> None:
        self.outer.update(node.names)
        if isinstance(node, ast.Global):
            self.of_module.update(node.names)

    def _on_call(self, node: ast.Call, stack: list[Any]) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in _READ_LOCALS and not node.args:
            self.reads_locals = True
        _push_children(node, stack)

    def _on_captured(self, node: Any, stack: list[Any]) -> None:
        """Handlers of exceptions and patterns bind names that are no nodes."""
        name = getattr(node, "rest" if isinstance(node, ast.MatchMapping) else "name", None)
        if name is not None:
            self.plain[name] = None
        _push_children(node, stack)


def _push_children(node: Any, stack: list[Any]) -> None:
    for field in fields_of(node.__class__):
        value = getattr(node, field, None)
        if value.__class__ is list:
            stack += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            stack.append(value)


_HANDLERS: dict[type, Callable[[Bindings, Any, list[Any]], None]] = {
    ast.Name: Bindings._on_name,
    ast.Constant: Bindings._on_constant,
    ast.Lambda: Bindings._on_lambda,
    ast.Call: Bindings._on_call,
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef), Bindings._on_definition),
    **dict.fromkeys(COMPREHENSIONS, Bindings._on_comprehension),
    **dict.fromkeys((ast.Import, ast.ImportFrom), Bindings._on_import),
    **dict.fromkeys((ast.Global, ast.Nonlocal), Bindings._on_outer),
    **dict.fromkeys(
        (ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping), Bindings._on_captured
    ),
}


class Scope:
    """Names of a function, comprehension or class body; those of classes are attributes."""

    def __init__(self, parent: Scope | None, is_class: bool = False) -> None:
        self.parent = parent
        self.is_class = is_class
        self.names: dict[str, str | None] = {}


def says_nothing(node: ast.AST) -> bool:
    """Docstrings and other bare values, `pass`, annotations without a value."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.AnnAssign) and node.value is None)
