"""Edits of the real library that change nothing of what it computes, one at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

from unit.provenance.bytecode_reach import references
from unit.provenance.mutations import Edit, Module, names_bound, with_statement

_DOCUMENTED = (ast.FunctionDef, ast.ClassDef)


def _edit(kind: str, what: str, make: Callable[[], dict[str, ast.Module]]) -> Edit:
    return Edit(kind, what, make, frozenset())


def of_module(module: Module, others: dict[str, Module]) -> Iterator[Edit]:
    """All neutral edits of one module."""
    yield _edit("layout", module.name, lambda: {module.name: laid_out(module.tree)})
    for place, statement in enumerate(module.tree.body):
        yield from _of_statement(module, place, statement)
        if place + 1 < len(module.tree.body) and may_swap(*module.tree.body[place : place + 2]):
            yield _edit(
                "reordered",
                f"{module.name} #{place}",
                lambda p=place: {module.name: swapped(module, p)},
            )
        if isinstance(statement, ast.FunctionDef) and not statement.decorator_list:
            yield _edit(
                "moved function",
                f"{module.name}:{statement.name}",
                lambda name=statement.name: moved_function(module, name, others),
            )
    if module.bound.package != module.name and not module.bound.effects:
        yield _edit("moved module", module.name, lambda: moved_module(module, others))


def _of_statement(module: Module, place: int, statement: ast.stmt) -> Iterator[Edit]:
    title = f"{module.name}:{'/'.join(names_bound(statement))}" if _binds(statement) else ""

    def edit(kind: str, what: str, make: Callable[[], ast.stmt]) -> Edit:
        def trees() -> dict[str, ast.Module]:
            made = ast.fix_missing_locations(make())
            return {module.name: with_statement(module, place, made)}

        return _edit(kind, f"{title} {what}", trees)

    for number, node in enumerate(ast.walk(statement)):
        if isinstance(node, _DOCUMENTED):
            yield edit("docstring", f"#{number}", lambda n=number: documented(statement, n))
        if isinstance(node, ast.FunctionDef):
            yield edit("annotation", f"#{number}", lambda n=number: annotated(statement, n))
    if isinstance(statement, ast.FunctionDef):
        for name in locals_of(statement):
            yield edit("local", name, lambda n=name: renamed(statement, n))


def _binds(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign)


def laid_out(tree: ast.Module) -> ast.Module:
    """The module as `ast.unparse` lays it out, with a comment before every line at the margin."""
    lines = ast.unparse(tree).split("\n")
    plain = "\n".join(lines)
    if '"""' in plain or "'''" in plain:  # a comment in a text would be text
        return ast.parse(plain)
    return ast.parse("\n".join(f"# a comment\n{s}" if s[:1].isalpha() else s for s in lines))


def documented(statement: ast.stmt, number: int) -> ast.stmt:
    """With another docstring, or without."""
    made = copy.deepcopy(statement)
    node = list(ast.walk(made))[number]
    assert isinstance(node, _DOCUMENTED)
    if ast.get_docstring(node) is None:
        node.body.insert(0, ast.Expr(ast.Constant("What it does.")))
    elif number % 2:
        node.body[0] = ast.Expr(ast.Constant("Something else."))
    else:
        node.body[0:1] = [] if len(node.body) > 1 else [ast.Pass()]
    return made


def annotated(statement: ast.stmt, number: int) -> ast.stmt:
    """With other annotations of a function and its variables."""
    made = copy.deepcopy(statement)
    node = list(ast.walk(made))[number]
    assert isinstance(node, ast.FunctionDef)
    node.returns = None if number % 3 == 0 else ast.parse("dict[str, Surely]", mode="eval").body
    for argument in node.args.args:
        argument.annotation = ast.Name("Perhaps", ast.Load()) if number % 2 else None
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign):
            inner.annotation = ast.Constant("Other")
    for place, inner in enumerate(node.body):
        if isinstance(inner, ast.Assign) and _is_one_local(inner, _declared(node)):
            thing = ast.Name("Thing", ast.Load())
            node.body[place] = ast.AnnAssign(inner.targets[0], thing, inner.value, 1)
            break
    return made


def _is_one_local(assignment: ast.Assign, declared: set[str]) -> bool:
    target = assignment.targets[0]
    return (
        len(assignment.targets) == 1 and isinstance(target, ast.Name) and target.id not in declared
    )


def _declared(function: ast.FunctionDef) -> set[str]:
    outer = [n for n in ast.walk(function) if isinstance(n, ast.Global | ast.Nonlocal)]
    return {name for node in outer for name in node.names}


