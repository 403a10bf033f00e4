"""What a name in a module of the library means: imports, aliases and re-exports followed."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path
from typing import NamedTuple

from segbench.errors import SegbenchError
from segbench.provenance.symbols import Module, parse, read_module

#: What carries a job, logs it and stores it has no part in what the job computes.
CARRIER = "provenance"

_BUILTINS = frozenset(
    name for name in dir(builtins) if name in ("__import__", "__doc__") or not name.startswith("__")
)

#: What a module knows of itself.
_OWN = frozenset({"__file__", "__path__", "__spec__", "__loader__", "__builtins__"})


class Symbol(NamedTuple):
    """A top-level name of a module; ``#3`` is its statement 3, which defines nothing."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


class Target(NamedTuple):
    """What a name resolves to.

    Attributes
    ----------
    kind : str
        "symbol" or "module" of the library; "outside" for all other packages and builtins;
        "name" for what keeps its name: unknown to the module, or known to the module alone.
    symbol : Symbol
        Of kind "symbol"; of a module, its name is empty.
    text : str
        The attributes that follow a symbol; the qualified name of what is outside.
    """

    kind: str
    symbol: Symbol
    text: str


_NOTHING = Symbol("", "")


class Library:
    """The modules of the library and the scripts beside it.

    Parameters
    ----------
    folder : Path
        Of the package.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder.name
        self._modules: dict[str, Module | None] = {}
        self._paths: dict[str, Path] = {}
        self._resolved: dict[tuple[str, str], Target] = {}
        self._through: dict[str, set[tuple[str, str]]] = {}

    def add_script(self, path: Path) -> str:
        """Take in a script; returns the name that it has as a module."""
        name = f"script {path}"
        if name not in self._modules:
            self._paths[name] = path
            self._modules[name] = parse(path, "", self.root)
        return name

    def replace(self, name: str, module: Module) -> set[tuple[str, str]]:
        """Put other content in place of a module.

        Returns
        -------
        set of (str, str)
            Module and name of all that may resolve to something else now.
        """
        self._modules[name] = module
        stale = self._through.pop(name, set())
        for key in stale:
            self._resolved.pop(key, None)
        return stale

    def path(self, name: str) -> Path:
        """The file of a module."""
        return self._paths[name]

    def read_again(self, name: str) -> Module:
        """A module from its file, whatever is remembered of it: with all lines."""
        path = self._paths[name]
        inside = name if path.name == "__init__.py" else name.rpartition(".")[0]
        package = "" if name.startswith("script ") else inside
        return read_module(ast.parse(path.read_bytes()), package, self.root)

    def has(self, name: str) -> bool:
        """Whether there is a module of this name in the library."""
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name] is not None

    def _read(self, name: str) -> Module | None:
        base = self.folder.parent.joinpath(*name.split("."))
        for path, package in (
            (base / "__init__.py", name),
            (base.with_suffix(".py"), name.rpartition(".")[0]),
        ):
            if path.is_file():
                self._paths[name] = path
                return parse(path, package, self.root)
        return None

    def module(self, name: str) -> Module:
        """A module, parsed.

        Raises
        ------
        SegbenchError
            There is none, or it holds what cannot be followed.
        """
        found = self._modules[name] if self.has(name) else None
        if found is None:
            raise SegbenchError(
                f"module {name} does not exist", "a module of the library", "correct the import"
            )
        for line, what in found.refused:
            raise SegbenchError(
                f"{self._paths[name]}:{line}: {what}",
                "one name for an object, bound once, so that the code can be digested",
                "import each name once, from the module that defines it, and use no other name",
            )
        return found

    def within(self, module: str) -> bool:
        """Whether a dotted name lies in the library, its carrier excluded."""
        parts = module.split(".")
        return parts[0] == self.root and parts[1:2] != [CARRIER]

    def resolve(self, module: str, chain: str) -> Target:
        """What a name with attributes means in a module.

        Parameters
        ----------
        module : str
        chain : str
            See `segbench.provenance.references.Reference`.
        """
        key = (module, chain)
        if key not in self._resolved:
            way = {module}
            self._resolved[key] = self._resolve(module, chain, way)
            for name in way:
                self._through.setdefault(name, set()).add(key)
        return self._resolved[key]

    def _resolve(self, module: str, chain: str, way: set[str]) -> Target:
        source, colon, rest = chain.partition(":")
        if colon:
            symbol, *attributes = rest.split(".")
            return self._import(source, symbol or None, attributes, way)
        root, *attributes = chain.split(".")
        known = self.module(module)
        if root in known.definitions:
            return Target("symbol", Symbol(module, root), ".".join(attributes))
        if root in known.imports:
            return self._import(*known.imports[root], attributes, way)
        if root in _BUILTINS:
            return Target("outside", _NOTHING, f"builtins.{chain}")
        if root in _OWN:
            return Target("own", _NOTHING, root)
        itself = "__main__" if module.startswith("script ") else module
        own = {**dict.fromkeys(known.typing, "annotation"), "__name__": f"module {itself}"}
        return Target("name", _NOTHING, own.get(root, chain))

    def _import(
        self, source: str, symbol: str | None, attributes: list[str], way: set[str]
    ) -> Target:
        """What an import brings, and the attributes of it that follow."""
        names = [*([] if symbol is None else [symbol]), *attributes]
        module = source
        while True:
            if not self.within(module):
                return Target("outside", _NOTHING, ".".join([module, *names]))
            if not names:
                return Target("module", Symbol(module, ""), "")
            known = self.module(module)
            way.add(module)
            name, *rest = names
            if name in known.definitions:
                return Target("symbol", Symbol(module, name), ".".join(rest))
            if name in known.imports:
                if f"{module}.{name}" in way:
                    raise SegbenchError(
                        f"{self._paths[module]}: {name} is imported in a circle",
                        "a module that defines it",
                        f"import {name} from the module that defines it",
                    )
                way.add(f"{module}.{name}")
                source, symbol = known.imports[name]
                if (source, symbol) == (module, name):
                    module, names = f"{module}.{name}", rest
                    continue
                return self._import(source, symbol, rest, way)
            if not self.within(f"{module}.{name}") or self.has(f"{module}.{name}"):
                module, names = f"{module}.{name}", rest
                continue
            raise self._missing(module, name, known)

    def _missing(self, module: str, name: str, known: Module) -> SegbenchError:
        if "__getattr__" in known.definitions:
            return SegbenchError(
                f"{self._paths[module]}: {name} is made at run time by __getattr__",
                "a name that can be followed, so that the code can be digested",
                f"import {name} from the module that defines it",
            )
        return SegbenchError(
            f"{self._paths[module]}: defines no {name}",
            f"a definition or an import of {name}, or a module {module}.{name}",
            f"correct the import of {name}",
        )
