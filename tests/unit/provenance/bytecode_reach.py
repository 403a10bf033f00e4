"""Which symbols a script reaches, told from bytecode: a second opinion on the digest.

Nothing of `segbench.provenance` is used here. Every top-level statement is compiled, and Python's
own compiler says which names are global (``LOAD_GLOBAL``, ``LOAD_NAME``), which attributes
follow them and what functions import. Annotations of functions are compiled to text, so they do
not count; those of fields, which pydantic and dataclasses read, are taken from the syntax.
"""

from __future__ import annotations
import __future__

import ast
import dis
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

#: ("symbol" or "import", module, name)
Node = tuple[str, str, str]

_FLAGS = __future__.annotations.compiler_flag

_LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}

#: Stand for what they name, see `segbench.data_files` and `segbench.late_import`.
_MARKS = {("segbench.data_files", "data_file"), ("segbench.late_import", "load_symbol")}


class _Undescribed(ast.NodeTransformer):
    """Descriptions of fields are for readers."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if ast.unparse(node.func) == "Field":
            node.keywords = [one for one in node.keywords if one.arg != "description"]
        return node


class Bound:
    """One module: its statements by the names they bind, and its imports."""

    def __init__(self, name: str, path: Path, package: str) -> None:
        self.name = name
        self.package = package
        self.definitions: dict[str, list[ast.stmt]] = {}
        self.effects: list[ast.stmt] = []
        self.imports: dict[str, tuple[str, str | None]] = {}
        self.loads: list[tuple[str, str | None]] = []
        for statement in _Undescribed().visit(ast.parse(path.read_text("utf-8"))).body:
            self._take(statement)

    def _take(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            return
        is_main = isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test)
        if is_main and self.package:
            return
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            return
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for local, module, symbol in imports_of(statement, self.package):
                self.imports[local] = (module, symbol)
                self.loads.append((module, symbol))
            return
        names = [
            one.argval
            for one in dis.get_instructions(compiled(statement))
            if one.opname == "STORE_NAME"
        ]
        for name in dict.fromkeys(names):
            self.definitions.setdefault(name, []).append(statement)
        if not names:
            root, *rest = next(iter(references(statement, self.package)), ("",))
            changes = rest or not isinstance(statement, ast.Expr)
            if changes and root in self.definitions:
                self.definitions[root].append(statement)
            else:
                self.effects.append(statement)


def imports_of(
    node: ast.Import | ast.ImportFrom, package: str
) -> Iterator[tuple[str, str, str | None]]:
    """Local name, module, symbol of each name; only what the library writes is understood."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            assert alias.asname or not alias.name.startswith("segbench."), alias.name
            yield alias.asname or alias.name.split(".")[0], alias.name, None
        return
    assert node.level == 0, "the library imports by full names"
    for alias in node.names:
        yield alias.asname or alias.name, str(node.module), alias.name


def compiled(statement: ast.stmt) -> CodeType:
    """The bytecode of one statement; annotations of functions are text in it."""
    tree = ast.Module([statement], [])
    return compile(tree, "?", "exec", _FLAGS, dont_inherit=True)


def references(statement: ast.stmt, package: str) -> list[tuple[str, ...]]:
    """Names with their attributes that are not local; what a function imports begins with ="""
    found = list(_of_code(compiled(statement), {}))
    for node in ast.walk(statement):
        if isinstance(node, ast.ClassDef) and (node.bases or node.decorator_list):
            found += [
                (name,)
                for inner in node.body
                if isinstance(inner, ast.AnnAssign)
                for name in _in_annotation(inner.annotation)
            ]
    return found


def run_by(statement: ast.stmt) -> Iterator[str]:
    """What a statement calls for the effect: its decorators, or what stands on a line alone."""
    calls = list(getattr(statement, "decorator_list", []))
    if isinstance(statement, ast.Expr | ast.For | ast.If):
        calls += [n.value for n in ast.walk(statement) if isinstance(n, ast.Expr)]
    for inner in calls:
        called = inner
        while isinstance(called, ast.Call):
            called = called.func
        yield ast.unparse(called)


