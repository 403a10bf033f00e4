"""The symbols of the library with all that each refers to, and their digests.

The digest of a symbol covers its normalised syntax, with each name replaced by the digest of
what it resolves to. So neither the name nor the path of a module counts, and a name that means
something else is a change. Symbols that refer to each other in a circle are digested together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from segbench.errors import SegbenchError
from segbench.files import sha256_of_file
from segbench.provenance.references import READ_TEXT, Reference
from segbench.provenance.resolve import Library, Symbol, Target
from segbench.provenance.symbols import Module, Statement

#: Functions of the library that stand for what their literal argument names.
DATA_FILE = ("data_files", "data_file")
LOAD_SYMBOL = ("late_import", "load_symbol")

#: Methods of a dictionary that give what it holds.
_READERS = frozenset({"get", "items", "keys", "values"})

_NAMES = "makes names at run time"
_TEXT = "reads what is no part of the digest: docstrings, annotations, sources or package files"

#: What cannot be followed, and why.
_REFUSED = {
    **dict.fromkeys(("builtins.eval", "builtins.exec", "builtins.globals"), _NAMES),
    **dict.fromkeys(("builtins.__import__", "importlib.import_module", "importlib.reload"), _NAMES),
    **dict.fromkeys(("importlib.util", "importlib.machinery", "sys.modules"), _NAMES),
    **dict.fromkeys(("pkgutil", "runpy"), _NAMES),
    **{f"builtins.{name}": _TEXT for name in READ_TEXT},
    **dict.fromkeys(("inspect.getdoc", "inspect.get_annotations"), _TEXT),
    **dict.fromkeys(("inspect.getsource", "inspect.getcomments", "typing.get_type_hints"), _TEXT),
    **dict.fromkeys(("inspect.getsourcelines", "importlib.resources", "linecache", "pydoc"), _TEXT),
}


@dataclass
class Node:
    """A symbol and what it refers to.

    Attributes
    ----------
    pieces : list of str or Symbol
        What is digested, in order; a symbol stands for its digest.
    edges : list of Symbol
        The symbols that it refers to.
    loads : list of (str, str or None)
        What its functions import.
    outside : set of str
        Qualified names that it takes from other packages.
    files : set of str
        Data files that it refers to.
    asked : set of str
        Symbols that it takes from modules whose names are made at run time.
    uses : list of (str, Symbol)
        How it uses each symbol that it refers to.
    """

    pieces: list[str | Symbol] = field(default_factory=list)
    edges: list[Symbol] = field(default_factory=list)
    loads: list[tuple[str, str | None]] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    uses: list[tuple[str, Symbol]] = field(default_factory=list)

    def own(self) -> str:
        """Digest of the symbol itself, without what it refers to; 16 hexadecimal digits."""
        text = "\0".join("" if isinstance(p, Symbol) else p for p in self.pieces)
        return _hash(text)[:16]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Graph:
    """Symbols and their digests; computed once, when needed.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self._nodes: dict[Symbol, Node] = {}
        self._digests: dict[Symbol, str] = {}
        self._files: dict[str, str] = {}

    def replace(self, name: str, module: Module) -> None:
        """Put other content in place of a module; digests that may change are forgotten."""
        modules = {name, *(user for user, _ in self.library.replace(name, module))}
        dirty = {symbol for symbol in self._nodes if symbol.module in modules}
        users: dict[Symbol, list[Symbol]] = {}
        for symbol, node in self._nodes.items():
            for edge in node.edges:
                users.setdefault(edge, []).append(symbol)
        stack = list(dirty)
        for symbol in dirty:
            del self._nodes[symbol]
        while stack:
            symbol = stack.pop()
            self._digests.pop(symbol, None)
            more = [user for user in users.get(symbol, ()) if user in self._digests]
            stack += more

    # Nodes

    def statements(self, symbol: Symbol) -> list[Statement]:
        """The statements that make a symbol what it is."""
        module = self.library.module(symbol.module)
        if symbol.name.startswith("#"):
            return [module.statements[int(symbol.name[1:])]]
        return [module.statements[number] for number in module.definitions[symbol.name]]

    def node(self, symbol: Symbol) -> Node:
        """A symbol and what it refers to."""
        found = self._nodes.get(symbol)
        if found is None:
            found = Node()
            for statement in self.statements(symbol):
                written = statement.written
                place = written.slots.index(symbol.name) if symbol.name in written.slots else -1
                found.pieces.append(f"{written.shape} {place}")
                found.loads += map(tuple, written.imports)  # type: ignore[arg-type]
                for number, reference in enumerate(written.references):
                    self._fill(found, symbol, statement, number, reference)
            self._nodes[symbol] = found
        return found

    def _fill(
        self, node: Node, symbol: Symbol, statement: Statement, number: int, reference: Reference
    ) -> None:
        """Add what a name resolves to."""
        target = self.library.resolve(symbol.module, reference.chain)
        where = (symbol, statement, number)
        if target.kind == "symbol":
            self._fill_symbol(node, target, reference, where)
            return
        if target.kind == "module":
            raise self._refusal(
                where,
                f"module {target.symbol.module} is used as a value",
                "names that are written out, so that the code can be digested",
                "import the symbols that are needed",
            )
        if target.kind == "own" and not symbol.module.startswith("script "):
            raise self._refusal(
                where,
                f"{target.text} says where the code lies",
                "data files that are named by segbench.data_files.data_file",
                'write data_file("FOLDER/NAME") instead',
            )
        if target.kind == "outside":
            self._check_outside(target.text, where)
            node.outside.add(target.text)
        node.pieces.append(f"{target.kind} {target.text} {_text(reference.literals)}")

    def _fill_symbol(
        self,
        node: Node,
        target: Target,
        reference: Reference,
        where: tuple[Symbol, Statement, int],
    ) -> None:
        home = (target.symbol.module.partition(".")[2], target.symbol.name)
        inside = where[0].module.partition(".")[2]
        if home == DATA_FILE and inside != DATA_FILE[0]:
            node.pieces.append(f"file {self._data_file(node, reference, where)}")
            return
        if home == LOAD_SYMBOL and inside != LOAD_SYMBOL[0]:
            node.asked.add(self._asked(reference, where))
            node.pieces.append(f"load {_text(reference.literals)}")
            return
        function = reference.use != "call" and any(
            statement.kind == "function" for statement in self.statements(target.symbol)
        )
        name = target.symbol.name if function else ""
        node.pieces += [target.symbol, f"{target.text} {name} {_text(reference.literals)}"]
        node.edges.append(target.symbol)
        node.pieces.append(self._so_far(where[0], where[1], target.symbol))
        node.uses.append(("item" if target.text in _READERS else reference.use, target.symbol))

    def _so_far(self, user: Symbol, statement: Statement, used: Symbol) -> str:
        """How far a symbol of the same module is made where it is used; "" of most, wholly."""
        module = self.library.module(used.module)
        numbers = [] if used.name.startswith("#") else module.definitions[used.name]
        if len(numbers) < 2 or user == used or user.module != used.module:
            return ""
        place = module.statements.index(statement)
        before = sum(number < place for number in numbers)
        return "" if before == len(numbers) else str(before)

    def _data_file(
        self, node: Node, reference: Reference, where: tuple[Symbol, Statement, int]
    ) -> str:
        """Digest of the content of a data file."""
        name = (reference.literals or [None])[0]
        if name is None or len(reference.literals or ()) != 1 or reference.use != "call":
            raise self._refusal(
                where,
                "data_file without the name of a file",
                "one literal text, relative to the folder of the library",
                'write the name out: data_file("FOLDER/NAME")',
            )
        if name not in self._files:
            path = self.library.folder / name
            if not path.is_file():
                raise self._refusal(
                    where,
                    f"data file {path} is not there",
                    f"a file below {self.library.folder}",
                    "restore the file, or correct its name here",
                )
            self._files[name] = sha256_of_file(path)
        node.files.add(name)
        return self._files[name]

    def data_file(self, name: str) -> str:
        """Digest of the content of a data file that a node refers to."""
        return self._files[name]

    def _asked(self, reference: Reference, where: tuple[Symbol, Statement, int]) -> str:
        literals = reference.literals or []
        if reference.use != "call" or len(literals) < 2 or literals[1] is None:
            raise self._refusal(
                where,
                "load_symbol without the name of a symbol",
                "a literal text as the second argument",
                'write the name out: load_symbol(module, "NAME")',
            )
        return literals[1]

    def _check_outside(self, name: str, where: tuple[Symbol, Statement, int]) -> None:
        parts = name.split(".")
        why = _REFUSED.get(".".join(parts[:2])) or _REFUSED.get(parts[0])
        if why is not None:
            raise self._refusal(
                where,
                f"{name.removeprefix('builtins.')} {why}",
                "names that are written out, so that the code can be digested",
                "import what is needed, or take it by segbench.late_import.load_symbol",
            )

    def _refusal(
        self, where: tuple[Symbol, Statement, int], what: str, expected: str, action: str
    ) -> SegbenchError:
        symbol, statement, number = where
        place = self.library.module(symbol.module).statements.index(statement)
        fresh = self.library.read_again(symbol.module).statements[place]
        path = self.library.path(symbol.module)
        return SegbenchError(f"{path}:{fresh.written.lines[number]}: {what}", expected, action)

    # Digests

    def digest(self, symbol: Symbol) -> str:
        """Digest of a symbol and of all that it refers to; 32 hexadecimal digits."""
        if symbol not in self._digests:
            for group in _components(symbol, self._open_edges):
                self._digest_group(group)
        return self._digests[symbol]

    def _open_edges(self, symbol: Symbol) -> Iterator[Symbol]:
        return (edge for edge in self.node(symbol).edges if edge not in self._digests)

    def _digest_group(self, group: Sequence[Symbol]) -> None:
        """Digest symbols that refer to each other, by no order of theirs."""
        if len(group) == 1 and group[0] not in self.node(group[0]).edges:
            self._digests[group[0]] = self._combine(group[0], {})
            return
        colours = dict.fromkeys(group, "circle")
        kinds = 0
        for _ in group:
            colours = {symbol: self._combine(symbol, colours) for symbol in group}
            if len(set(colours.values())) == kinds:
                break
            kinds = len(set(colours.values()))
        together = " ".join(sorted(colours.values()))
        for symbol in group:
            self._digests[symbol] = _hash(f"{colours[symbol]} {together}")[:32]

    def _combine(self, symbol: Symbol, colours: dict[Symbol, str]) -> str:
        pieces = self.node(symbol).pieces
        known = self._digests
        texts = (
            piece if piece.__class__ is str else colours.get(piece) or known[piece]  # type: ignore[arg-type,index]
            for piece in pieces
        )
        return _hash("\0".join(texts))[:32]  # type: ignore[arg-type]


