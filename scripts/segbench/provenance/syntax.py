"""The normalised syntax of one top-level statement.

What a reader sees and Python does not is left out: comments, docstrings, layout, annotations
that never run, the names of local variables. Names that are not local are left open: the
shape of a statement has a hole for each of them, in order, and what fills it depends on what
the name resolves to (`segbench.provenance.resolve`).

Kept are names that matter: of parameters (callers may pass them by keyword), of attributes, of
classes, and all locals of a function that asks for them with ``locals()``.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from segbench.provenance.annotations import Unquoted, reads_annotations
from segbench.provenance.names import (
    COMPREHENSIONS,
    Bindings,
    Scope,
    chain_of,
    fields_of,
    imported,
    says_nothing,
)
from segbench.provenance.references import MUTATORS, READ_TEXT, Reference, Written

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Writer:
    """Writes statements of one module.

    Parameters
    ----------
    package : str
        Dotted name of the package that relative imports start from.
    root : str
        Name of the library.
    imports : mapping of str to (str, str or None)
        The module's imports: decides what is a field's description.
    """

    def __init__(
        self, package: str, root: str, imports: Mapping[str, tuple[str, str | None]]
    ) -> None:
        self._package = package
        self._root = root
        self._imports = imports

    def write(self, node: ast.stmt) -> Written:
        """The normalised form of a top-level statement."""
        self._out: list[str] = []
        self._references: list[Reference] = []
        self._lines: list[int] = []
        self._inner: list[tuple[str, str | None]] = []
        self._scope: Scope | None = None
        self._count = 0
        self._slots: dict[str, str] = {}
        self._visit(node)
        shape = hashlib.sha256("\0".join(self._out).encode("utf-8", "surrogatepass"))
        return Written(
            shape.hexdigest()[:16], self._references, self._inner, list(self._slots), self._lines
        )

    # Names

    def _bound(self, name: str) -> str:
        """What stands for a name where it is bound."""
        scope = self._scope
        if scope is None:
            return self._slots.setdefault(name, f"^{len(self._slots)}")
        found = self._lookup(name)
        return f"global {name}" if found is None else found

    def _lookup(self, name: str) -> str | None:
        """What stands for a local name; ``=`` begins what was imported; None: not local."""
        scope = self._scope
        first = True
        while scope is not None:
            if name in scope.names and (first or not scope.is_class):
                found = scope.names[name]
                if found is None:
                    found = scope.names[name] = f"${self._count}"
                    self._count += 1
                return found or None
            first = False
            scope = scope.parent
        return None

    def _refer(self, use: str, chain: str, line: int, literals: list[Any] | None = None) -> None:
        self._out.append("@")
        self._references.append(Reference(use, chain, literals))
        self._lines.append(line)

    def _name(self, node: ast.AST, use: str, literals: list[Any] | None = None) -> bool:
        """Write a name with its attributes, if that is what the node is and it is not local."""
        chain = chain_of(node)
        if chain is None:
            return False
        root, _, rest = chain.partition(".")
        found = self._lookup(root)
        if found is not None and found.startswith(".") and self._scope is not None:
            # In the body of a class: its own attribute, or what has the name outside.
            self._out.append(found)
            inner, self._scope = self._scope, self._scope.parent
            found = self._lookup(root)
            self._scope = inner
        if found is not None and not found.startswith("="):
            return False
        if found is not None:
            chain = found[1:] + ("." + rest if rest else "")
        line = getattr(node, "lineno", 0)
        self._refer(use, chain, line, literals)
        for attribute in READ_TEXT.intersection(rest.split(".")):
            self._refer("value", f"builtins:{attribute}", line)
        return True

    # Nodes

    def _visit(self, node: Any) -> None:
        handler = _HANDLERS.get(node.__class__)
        if handler is not None:
            handler(self, node)
        else:
            self._plain(node)

    def _plain(self, node: Any) -> None:
        out = self._out
        kind = node.__class__
        out.append(kind.__name__)
        for field in fields_of(kind):
            value = getattr(node, field, None)
            if value.__class__ is list:
                out.append("[")
                for item in value:
                    if isinstance(item, ast.AST):
                        self._visit(item)
                    else:
                        out.append(repr(item))
                out.append("]")
            elif isinstance(value, ast.AST):
                self._visit(value)
            else:
                out.append(repr(value))
        out.append(";")

    def _each(self, nodes: Iterable[Any]) -> None:
        self._out.append("[")
        for node in nodes:
            if node is None:
                self._out.append("None")
            else:
                self._visit(node)
        self._out.append("]")

    def _body(self, nodes: Sequence[ast.AST]) -> None:
        self._each(node for node in nodes if not says_nothing(node))

    def _on_name(self, node: ast.Name) -> None:
        if node.ctx.__class__ is ast.Load:
            if not self._name(node, "value"):
                self._out.append(self._lookup(node.id) or node.id)
        elif self._scope is not None and self._lookup(node.id) is None:
            self._refer("change", node.id, node.lineno)
        else:
            self._out.append(self._bound(node.id))

    def _on_attribute(self, node: ast.Attribute) -> None:
        use = "value" if node.ctx.__class__ is ast.Load else "change"
        if not self._name(node, use):
            self._visit(node.value)
            self._out.append("." + node.attr)
            if node.attr in READ_TEXT:
                self._refer("value", f"builtins:{node.attr}", node.lineno)

    def _on_subscript(self, node: ast.Subscript) -> None:
        self._out.append("Subscript")
        changed = node.ctx.__class__ is not ast.Load
        if not self._name(node.value, "change" if changed else "item"):
            self._visit(node.value)
        self._visit(node.slice)

    def _on_call(self, node: ast.Call) -> None:
        literals = [
            a.value if a.__class__ is ast.Constant and isinstance(a.value, str) else None
            for a in node.args
        ]
        known = any(value is not None for value in literals)
        chain = chain_of(node.func)
        use = "change" if chain and chain.rpartition(".")[2] in MUTATORS else "call"
        self._out.append("Call")
        refers = self._name(node.func, use, literals if known else None)
        if not refers:
            self._visit(node.func)
        self._out.append("(")
        for argument, literal in zip(node.args, literals, strict=True):
            if literal is not None and refers:
                self._out.append("text")
            elif not self._name(argument, "argument"):
                self._visit(argument)
        described = refers and chain is not None and self._is_field(chain)
        for keyword in node.keywords:
            if described and keyword.arg == "description":
                continue
            self._out.append(f"{keyword.arg}=")
            if not self._name(keyword.value, "argument"):
                self._visit(keyword.value)
        self._out.append(")")

    def _is_field(self, chain: str) -> bool:
        root, _, rest = chain.partition(".")
        module, symbol = self._imports.get(root, ("", None))
        full = ".".join(part for part in (module, symbol, rest) if part)
        return full in ("pydantic.Field", "pydantic.fields.Field")

    def _on_function(self, node: Any) -> None:
        self._out.append(node.__class__.__name__)
        decorators = getattr(node, "decorator_list", [])
        self._each(decorators)
        if not isinstance(node, ast.Lambda):
            # A decorator may read the name.
            self._out.append(node.name if self._scope is None and decorators else "")
            self._out.append(self._bound(node.name))
        arguments: ast.arguments = node.args
        self._each(arguments.defaults)
        self._each(arguments.kw_defaults)
        everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        starred = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
        self._out.append(
            f"{len(arguments.posonlyargs)} {len(arguments.args)} {len(arguments.kwonlyargs)} "
            f"{arguments.vararg is not None}"
        )
        read = any(reads_annotations(decorator) for decorator in decorators)
        for argument in [*everything, *starred]:
            self._out.append(argument.arg)
            if read:
                self._annotation(argument.annotation)
        if read:
            self._annotation(node.returns)
        outer = self._scope
        body: Sequence[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
        self._scope = self._local(body, [a.arg for a in [*everything, *starred]])
        self._body(body)
        self._scope = outer

    def _local(self, body: Sequence[ast.AST], parameters: Sequence[str]) -> Scope:
        """The scope of a function."""
        bindings = Bindings(self._package).of(body)
        scope = Scope(self._scope)
        for name, targets in bindings.imports.items():
            if len(targets) == 1 and name not in bindings.plain and name not in parameters:
                ((module, symbol),) = targets
                scope.names[name] = f"={module}:{symbol or ''}"
            else:
                bindings.plain[name] = None
        for name in bindings.plain:
            scope.names[name] = f"${name}" if bindings.reads_locals else None
        for name in bindings.outer:
            scope.names.pop(name, None)
        scope.names.update(dict.fromkeys(bindings.of_module, ""))
        scope.names.update({name: f"'{name}" for name in parameters})
        return scope

    def _on_class(self, node: ast.ClassDef) -> None:
        self._out.append(f"class {node.name}")
        self._each(node.decorator_list)
        self._out.append(self._bound(node.name))
        self._each([*node.bases, *node.keywords])
        outer = self._scope
        self._scope = Scope(outer, is_class=True)
        bindings = Bindings(self._package).of(node.body)
        for name in {**bindings.plain, **bindings.imports}.keys() - bindings.outer:
            self._scope.names[name] = f".{name}"
        runs = bool(node.bases or node.decorator_list or node.keywords)
        self._out.append("{")
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and runs:
                self._visit(statement.target)
                self._annotation(statement.annotation)
                self._each([statement.value])
            elif not says_nothing(statement):
                self._visit(statement)
        self._out.append("}")
        self._scope = outer

    def _annotation(self, node: ast.expr | None) -> None:
        """An annotation that runs: text in it is code, except in Literal."""
        self._out.append(":")
        if node is not None:
            self._visit(Unquoted().visit(node))

    def _on_annotated(self, node: ast.AnnAssign) -> None:
        """An annotated assignment is an assignment."""
        if node.value is not None:
            self._out.append("Assign")
            self._each([node.target])
            self._visit(node.value)
            self._out.append(";")

    def _on_comprehension(self, node: Any) -> None:
        self._out.append(node.__class__.__name__)
        outer = self._scope
        inner = Scope(outer)
        for number, part in enumerate(node.generators):
            if number:
                self._scope = inner
            if not self._name(part.iter, "item"):
                self._visit(part.iter)
            self._scope = inner
            for name in Bindings(self._package).of([part.target]).plain:
                inner.names[name] = None
            self._visit(part.target)
            self._out.append("async" if part.is_async else "for")
            self._each(part.ifs)
        for field in ("key", "value", "elt"):
            if hasattr(node, field):
                self._visit(getattr(node, field))
        self._scope = outer
        self._out.append(";")

    def _on_walrus(self, node: ast.NamedExpr) -> None:
        """Binds in the function around the comprehension that it may stand in."""
        self._out.append("NamedExpr")
        self._visit(node.target)
        self._visit(node.value)

    def _on_import(self, node: ast.Import | ast.ImportFrom) -> None:
        for local, module, symbol, loaded in imported(node, self._package):
            self._inner.append((loaded, symbol))
            found = self._lookup(local) if self._scope is not None else None
            if found is None or not found.startswith("="):
                self._out.append("import " + (found or self._bound(local)))
                self._refer("value", f"{module}:{symbol or ''}", node.lineno)
            elif module.split(".")[0] != self._root:
                self._refer("call", f"{module}:{symbol or ''}", node.lineno)

    def _on_handler(self, node: ast.ExceptHandler) -> None:
        self._out.append("except")
        self._each([node.type])
        self._out.append(self._bound(node.name) if node.name else "")
        self._body(node.body)

    def _on_pattern(self, node: Any) -> None:
        """Patterns bind names that are no nodes."""
        self._out.append(node.__class__.__name__)
        name = getattr(node, "rest" if isinstance(node, ast.MatchMapping) else "name", None)
        self._out.append(self._bound(name) if name else "")
        if isinstance(node, ast.MatchAs):
            self._each([node.pattern])
        elif isinstance(node, ast.MatchMapping):
            self._each([*node.keys, *node.patterns])

    def _on_outer(self, node: ast.Global | ast.Nonlocal) -> None:
        """The scope of the names is resolved at their uses."""

    def _on_constant(self, node: ast.Constant) -> None:
        self._out.append(repr(node.value))

    def _on_block(self, node: Any) -> None:
        """A compound statement."""
        out = self._out
        out.append(node.__class__.__name__)
        for field in fields_of(node.__class__):
            value = getattr(node, field, None)
            if field in ("body", "orelse", "finalbody"):
                self._body(value or [])
            elif value.__class__ is list:
                self._each(value)
            elif value is None:
                out.append("None")
            else:
                self._visit(value)
        out.append(";")


_HANDLERS: dict[type, Callable[[Writer, Any], None]] = {
    ast.Name: Writer._on_name,
    ast.Attribute: Writer._on_attribute,
    ast.Subscript: Writer._on_subscript,
    ast.Call: Writer._on_call,
    ast.Constant: Writer._on_constant,
    ast.ClassDef: Writer._on_class,
    ast.AnnAssign: Writer._on_annotated,
    ast.NamedExpr: Writer._on_walrus,
    ast.ExceptHandler: Writer._on_handler,
    **dict.fromkeys(_FUNCTIONS, Writer._on_function),
    **dict.fromkeys(COMPREHENSIONS, Writer._on_comprehension),
    **dict.fromkeys((ast.Import, ast.ImportFrom), Writer._on_import),
    **dict.fromkeys((ast.Global, ast.Nonlocal), Writer._on_outer),
    **dict.fromkeys((ast.MatchAs, ast.MatchStar, ast.MatchMapping), Writer._on_pattern),
    **dict.fromkeys(
        (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar),
        Writer._on_block,
    ),
}
