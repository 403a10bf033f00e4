"""What runs when modules are imported, and which of it a rule must know.

A statement that runs for its effect belongs to every rule that imports its module, unless all
that it does is to register something in a symbol of the library: then it belongs to the rules
that import its module and reach that symbol. So whoever reaches a registry reaches what was
registered, and who merely imports the package does not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from segbench.provenance.actions import Effect
from segbench.provenance.graph import Graph
from segbench.provenance.resolve import Symbol
from segbench.provenance.syntax import MUTATORS

#: Of the standard library, what changes more than its arguments.
_IMPURE = frozenset(
    {"atexit", "faulthandler", "gc", "locale", "logging", "multiprocessing", "os", "random"}
    | {"resource", "signal", "socket", "sys", "threading", "warnings"}
)


class Effects:
    """The statements of each module that run for their effect.

    Parameters
    ----------
    graph : Graph
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._next: dict[str, frozenset[str]] = {}
        self._of: dict[str, list[tuple[Symbol, frozenset[Symbol] | None]]] = {}

    def modules(self, loads: Iterable[tuple[str, str | None]]) -> set[str]:
        """All modules of the library that are imported with some."""
        seen: set[str] = set()
        stack = list(self._loaded(loads))
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                if name not in self._next:
                    module = self._graph.library.module(name)
                    self._next[name] = frozenset(self._loaded(module.loads))
                stack += self._next[name]
        return seen

    def _loaded(self, loads: Iterable[tuple[str, str | None]]) -> Iterator[str]:
        """The modules that some imports run: the packages around them, too."""
        library = self._graph.library
        for module, symbol in loads:
            if not library.within(module):
                continue
            parts = module.split(".")
            for count in range(1, len(parts) + 1):
                yield ".".join(parts[:count])
            if symbol is not None and library.has(f"{module}.{symbol}"):
                yield f"{module}.{symbol}"

    def of(self, module: str) -> list[tuple[Symbol, frozenset[Symbol] | None]]:
        """The statements of a module that run for their effect.

        Returns
        -------
        list of (Symbol, frozenset of Symbol or None)
            The statement, and the symbols that it changes; None if it does more than that.
        """
        if module not in self._of:
            self._of[module] = list(self._find(module))
        return self._of[module]

    def _find(self, module: str) -> Iterator[tuple[Symbol, frozenset[Symbol] | None]]:
        known = self._graph.library.module(module)
        names = {n: name for name, numbers in known.definitions.items() for n in numbers}
        for number, statement in enumerate(known.statements):
            if statement.effect is None:
                continue
            symbol = Symbol(module, names.get(number, f"#{number}"))
            changed = self._changed(module, statement.effect)
            if changed is None or changed - {symbol}:
                yield symbol, changed

    def _changed(self, module: str, effect: Effect) -> frozenset[Symbol] | None:
        """The symbols that a statement changes; None: not only symbols of the library."""
        if effect.always:
            return None
        found: set[Symbol] = set()
        for chains, of in (
            (effect.registers, self._by_decorator),
            (effect.calls, self._by_call),
            (effect.makes, self._by_making),
            (effect.bases, self._by_base),
            (effect.changes, self._by_assignment),
        ):
            for chain in chains:
                changed = of(module, chain)
                if changed is None:
                    return None
                found |= changed
        return frozenset(found)

    def _by_decorator(self, module: str, chain: str) -> set[Symbol] | None:
        kind, symbol, text = self._graph.library.resolve(module, chain)
        if kind == "symbol":
            return {symbol} if text else self._changed_by(symbol)
        return None if _changes_more(text) else set()

    def _by_call(self, module: str, chain: str) -> set[Symbol] | None:
        kind, symbol, text = self._graph.library.resolve(module, chain)
        if kind != "symbol":
            return None
        return {symbol} if text else self._changed_by(symbol) or None

    def _by_making(self, module: str, chain: str) -> set[Symbol] | None:
        kind, symbol, text = self._graph.library.resolve(module, chain)
        if kind != "symbol" or text:
            return {symbol} if kind == "symbol" and text.split(".")[-1] in MUTATORS else set()
        return {to for use, to in self._graph.node(symbol).changes if use == "change"}

    def _by_base(self, module: str, chain: str) -> set[Symbol]:
        """A class may keep account of its subclasses."""
        kind, symbol, text = self._graph.library.resolve(module, chain)
        if kind != "symbol" or text:
            return set()
        found: set[Symbol] = set()
        for statement in self._graph.statements(symbol):
            if statement.kind == "parent":
                found |= {symbol, *(to for _, to in self._graph.node(symbol).changes)}
            for base in statement.effect.bases if statement.effect else ():
                found |= self._by_base(symbol.module, base)
        return found

    def _by_assignment(self, module: str, chain: str) -> set[Symbol] | None:
        kind, symbol, _ = self._graph.library.resolve(module, chain)
        return {symbol} if kind == "symbol" else None

    def _changed_by(self, callee: Symbol) -> set[Symbol] | None:
        """The symbols that a function changes or hands on, or those that it calls."""
        graph = self._graph
        found: set[Symbol] = set()
        seen, stack = {callee}, [callee]
        while stack:
            symbol = stack.pop()
            node = graph.node(symbol)
            kinds = {statement.kind for statement in graph.statements(symbol)}
            if kinds != {"function"}:
                found |= {to for use, to in node.changes if use == "change"}
                continue
            if any(_changes_more(name) for name in node.outside):
                return None
            found |= {to for _, to in node.changes}
            more = set(node.edges) - seen
            seen |= more
            stack += more
        return {to for to in found if not self._is_function(to)}

    def _is_function(self, symbol: Symbol) -> bool:
        return any(one.kind == "function" for one in self._graph.statements(symbol))


def _changes_more(name: str) -> bool:
    """Whether a call of what is outside the library may change more than its arguments."""
    package = name.partition(".")[0]
    return package in _IMPURE or package not in sys.stdlib_module_names | {"builtins"}
