"""Edits of the real library that change what it computes, one at a time, on syntax trees."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

from unit.provenance.bytecode_reach import Bound, Node

#: Operators, and what they are changed to.
SWAPPED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And, ast.USub: ast.UAdd, ast.Not: ast.USub,
}  # fmt: skip


class Edit(NamedTuple):
    """One edit.

    Attributes
    ----------
    kind, what : str
        For the list of misses.
    make : callable
        Gives module -> its new content.
    touched : frozenset of Node
        A rule that reaches one of these is changed.
    """

    kind: str
    what: str
    make: Callable[[], dict[str, ast.Module]]
    touched: frozenset[Node]


class Module(NamedTuple):
    """A module of the library as it is."""

    name: str
    tree: ast.Module
    bound: Bound


def with_statement(module: Module, place: int, statement: ast.stmt | None) -> ast.Module:
    """A module with another statement at a place, or without it."""
    body = list(module.tree.body)
    body[place : place + 1] = [] if statement is None else [statement]
    return ast.Module(body, [])


def names_bound(statement: ast.stmt) -> list[str]:
    """The names that a function, class or assignment binds."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return [
        t.id for target in targets if target for t in ast.walk(target) if isinstance(t, ast.Name)
    ]


def silent(statement: ast.stmt) -> set[int]:
    """Places, in the order of `ast.walk`, of what only people read: docstrings, annotations."""
    hidden: set[int] = set()

    def hide(node: ast.AST | None) -> None:
        if node is not None:
            hidden.update(map(id, ast.walk(node)))

    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            hide(node.returns)
        if isinstance(node, ast.arg | ast.AnnAssign):
            hide(node.annotation)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            hide(node)
        if isinstance(node, ast.keyword) and node.arg == "description":
            hide(node)
        # A keyword that is spelled out in a text is changed with the text.
        if isinstance(node, ast.JoinedStr):
            hide(node)
    return {place for place, node in enumerate(ast.walk(statement)) if id(node) in hidden}


def places(statement: ast.stmt, wanted: Callable[[ast.AST], bool]) -> list[int]:
    """Places of nodes that count, in the order of `ast.walk`."""
    hidden = silent(statement)
    return [n for n, node in enumerate(ast.walk(statement)) if n not in hidden and wanted(node)]


def changed_at(statement: ast.stmt, place: int, change: Callable[[ast.AST], None]) -> ast.stmt:
    """A copy with one node changed."""
    made = copy.deepcopy(statement)
    change(list(ast.walk(made))[place])
    return made


def change_constant(node: ast.AST) -> None:
    """Another constant of the same type."""
    assert isinstance(node, ast.Constant)
    value = node.value
    if isinstance(value, bool) or value is None:
        node.value = not value
    elif isinstance(value, int | float):
        node.value = value + 1
    elif isinstance(value, str):
        node.value = value + "_"
    else:
        node.value = 0


def change_operator(node: ast.AST) -> None:
    """Another operator."""
    if isinstance(node, ast.Compare):
        node.ops[0] = SWAPPED[type(node.ops[0])]()
    else:
        node.op = SWAPPED[type(node.op)]()  # type: ignore[attr-defined]


def change_attribute(node: ast.AST) -> None:
    """Another attribute."""
    assert isinstance(node, ast.Attribute)
    node.attr += "_"


def has_operator(node: ast.AST) -> bool:
    """Whether `change_operator` can change it."""
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in SWAPPED
    return type(getattr(node, "op", None)) in SWAPPED


def is_constant(node: ast.AST) -> bool:
    """A constant that may be changed; one alone in a function is a docstring's kind."""
    return isinstance(node, ast.Constant) and node.value is not ...


def is_attribute(node: ast.AST) -> bool:
    """An attribute that is read, of something local or outside of the library."""
    inner = node
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return isinstance(node, ast.Attribute) and not isinstance(inner, ast.Name)