def locals_of(function: ast.FunctionDef) -> list[str]:
    """Variables that can be renamed by name alone: nothing else inside has the name."""
    inner = [n for n in ast.walk(function) if n is not function]
    arguments = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    classes = any(isinstance(n, ast.ClassDef) for n in inner)
    imported = {
        (alias.asname or alias.name.split(".")[0])
        for n in inner
        if isinstance(n, ast.Import | ast.ImportFrom)
        for alias in n.names
    }
    functions = {n.name for n in inner if isinstance(n, ast.FunctionDef)}
    handlers = {n.name for n in inner if isinstance(n, ast.ExceptHandler)}
    # ``f"{x=}"`` spells the name out, and so does ``locals()``.
    spelled = {
        n.value.rstrip("= ").split(" ")[-1].split(",")[-1]
        for n in inner
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and "=" in n.value
    }
    stored = {n.id for n in inner if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if classes or any(isinstance(n, ast.Match) for n in inner):
        return []
    taken = arguments | imported | functions | handlers | spelled | _declared(function)
    return sorted(stored - taken)


def renamed(statement: ast.stmt, name: str) -> ast.stmt:
    """With another name of a local variable."""
    made = copy.deepcopy(statement)
    for node in ast.walk(made):
        if isinstance(node, ast.Name) and node.id == name:
            node.id = "another_name"
    return made


def may_swap(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether the order of two statements says nothing: two functions without decorators."""
    return all(isinstance(s, ast.FunctionDef) and not s.decorator_list for s in (first, second))


def swapped(module: Module, place: int) -> ast.Module:
    """With two statements in the other order."""
    body = list(module.tree.body)
    body[place], body[place + 1] = body[place + 1], body[place]
    return ast.Module(body, [])


def moved_module(module: Module, others: dict[str, Module]) -> dict[str, ast.Module]:
    """The module under another name beside the old one, and all who import it adapted."""
    new = f"{module.name}_elsewhere"
    trees = {new: module.tree, module.name: ast.Module([], [])}
    package, _, last = module.name.rpartition(".")
    for other in others.values():
        tree = _Imports(package, last, f"{last}_elsewhere").visit(copy.deepcopy(other.tree))
        if ast.dump(tree) != ast.dump(other.tree):
            trees[new if other is module else other.name] = ast.fix_missing_locations(tree)
    return trees


class _Imports(ast.NodeTransformer):
    """Imports of a module that has another name now."""

    def __init__(self, package: str, old: str, new: str) -> None:
        self.package, self.old, self.new = package, old, new

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        if node.module == f"{self.package}.{self.old}":
            node.module = f"{self.package}.{self.new}"
        elif node.module == self.package:
            for alias in node.names:
                if alias.name == self.old:
                    alias.name, alias.asname = self.new, alias.asname or self.old
        return node


def moved_function(module: Module, name: str, others: dict[str, Module]) -> dict[str, ast.Module]:
    """A function, with what it uses of its module, in a module of its own; importers adapted."""
    moving = used_here(module, name)
    taken = [s for s in module.tree.body if _binds(s) and set(names_bound(s)) & moving]
    left = [s for s in module.tree.body if s not in taken]
    imports = [
        s
        for s in module.tree.body
        if isinstance(s, ast.Import | ast.ImportFrom)
        or (isinstance(s, ast.If) and "TYPE_CHECKING" in ast.unparse(s.test))
    ]
    new = f"{module.name}_{name}"
    future = [s for s in imports if getattr(s, "module", "") == "__future__"]
    back = ast.ImportFrom(new, [ast.alias(one) for one in sorted(moving)], 0)
    trees = {
        new: ast.Module([*imports, *taken], []),
        module.name: ast.Module([*future, back, *(s for s in left if s not in future)], []),
    }
    for other in others.values():
        if other is not module and any(
            isinstance(s, ast.ImportFrom) and s.module == module.name for s in ast.walk(other.tree)
        ):
            tree = _Apart(module.name, new, moving).visit(copy.deepcopy(other.tree))
            trees[other.name] = ast.fix_missing_locations(tree)
    return {key: ast.fix_missing_locations(tree) for key, tree in trees.items()}


def used_here(module: Module, name: str) -> set[str]:
    """A function and the definitions of its module that it uses, transitively."""
    found: set[str] = set()
    todo = [name]
    while todo:
        one = todo.pop()
        if one in found:
            continue
        found.add(one)
        for statement in module.bound.definitions[one]:
            found.update(names_bound(statement) if _binds(statement) else ())
            used = {chain[0] for chain in references(statement, module.bound.package)}
            todo += [n for n in used if n in module.bound.definitions]
            todo += [n for n in names_bound(statement) if n in module.bound.definitions]
    return found


class _Apart(ast.NodeTransformer):
    """Imports of some names come from another module now."""

    def __init__(self, old: str, new: str, names: set[str]) -> None:
        self.old, self.new, self.names = old, new, names

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt] | ast.ImportFrom:
        if node.module != self.old:
            return node
        moved = [alias for alias in node.names if alias.name in self.names]
        rest = [alias for alias in node.names if alias.name not in self.names]
        parts = ((self.new, moved), (self.old, rest))
        return [ast.ImportFrom(module, names, 0) for module, names in parts if names]
