"""What a top-level statement does, when it runs, besides binding names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from segbench.provenance.names import Bindings, chain_of

ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


class Effect(NamedTuple):
    """What a statement does, when it runs, besides binding names.

    Attributes
    ----------
    registers : list of str
        Decorators.
    calls : list of str
        What is called for its effect alone.
    makes : list of str
        What is called for a value.
    bases : list of str
        Of classes.
    changes : list of str
        What is assigned to in part, of another module.
    always : bool
        It may do more than is listed.
    """

    registers: list[str]
    calls: list[str]
    makes: list[str]
    bases: list[str]
    changes: list[str]
    always: bool = False


def targets_of(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> list[ast.expr]:
    """What is assigned to."""
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def base_of(target: ast.expr) -> ast.expr:
    """What an assignment to a part of it changes."""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return target


def _called(node: ast.AST) -> Iterator[str | None]:
    """What is called inside an expression, not in functions that it makes."""
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.Lambda):
            continue
        if isinstance(item, ast.Call):
            yield chain_of(item.func)
        stack += ast.iter_child_nodes(item)


def effect_of(node: ast.stmt) -> Effect | None:
    """What a statement does when it runs, besides binding names; None: nothing."""
    effect = Effect([], [], [], [], [])
    found = effect._replace(always=_collect(node, effect))
    return found if any(found) else None


def _collect(node: ast.AST, effect: Effect) -> bool:
    """Add what a statement does; True where it may do more than can be listed."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return _collect_definition(node, effect)
    if isinstance(node, ASSIGNMENTS):
        return _collect_assignment(node, effect)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _collect_call(node.value, effect)
    if isinstance(node, ast.If | ast.For | ast.While | ast.Try):
        return _collect_block(node, effect)
    return not isinstance(node, ast.Pass | ast.Import | ast.ImportFrom)


def _collect_definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, effect: Effect
) -> bool:
    chains = [chain_of(_unwrapped(decorator)) for decorator in node.decorator_list]
    effect.registers.extend(filter(None, chains))
    for call in (one for one in node.decorator_list if isinstance(one, ast.Call)):
        _collect_made([*call.args, *(keyword.value for keyword in call.keywords)], effect)
    if isinstance(node, ast.ClassDef):
        effect.bases.extend(filter(None, map(chain_of, node.bases)))
        return _collect_class(node, effect) or None in chains
    _collect_made([*node.args.defaults, *filter(None, node.args.kw_defaults)], effect)
    return None in chains


def _collect_class(node: ast.ClassDef, effect: Effect) -> bool:
    """The body of a class runs; what it does to names of its own is the class itself."""
    own = Bindings("").of(node.body).plain
    inner = Effect([], [], [], [], [])
    always = any(
        [
            _collect(statement, inner)
            for statement in node.body
            if isinstance(statement, (*ASSIGNMENTS, ast.Expr, ast.If, ast.For, ast.While, ast.Try))
            and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        ]
    )
    for found, kept in zip(inner[:5], effect[:5], strict=True):
        kept += [chain for chain in found if chain.split(".")[0] not in own]
    return always


def _unwrapped(decorator: ast.expr) -> ast.expr:
    while isinstance(decorator, ast.Call):
        decorator = decorator.func
    return decorator


def _collect_assignment(node: ast.Assign | ast.AnnAssign | ast.AugAssign, effect: Effect) -> bool:
    parts = [t for t in targets_of(node) if isinstance(t, ast.Subscript | ast.Attribute)]
    chains = [chain_of(base_of(part)) for part in parts]
    effect.changes.extend(filter(None, chains))
    if node.value is not None:
        _collect_made([node.value], effect)
    return None in chains


def _collect_call(call: ast.Call, effect: Effect) -> bool:
    chain = chain_of(call.func)
    effect.calls.extend(filter(None, [chain]))
    _collect_made([*call.args, *(keyword.value for keyword in call.keywords)], effect)
    return chain is None


def _collect_made(values: Iterable[ast.expr], effect: Effect) -> None:
    for value in values:
        effect.makes.extend(filter(None, _called(value)))


def _collect_block(node: ast.If | ast.For | ast.While | ast.Try, effect: Effect) -> bool:
    inner: list[ast.stmt] = []
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse", "finalbody"):
            inner += value
        elif name == "handlers":
            inner += [statement for handler in value for statement in handler.body]
        elif name in ("test", "iter"):
            _collect_made([value], effect)
    return any([_collect(statement, effect) for statement in inner])
