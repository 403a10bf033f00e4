"""What runs when modules are imported, and which of it a rule must know.

A statement that runs for its effect belongs to every rule that imports its module, unless all
that it does is to register something in a symbol of the library: then it belongs to the rules
that import its module and reach that symbol. So whoever reaches a registry reaches what was
registered, and who merely imports the package does not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

from segbench.provenance.actions import Effect
from segbench.provenance.graph import DATA_FILE, LOAD_SYMBOL, Graph, reached
from segbench.provenance.references import MUTATORS, Reference
from segbench.provenance.resolve import Symbol

#: Of the standard library, what changes more than its arguments.
_IMPURE = frozenset(
    {"atexit", "faulthandler", "gc", "locale", "logging", "multiprocessing", "os", "random"}
    | {"resource", "signal", "socket", "sys", "threading", "warnings"}
)

#: Names of functions outside of the library that do more than give a value.
_SETTER = re.compile(rf"(?:{'|'.join(sorted(MUTATORS))}|(?:set|seed|enable|disable|heap)\w+|seed)")


class Effects:
    """The statements of each module that run for their effect.

    Parameters
    ----------
    graph : Graph
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._next: dict[str, frozenset[str]] = {}
        self._changes: dict[Symbol, set[Symbol]] = {}
        self._of: dict[str, list[tuple[Symbol, set[Symbol] | None]]] = {}

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

    def of(self, module: str) -> list[tuple[Symbol, set[Symbol] | None]]:
        """The statements of a module that run for their effect.

        Returns
        -------
        list of (Symbol, set of Symbol or None)
            The statement, and the symbols that it changes; None if it does more than that.
        """
        if module not in self._of:
            self._of[module] = list(self._find(module))
        return self._of[module]

    def _find(self, module: str) -> Iterator[tuple[Symbol, set[Symbol] | None]]:
        known = self._graph.library.module(module)
        names = {n: name for name, numbers in known.definitions.items() for n in numbers}
        for number, statement in enumerate(known.statements):
            if statement.effect is None:
                continue
            symbol = Symbol(module, names.get(number, f"#{number}"))
            changed = self._changed(module, statement.effect)
            if changed is not None and statement.kind in ("", "state", "table"):
                changed |= set(self._handed(module, statement.written.references))
            if changed is None or changed - {symbol}:
                yield symbol, changed

    def _handed(self, module: str, references: Iterable[Reference]) -> Iterator[Symbol]:
        """The state that a statement hands to what it calls."""
        for use, chain, _ in references:
            kind, symbol, _ = self._graph.library.resolve(module, chain)
            if use == "argument" and kind == "symbol" and self._may_give(symbol, use):
                yield symbol

    def _changed(self, module: str, effect: Effect) -> set[Symbol] | None:
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
        return found

    def _by_decorator(self, module: str, chain: str) -> set[Symbol] | None:
        kind, symbol, text = self._graph.library.resolve(module, chain)
        if kind == "symbol":
            return None if not text and self._reaches_out(symbol) else self._called(symbol, text)
        return None if _changes_more(text) else set()

    def _by_call(self, module: str, chain: str) -> set[Symbol] | None:
        kind, symbol, text = self._graph.library.resolve(module, chain)
        if kind != "symbol" or (not text and self._reaches_out(symbol)):
            return None
        return self._called(symbol, text) or None

    def _by_making(self, module: str, chain: str) -> set[Symbol] | None:
        kind, symbol, text = self._graph.library.resolve(module, chain)
        if kind == "symbol":
            return self._called(symbol, text if text.rpartition(".")[2] in MUTATORS else "")
        return None if _SETTER.fullmatch(text.rpartition(".")[2]) else set()

    def _called(self, symbol: Symbol, method: str) -> set[Symbol]:
        """What a call of a symbol, or of a method of it, may change."""
        return self._changed_by(symbol) | ({symbol} if method else set())

    def _by_base(self, module: str, chain: str) -> set[Symbol]:
        """A class may keep account of its subclasses."""
        kind, symbol, text = self._graph.library.resolve(module, chain)
        if kind != "symbol" or text:
            return set()
        found: set[Symbol] = set()
        for statement in self._graph.statements(symbol):
            if statement.kind == "parent":
                found |= {symbol, *self._changed_by(symbol)}
            for base in statement.effect.bases if statement.effect else ():
                found |= self._by_base(symbol.module, base)
        return found

    def _by_assignment(self, module: str, chain: str) -> set[Symbol] | None:
        kind, symbol, _ = self._graph.library.resolve(module, chain)
        return {symbol} if kind == "symbol" else None

    def _changed_by(self, callee: Symbol) -> set[Symbol]:
        """The symbols that a call may change: all state that it reaches."""
        if callee not in self._changes:
            found = self._changes[callee] = set()
            root = self._graph.library.root
            passed = {Symbol(f"{root}.{module}", name) for module, name in (DATA_FILE, LOAD_SYMBOL)}
            uses = [("value", callee)] if callee not in passed else []
            for symbol in reached(self._graph, [callee], passed):
                uses += self._graph.node(symbol).uses
            found.update(to for use, to in uses if use == "change" or self._may_give(to, use))
        return self._changes[callee]

    def _may_give(self, symbol: Symbol, use: str) -> bool:
        """Whether a use gives an object that can be changed; the items of a table cannot."""
        kinds = self._kinds(symbol)
        return "state" in kinds or ("table" in kinds and use != "item")

    def _reaches_out(self, callee: Symbol) -> bool:
        """Whether a function, or those that it calls, may change more than the library."""
        functions = [callee] if self._kinds(callee) == {"function"} else []
        seen = set(functions)
        for symbol in functions:
            node = self._graph.node(symbol)
            if any(_changes_more(name) for name in node.outside):
                return True
            more = {one for one in node.edges if self._kinds(one) == {"function"}} - seen
            seen |= more
            functions += more
        return False

    def _kinds(self, symbol: Symbol) -> set[str]:
        return {statement.kind for statement in self._graph.statements(symbol)}


def _changes_more(name: str) -> bool:
    """Whether a call of what is outside the library may change more than its arguments."""
    package = name.partition(".")[0]
    return package in _IMPURE or package not in sys.stdlib_module_names | {"builtins"}
