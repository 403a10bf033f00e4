"""Digests of the code that a rule really runs.

Snakemake sees a script's text but not the modules it imports, and it sees comments. The
digest here covers the script's syntax tree, every top-level function, class and constant
of `segbench` that it reaches, transitively, and the versions of the third-party packages
these import. Comments, docstrings, layout and unrelated functions of the same module
change nothing.

A name is followed wherever it is read, so the digest may cover more than what runs, never
less; the exceptions are names put together at run time (`getattr`, string registries):
pass those modules explicitly.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path

from segbench.errors import SegbenchError
from segbench.provenance.symbols import Module, Statement, parse

#: The digest stands for the whole module.
EVERYTHING = "*"

#: The parts behind every digest that was worked out in this process.
PARTS: dict[str, dict[str, str]] = {}

#: What carries a job, logs it and stores it has no part in what the job computes.
CARRIER = "segbench.provenance"


@lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


@cache
def _version(package: str) -> str:
    names = sorted(set(_distributions().get(package, [])))
    return ",".join(f"{name}=={metadata.version(name)}" for name in names) or "not installed"


@cache
def _file(library: Path, module: str) -> Path | None:
    base = library.parent.joinpath(*module.split("."))
    for candidate in (base / "__init__.py", base.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return None


class _Walker:
    """Collects the symbols and packages reached from a starting point."""

    def __init__(self, library: Path) -> None:
        self.library = library
        self.root = library.name
        self.seen: set[tuple[str, str]] = set()
        self.digests: dict[str, str] = {}
        self.packages: set[str] = set()

    def file(self, module: str) -> Path | None:
        """The file of a module of the library, or None."""
        return _file(self.library, module)

    def load(self, module: str) -> Module:
        """The parsed module."""
        path = self.file(module)
        if path is None:
            raise SegbenchError(
                f"module {module} does not exist", "a module of the library", "mend the import"
            )
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        return parse(path, package)

    def follow(self, source: str, symbol: str | None) -> None:
        """Follow one import."""
        if source.split(".", maxsplit=1)[0] != self.root:
            package = source.split(".", maxsplit=1)[0]
            if package and package not in sys.stdlib_module_names:
                self.packages.add(package)
            return
        if source == CARRIER or source.startswith(f"{CARRIER}."):
            return
        if symbol is None:
            self.reach(source, EVERYTHING)
        elif self.file(f"{source}.{symbol}"):
            self.reach(f"{source}.{symbol}", EVERYTHING)
        else:
            self.reach(source, symbol)

    def reach(self, module: str, symbol: str) -> None:
        """Take in one symbol of a module and all that it refers to."""
        if (module, symbol) in self.seen:
            return
        self.seen.add((module, symbol))
        parsed = self.load(module)
        self.enter(module, parsed)
        names = list(parsed.definitions) if symbol == EVERYTHING else [symbol]
        for name in names:
            if name in parsed.definitions:
                for number, statement in enumerate(parsed.definitions[name]):
                    self.take(module, parsed, f"{name}#{number}", statement)
            elif name in parsed.imports:
                self.follow(*parsed.imports[name])

    def enter(self, module: str, parsed: Module) -> None:
        """What runs whenever a module is imported: its own effects and its parents'."""
        if (module, "") in self.seen:
            return
        self.seen.add((module, ""))
        parent = module.rpartition(".")[0]
        if parent and self.file(parent):
            self.enter(parent, self.load(parent))
        for number, statement in enumerate(parsed.always):
            self.take(module, parsed, f"#{number}", statement)

    def take(self, module: str, parsed: Module, name: str, statement: Statement) -> None:
        """Record a statement and follow the names in it."""
        self.digests[f"{module}:{name}"] = statement.digest
        for source, symbol in statement.imports:
            self.follow(source, symbol)
        for reference in statement.references:
            if reference in parsed.definitions:
                self.reach(module, reference)
            elif reference in parsed.imports:
                self.follow(*parsed.imports[reference])


def code_parts(script: Path, library: Path, modules: Iterable[str] = ()) -> dict[str, str]:
    """The parts of a rule's code, each with its digest or version.

    Parameters
    ----------
    script : Path
        The rule's script.
    library : Path
        Folder of the `segbench` package.
    modules : iterable of str
        Modules that are reached by name at run time, e.g. a dataset's reader.

    Returns
    -------
    dict
        ``{"script": digest, "segbench.x:name#0": digest, ..., "numpy": "numpy==2.4.6"}``
    """
    walker = _Walker(library)
    parsed = parse(script, "")
    for number, statement in enumerate(parsed.always):
        walker.digests[f"script:#{number}"] = statement.digest
    for name, statements in parsed.definitions.items():
        for number, statement in enumerate(statements):
            walker.digests[f"script:{name}#{number}"] = statement.digest
            for source, symbol in statement.imports:
                walker.follow(source, symbol)
    for source, symbol in parsed.imports.values():
        walker.follow(source, symbol)
    for module in modules:
        walker.reach(module, EVERYTHING)
    parts = dict(walker.digests)
    parts.update({package: _version(package) for package in walker.packages})
    return dict(sorted(parts.items()))


def code_digest(script: Path, library: Path, modules: Iterable[str] = ()) -> str:
    """One digest over `code_parts`, 32 hexadecimal digits; `PARTS` keeps what is behind it."""
    parts = code_parts(script, library, modules)
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    PARTS[digest] = parts
    return digest