def of_statement(module: Module, place: int) -> Iterator[Edit]:
    """The edits of one function, class or assignment."""
    statement = module.tree.body[place]
    touched = frozenset(("symbol", module.name, name) for name in names_bound(statement))
    title = f"{module.name}:{'/'.join(names_bound(statement))}"

    def edit(kind: str, number: int, change: Callable[[ast.AST], None]) -> Edit:
        def make() -> dict[str, ast.Module]:
            made = ast.fix_missing_locations(changed_at(statement, number, change))
            return {module.name: with_statement(module, place, made)}

        return Edit(kind, f"{title} #{number}", make, touched)

    for kind, wanted, change in (
        ("constant", is_constant, change_constant),
        ("operator", has_operator, change_operator),
        ("attribute", is_attribute, change_attribute),
    ):
        for number in places(statement, wanted):
            yield edit(kind, number, change)
    yield from _parts(statement, edit)


def _parts(  # noqa: C901  (one branch a kind of edit)
    statement: ast.stmt, edit: Callable[[str, int, Callable[[ast.AST], None]], Edit]
) -> Iterator[Edit]:
    """Dropped statements, decorators, bases, changed defaults."""
    for number, node in enumerate(ast.walk(statement)):
        if isinstance(node, ast.FunctionDef):
            for index, value in enumerate(node.args.defaults):
                other = ast.Constant(1234 if ast.unparse(value) != "1234" else 1)
                yield edit("default", number, _set(("args", "defaults"), index, other))
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for index in range(len(node.decorator_list)):
                yield edit("decorator", number, _drop(("decorator_list",), index))
        if isinstance(node, ast.ClassDef):
            for index in range(len(node.bases)):
                yield edit("base", number, _drop(("bases",), index))
        if isinstance(node, ast.FunctionDef | ast.For | ast.If | ast.With | ast.While):
            for index, inner in enumerate(node.body):
                if speaks(inner):
                    yield edit("dropped statement", number, _set(("body",), index, ast.Pass()))


def speaks(statement: ast.stmt) -> bool:
    """Whether a statement in a function does something by itself."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass | ast.Global | ast.Nonlocal):
        return False
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return False
    return not (isinstance(statement, ast.AnnAssign) and statement.value is None)


def _list(node: ast.AST, fields: tuple[str, ...]) -> list:
    for field in fields:
        node = getattr(node, field)
    return node  # type: ignore[return-value]


def _set(fields: tuple[str, ...], index: int, value: ast.AST) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        _list(node, fields)[index] = value

    return change


def _drop(fields: tuple[str, ...], index: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        del _list(node, fields)[index]

    return change


def of_imports(module: Module, others: dict[str, Module]) -> Iterator[Edit]:
    """Imports that bring something else under the same name."""
    for place, statement in enumerate(module.tree.body):
        if isinstance(statement, ast.Import):
            for index, alias in enumerate(statement.names):
                made = copy.deepcopy(statement)
                made.names[index] = ast.alias("fractions", alias.asname or alias.name.split(".")[0])
                yield _import_edit("alias", module, place, made, {names_of(alias)})
        if not isinstance(statement, ast.ImportFrom) or statement.module == "__future__":
            continue
        for index, alias in enumerate(statement.names):
            local = names_of(alias)
            made = copy.deepcopy(statement)
            if index + 1 < len(statement.names):
                after = statement.names[index + 1]
                made.names[index] = ast.alias(after.name, local)
                made.names[index + 1] = ast.alias(alias.name, names_of(after))
                both = {local, names_of(after)}
                yield _import_edit("swapped import", module, place, made, both)
            elif other := _another(others.get(str(statement.module)), alias.name):
                made.names[index] = ast.alias(other, local)
                yield _import_edit("alias", module, place, made, {local})
            elif str(statement.module) not in others:
                made.names[index] = ast.alias(f"{alias.name}_", local)
                yield _import_edit("alias", module, place, made, {local})


def names_of(alias: ast.alias) -> str:
    """The local name of an import."""
    return alias.asname or alias.name.split(".")[0]


def _another(module: Module | None, name: str) -> str | None:
    """Another function or class of a module."""
    for other in module.tree.body if module else ():
        if isinstance(other, ast.FunctionDef | ast.ClassDef) and other.name != name:
            return other.name
    return None


def _import_edit(kind: str, module: Module, place: int, made: ast.stmt, locals_: set[str]) -> Edit:
    tree = with_statement(module, place, ast.fix_missing_locations(made))
    touched = frozenset(("import", module.name, name) for name in locals_)
    title = f"{module.name}: {ast.unparse(made)[:70]}"
    return Edit(kind, title, lambda: {module.name: tree}, touched)