def _text(literals: list[str | None] | None) -> str:
    return "" if literals is None else json.dumps(literals)


def _components(
    start: Symbol, edges: Callable[[Symbol], Iterator[Symbol]]
) -> Iterator[list[Symbol]]:
    """Strongly connected components that are reached, each after those that it refers to.

    References
    ----------
    R. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1(2), 1972.
    """
    order: dict[Symbol, int] = {start: 0}
    low = {start: 0}
    path, waiting = [start], {start}
    work: list[tuple[Symbol, Iterator[Symbol]]] = [(start, edges(start))]
    while work:
        symbol, rest = work[-1]
        for edge in rest:
            if edge not in order:
                order[edge] = low[edge] = len(order)
                path.append(edge)
                waiting.add(edge)
                work.append((edge, edges(edge)))
                break
            if edge in waiting:
                low[symbol] = min(low[symbol], order[edge])
        else:
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[symbol])
            if low[symbol] == order[symbol]:
                place = path.index(symbol)
                group = path[place:]
                del path[place:]
                waiting.difference_update(group)
                yield group


def reached(graph: Graph, roots: Iterable[Symbol], seen: set[Symbol]) -> Iterator[Symbol]:
    """The symbols that are reached from some and are not in `seen`; they are put there."""
    stack = [root for root in roots if root not in seen]
    seen.update(stack)
    while stack:
        symbol = stack.pop()
        yield symbol
        for edge in graph.node(symbol).edges:
            if edge not in seen:
                seen.add(edge)
                stack.append(edge)