def _in_annotation(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Literal"):
        yield from _in_annotation(node.value)
        return
    if isinstance(node, ast.Name):
        yield node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _in_annotation(ast.parse(node.value, mode="eval"))
    for inner in ast.iter_child_nodes(node):
        yield from _in_annotation(inner)


def _of_code(  # noqa: C901  (one loop over the instructions)
    code: CodeType, outer: dict[str, tuple[str, ...]]
) -> Iterator[tuple[str, ...]]:
    local = dict(outer)
    chain: tuple[str, ...] = ()
    module = symbol = ""
    for one in dis.get_instructions(code):
        if chain and one.opname in _ATTRIBUTES:
            chain = (*chain, one.argval)
            continue
        if chain:
            yield chain
        chain = ()
        if one.opname in _LOADS:
            chain = (one.argval,)
        elif one.opname == "IMPORT_NAME":
            module, symbol = one.argval, ""
            yield ("=", module)
        elif one.opname == "IMPORT_FROM":
            symbol = one.argval
        elif module and one.opname in ("STORE_FAST", "STORE_DEREF"):
            local[one.argval] = ("=", module, *([symbol] if symbol else []))
            module = module if symbol else ""
        elif one.opname.startswith("LOAD_") and one.argval in local:
            chain = local[one.argval]
        elif one.opname == "POP_TOP":
            module = ""
    if chain:
        yield chain
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _of_code(constant, local)


class Reach:
    """What scripts reach in the library."""

    def __init__(self, library: Path) -> None:
        self._top = library.parent
        self._modules: dict[str, Bound | None] = {}
        self._uses: dict[Node, list[Node]] = {}

    def module(self, name: str) -> Bound | None:
        """A module of the library; None if it is none."""
        if name not in self._modules:
            base = self._top.joinpath(*name.split("."))
            files = [
                (base / "__init__.py", name),
                (base.with_suffix(".py"), name.rpartition(".")[0]),
            ]
            known = [pair for pair in files if name.startswith("segbench") and pair[0].is_file()]
            self._modules[name] = Bound(name, *known[0]) if known else None
        return self._modules[name]

    def of(self, script: Path, modules: tuple[str, ...], asked: tuple[str, ...]) -> set[Node]:
        """All that a script reaches; of the modules it names at run time, the symbols asked."""
        name = f"script {script.stem}"
        bound = self._modules[name] = Bound(name, script, "")
        todo = [("symbol", name, one) for one in bound.definitions]
        todo += [node for effect in bound.effects for node in self._statement(name, effect)]
        loads = {*bound.loads, *((one, None) for one in modules)}
        for one in modules:
            todo += [("symbol", one, n) for n in asked if n in self.module(one).definitions]
        seen: set[Node] = set()
        while todo:
            self._follow(todo, seen, loads)
            todo = [node for node in self._effects(seen, loads) if node not in seen]
        return seen

    def _follow(self, todo: list[Node], seen: set[Node], loads: set) -> None:
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            if node[0] == "load":
                loads.add((node[1], node[2] or None))
            else:
                todo += self.uses(node)

    def uses(self, node: Node) -> list[Node]:
        """What a symbol refers to; imports on the way are nodes as well."""
        if node not in self._uses:
            kind, module, name = node
            found: list[Node] = []
            if kind == "symbol":
                for statement in self.module(module).definitions[name]:
                    found += self._statement(module, statement)
            elif kind == "effect":
                found = self._statement(module, self.module(module).effects[int(name)])
            self._uses[node] = found
        return self._uses[node]

    def _statement(self, module: str, statement: ast.stmt) -> list[Node]:
        bound = self.module(module)
        found: list[Node] = []
        for chain in references(statement, bound.package):
            if chain[0] == "=":
                found.append(("load", chain[1], chain[2] if len(chain) > 2 else ""))
                found += self._absolute(chain[1], list(chain[2:]))
            else:
                found += self._name(bound, chain[0], list(chain[1:]))
        return found

    def _name(self, bound: Bound, name: str, rest: list[str]) -> list[Node]:
        if name in bound.definitions:
            return [("symbol", bound.name, name)]
        if name in bound.imports:
            module, symbol = bound.imports[name]
            names = [*([symbol] if symbol else []), *rest]
            return [("import", bound.name, name), *self._absolute(module, names)]
        return []

    def _absolute(self, module: str, names: list[str]) -> list[Node]:
        bound = self.module(module)
        if bound is None or module.startswith("segbench.provenance") or not names:
            return []
        if (module, names[0]) in _MARKS:
            return []
        if names[0] in bound.imports and bound.imports[names[0]] == (module, names[0]):
            return self._absolute(f"{module}.{names[0]}", names[1:])
        if names[0] in bound.definitions or names[0] in bound.imports:
            return self._name(bound, names[0], names[1:])
        return self._absolute(f"{module}.{names[0]}", names[1:])

    def imported(self, loads: set[tuple[str, str | None]]) -> set[str]:
        """The modules that run when some are imported."""
        seen: set[str] = set()
        todo = list(loads)
        while todo:
            module, symbol = todo.pop()
            parts = module.split(".")
            names = [".".join(parts[: n + 1]) for n in range(len(parts))]
            for name in [*names, *([f"{module}.{symbol}"] if symbol else [])]:
                if name in seen or name.startswith("segbench.provenance"):
                    continue
                bound = self.module(name)
                if bound is not None:
                    seen.add(name)
                    todo += bound.loads
        return seen

    def _effects(self, seen: set[Node], loads: set[tuple[str, str | None]]) -> Iterator[Node]:
        """What runs on import and may have an effect on what was reached."""
        for name in sorted(self.imported(loads)):
            bound = self.module(name)
            for number, effect in enumerate(bound.effects):
                called = list(run_by(effect))
                if not called or any(self._registers(bound, one, seen) for one in called):
                    yield ("effect", name, str(number))
            for symbol, statements in bound.definitions.items():
                for called in (c for one in statements for c in run_by(one)):
                    if self._registers(bound, called, seen):
                        yield ("symbol", name, symbol)

    def _registers(self, bound: Bound, called: str, seen: set[Node]) -> bool:
        """Whether a call changes what was reached, or may change anything."""
        root, *rest = called.split(".")
        nodes = self._name(bound, root, rest)
        ends = [node for node in nodes if node[0] == "symbol"]
        if not ends:
            module = bound.imports.get(root, ("builtins", None))[0].split(".")[0]
            return module not in sys.stdlib_module_names | {"builtins"}
        todo, changed = ends, set()
        while todo:
            node = todo.pop()
            if node in changed or node[0] != "symbol":
                continue
            changed.add(node)
            if self._is_function(node):
                todo += self.uses(node)
        return any(node in seen for node in changed if not self._is_function(node))

    def _is_function(self, node: Node) -> bool:
        return any(
            isinstance(one, ast.FunctionDef)
            for one in self.module(node[1]).definitions.get(node[2], [])
        )
