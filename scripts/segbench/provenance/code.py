"""Digests of the code that a rule really runs.

Snakemake sees a script's text but not the modules it imports, and it sees comments. The
digest here covers the script, every top-level function, class and constant of `segbench` that
it reaches, transitively, with what their names resolve to (`segbench.provenance.graph`), the
statements that run for their effect when the modules are imported
(`segbench.provenance.effects`), the data files that are named, and the versions of the
packages that are used. Comments, docstrings, layout, unrelated functions of the same module,
and the module that a function stands in change nothing.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from segbench.errors import SegbenchError
from segbench.provenance.effects import Effects
from segbench.provenance.graph import Graph, reached
from segbench.provenance.resolve import Library, Symbol
from segbench.provenance.symbols import Module

#: The parts behind every digest that was computed in this process.
PARTS: dict[str, dict[str, str]] = {}

#: What begins the name of a part that is a data file.
FILE = "file:"


class Reach(NamedTuple):
    """What a script reaches.

    Attributes
    ----------
    roots : list of list of Symbol
        What it starts from; the order within a list matters, that of the lists does not.
    symbols : set of Symbol
        All that is reached from there.
    """

    roots: list[list[Symbol]]
    symbols: set[Symbol]


class Code:
    """The code of all rules of a library.

    Parameters
    ----------
    folder : Path
        Of the `segbench` package.
    """

    def __init__(self, folder: Path) -> None:
        self.graph = Graph(Library(folder))
        self._effects = Effects(self.graph)

    def reach(self, script: Path, modules: Iterable[str] = ()) -> Reach:
        """What a script reaches, see `code_parts`."""
        name = self.graph.library.add_script(script)
        module = self.graph.library.module(name)
        roots = list(self._of_script(name))
        loads: set[tuple[str, str | None]] = {(one, None) for one in modules}
        loads.update((source, symbol) for source, symbol in module.loads)
        found = Reach(roots, set())
        self._extend(found, [symbol for root in roots for symbol in root], loads)
        named: list[Symbol] = []
        asked: set[str] | None = None
        # What is loaded by name may itself load by name: a reader its decoders.
        while asked != (wanted := self._asked(found)):
            asked = wanted
            more = self._named(tuple(modules), asked, name)
            named.extend(one for one in more if one not in named)
            self._extend(found, named, loads)
        found.roots.extend([symbol] for symbol in named)
        held = {symbol for root in found.roots for symbol in root}
        for one in sorted(self._effects.modules(loads)):
            effects = [symbol for symbol, _ in self._effects.of(one)]
            mine = [s for s in effects if s in found.symbols and s not in held]
            # What is registered where it is defined may move, other statements follow in order.
            found.roots.extend([s] for s in mine if self._is_definition(s))
            found.roots.append([s for s in mine if not self._is_definition(s)])
        return found._replace(roots=[root for root in found.roots if root])

    def _is_definition(self, symbol: Symbol) -> bool:
        """Whether it is a function or a class, and nothing but that."""
        statements = self.graph.statements(symbol)
        return {one.kind for one in statements} <= {"function", "class", "parent"}

    def _of_script(self, name: str) -> Iterator[list[Symbol]]:
        """What a script defines, in any order, and the statements that run, in theirs."""
        module = self.graph.library.module(name)
        running = {number: Symbol(name, f"#{number}") for number in module.effects}
        for one, numbers in module.definitions.items():
            symbol = Symbol(name, one)
            if self._is_definition(symbol):
                yield [symbol]
            else:
                running.update(dict.fromkeys(numbers, symbol))
        yield [running[number] for number in sorted(running)]

    def _asked(self, found: Reach) -> set[str]:
        """The names that what is reached asks `load_symbol` for."""
        return {name for symbol in found.symbols for name in self.graph.node(symbol).asked}

    def _named(self, modules: tuple[str, ...], asked: set[str], script: str) -> Iterator[Symbol]:
        """The symbols of modules that are named at run time."""
        if asked and not modules:
            raise SegbenchError(
                f"{self.graph.library.path(script)}: reaches load_symbol, for {min(asked)}",
                "the modules that it may load, so that their code can be digested",
                "pass these modules to the digest of the rule's code",
            )
        for module in modules:
            known = self.graph.library.module(module)
            wanted = asked & {*known.definitions, *known.imports} if asked else known.definitions
            for name in wanted:
                target = self.graph.library.resolve(module, name)
                if target.kind == "symbol":
                    yield target.symbol

    def _extend(
        self, found: Reach, roots: Iterable[Symbol], loads: set[tuple[str, str | None]]
    ) -> None:
        """Add what some symbols reach, and the effects of what is imported for it."""
        fresh = list(roots)
        while fresh:
            for symbol in reached(self.graph, fresh, found.symbols):
                loads.update(self.graph.node(symbol).loads)
            fresh = []
            for module in sorted(self._effects.modules(loads)):
                for symbol, changed in self._effects.of(module):
                    if symbol not in found.symbols and (changed is None or changed & found.symbols):
                        fresh.append(symbol)

    def replace(self, name: str, module: Module) -> None:
        """Put other content in place of a module of the library."""
        self.graph.replace(name, module)
        self._effects = Effects(self.graph)

    def files(self, script: Path, modules: Iterable[str] = ()) -> list[Path]:
        """The files of all modules that a script imports, the carrier of jobs excluded."""
        library = self.graph.library
        name = library.add_script(script)
        loads = {(one, None) for one in modules} | set(library.module(name).loads)
        for symbol in self.reach(script, modules).symbols:
            loads.update(self.graph.node(symbol).loads)
        return [library.path(one) for one in sorted(self._effects.modules(loads))]

    def digest(self, script: Path, modules: Iterable[str] = ()) -> str:
        """Digest of all that a script reaches, 32 hexadecimal digits."""
        reach = self.reach(script, modules)
        roots = sorted([self.graph.digest(symbol) for symbol in root] for root in reach.roots)
        text = json.dumps([roots, sorted(self.packages(reach).items())])
        digest = hashlib.sha256(text.encode()).hexdigest()[:32]
        if digest not in PARTS:
            PARTS[digest] = self.parts(reach)
        return digest

    def packages(self, reach: Reach) -> dict[str, str]:
        """The third-party packages that are used, with their versions."""
        outside = set().union(*(self.graph.node(symbol).outside for symbol in reach.symbols))
        names = {name.partition(".")[0] for name in outside}
        names -= {*sys.stdlib_module_names, self.graph.library.root, "builtins"}
        return {name: _version(name) for name in names}

    def parts(self, reach: Reach) -> dict[str, str]:
        """Symbols, data files and packages, see `code_parts`."""
        found = self.packages(reach)
        for symbol in reach.symbols:
            node = self.graph.node(symbol)
            found[_shown(symbol)] = " ".join([node.own(), *map(_shown, node.edges)])
            for file in node.files:
                found[FILE + file] = self.graph.data_file(file)[:16]
        return dict(sorted(found.items()))


def _shown(symbol: Symbol) -> str:
    module = "script" if symbol.module.startswith("script ") else symbol.module
    return f"{module}:{symbol.name}"


@lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


@cache
def _version(package: str) -> str:
    names = sorted(set(_distributions().get(package, [])))
    return ",".join(f"{name}=={metadata.version(name)}" for name in names) or "not installed"


@cache
def code_of(library: Path) -> Code:
    """The code of a library as it is now; read once in a process."""
    return Code(library)


def code_parts(script: Path, library: Path, modules: Iterable[str] = ()) -> dict[str, str]:
    """The parts of a rule's code.

    Parameters
    ----------
    script : Path
        The rule's script.
    library : Path
        Folder of the `segbench` package.
    modules : iterable of str
        Modules that are reached by name at run time, e.g. a dataset's reader. Of these the
        symbols count that the rule asks for (`segbench.late_import`); all, if it asks for none.

    Returns
    -------
    dict
        Of symbols, ``module:name`` -> their own digest and the names of those that they refer
        to; of data files, ``file:name`` -> digest; of packages, name -> version.
    """
    code = code_of(library)
    return code.parts(code.reach(script, tuple(modules)))


def code_digest(script: Path, library: Path, modules: Iterable[str] = ()) -> str:
    """One digest of a rule's code, 32 hexadecimal digits; `PARTS` keeps what is behind it.

    Parameters
    ----------
    script, library, modules
        See `code_parts`.

    Raises
    ------
    SegbenchError
        The code holds a name that is made at run time, or names a data file that is not there;
        the file and the line are named.
    """
    return code_of(library).digest(script, tuple(modules))
