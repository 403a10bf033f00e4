"""YAML files as data that remembers which line every key came from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from segbench.config.problems import Key, Problem

# The base loader resolves no tags and constructs nothing: the scalars are read below
# by the rules of YAML 1.2. (YAML 1.1 reads `no` as false, `1:30` as 90, `010` as 8 and,
# in PyYAML, `1e-3` as a word.)
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

#: YAML 1.2 core schema, https://yaml.org/spec/1.2.2/#103-core-schema, plain scalars.
_PLAIN: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"null|Null|NULL|~|"), lambda text: None),
    (re.compile(r"true|True|TRUE"), lambda text: True),
    (re.compile(r"false|False|FALSE"), lambda text: False),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(nan|NaN|NAN)"), lambda text: float("nan")),
)


def _text(data: Any) -> str:
    """Data as text, so that 1, 1.0 and true are three things."""
    return json.dumps(data, sort_keys=True)


class Mark(NamedTuple):
    """Where a key stands.

    Attributes
    ----------
    file : str
        The file, or where else it comes from.
    line : int
        Counted from 1; 0 where there are no lines.
    above : tuple
        The way to the document inside that file, where it is a part of it.
    """

    file: str
    line: int
    above: Key = ()


@dataclass(frozen=True)
class Document:
    """A tree of plain data, and where each of its keys stands.

    Attributes
    ----------
    data : object
        dict, list, str, int, float, bool or None.
    marks : dict
        Key path -> file and line. The empty path is the document itself.
    """

    data: Any
    marks: dict[Key, Mark] = field(default_factory=dict)

    def mark(self, key: Key) -> Mark:
        """Where `key` stands, or its nearest ancestor that stands anywhere."""
        while key and key not in self.marks:
            key = key[:-1]
        return self.marks.get(key, Mark("", 0))

    def placed(self, key: Key) -> tuple[str, int, Key]:
        """Say where to edit `key`: file, line, and the whole way to it in that file."""
        mark = self.mark(key)
        return mark.file, mark.line, (*mark.above, *key)

    def below(self, above: Key) -> Document:
        """Note that this document is the part of a larger one below the key `above`."""
        marks = {key: mark._replace(above=above) for key, mark in self.marks.items()}
        return Document(self.data, marks)

    def at(self, key: Key) -> Document:
        """Cut out the part of the tree below `key`, with its marks."""
        data = self.data
        for part in key:
            data = data[part]
        size = len(key)
        return Document(data, {k[size:]: m for k, m in self.marks.items() if k[:size] == key})

    def merged(self, over: Document) -> Document:
        """Lay another document over this one.

        Mappings are merged key by key, anything else is replaced. A key which the
        other document repeats with the same value keeps its old mark.
        """
        if _text(self.data) == _text(over.data):
            return self
        if not (isinstance(self.data, dict) and isinstance(over.data, dict)):
            return over
        data, marks = dict(self.data), dict(self.marks)
        for name in over.data:
            part = over.at((name,))
            if name in data:
                part = self.at((name,)).merged(part)
                marks = {k: m for k, m in marks.items() if k[:1] != (name,)}
            data[name] = part.data
            marks.update({(name, *k): m for k, m in part.marks.items()})
        return Document(data, marks)


def document_of(data: Mapping[str, Any], origin: str) -> Document:
    """Make a document of data that came from no file, such as a command line."""
    marks: dict[Key, Mark] = {}

    def walk(value: Any, key: Key) -> Any:
        marks[key] = Mark(origin, 0)
        if isinstance(value, Mapping):
            return {str(k): walk(v, (*key, str(k))) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [walk(v, (*key, n)) for n, v in enumerate(value)]
        # A date, say, is the text that stands for it.
        return value if value is None or isinstance(value, str | int | float) else str(value)

    return Document(walk(data, ()), marks)


class _Reader:
    """Turns the nodes of one file into a document and problems."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.marks: dict[Key, Mark] = {}
        self.problems: list[Problem] = []
        self._seen: dict[int, yaml.Node] = {}

    def problem(self, node: yaml.Node, key: Key, what: str, allowed: str) -> None:
        self.problems.append(
            Problem(self.file, node.start_mark.line + 1, key, what, allowed, unread=True)
        )

    def read(self, node: yaml.Node, key: Key, place: yaml.Node | None = None) -> Any:
        """Give the data of a node; `place` is the node that names it (a mapping's key)."""
        self.marks[key] = Mark(self.file, (place or node).start_mark.line + 1)
        if id(node) in self._seen:
            self.problem(place or node, key, "is an alias (*name)", "the value, written out")
            return None
        self._seen[id(node)] = node
        if not node.tag.startswith("tag:yaml.org,2002:") or (
            node.tag.rsplit(":", 1)[1] not in ("str", "seq", "map")
        ):
            self.problem(node, key, f"has the tag {node.tag}", "values without tags")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*key, n)) for n, item in enumerate(node.value)]
        quoted = getattr(node, "style", None)
        return node.value if quoted else _plain(node.value)

    def _mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self.problem(name, key, "has a key that is a list or a mapping", "words as keys")
                continue
            path = (*key, name.value)
            if name.value in data:
                first = self.marks[path].line
                self.problem(
                    name, path, f"is a duplicate key, first in line {first}", "each key once"
                )
                continue
            data[name.value] = self.read(value, path, name)
        return data


def _plain(text: str) -> Any:
    """Read a plain (unquoted) scalar.

    Examples
    --------
    >>> [_plain(text) for text in ("1e-3", "no", "010", "~", "4", "true")]
    [0.001, 'no', 10, None, 4, True]
    """
    for pattern, convert in _PLAIN:
        if pattern.fullmatch(text):
            return convert(text)
    return text


def read_document(path: Path, name: str) -> tuple[Document | None, list[Problem]]:
    """Read one YAML file that holds a mapping; `name` is how messages call it.

    The document is None where nothing could be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=_LOADER)
    except FileNotFoundError:
        return None, [Problem(name, 0, (), "the file is missing", "a YAML file")]
    except (OSError, UnicodeDecodeError) as error:
        return None, [Problem(name, 0, (), f"cannot be read: {error}", "a UTF-8 text file")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        line = mark.line + 1 if mark else 0
        return None, [Problem(name, line, (), f"is not YAML: {what}", "one YAML document")]
    if not isinstance(node, yaml.MappingNode):
        kind = "is empty" if node is None else "is not a mapping"
        return None, [Problem(name, 1, (), kind, "lines of the form `key: value`")]
    reader = _Reader(name)
    data = reader.read(node, ())
    return Document(data, reader.marks), reader.problems
