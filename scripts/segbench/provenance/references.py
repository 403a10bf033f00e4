"""What the normalised form of a statement holds: its shape, and the references in its holes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: Methods that change the object they are called on.
MUTATORS = frozenset(
    {"add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"}
    | {"register", "remove", "setdefault", "sort", "update"}
)

#: Attributes and methods whose value is what is left out here, or the classes made so far.
READ_TEXT = frozenset({"__doc__", "__annotations__", "__subclasses__", "model_json_schema"})


class Reference(NamedTuple):
    """A name that is not local, with the attributes that follow it.

    Attributes
    ----------
    use : {"call", "argument", "change", "item", "value"}
        How it is used; "item" gives what it holds, "change" is an assignment to it or to a
        part of it, or a call of one of its `MUTATORS`.
    chain : str
        ``name.attribute.attribute``; what a function imports itself is
        ``module:symbol.attribute``.
    literals : list or None
        Of a call with text among its positional arguments: each of these, None for others.
    """

    use: str
    chain: str
    literals: list[str | None] | None = None


class Written(NamedTuple):
    """A statement in its normalised form.

    Attributes
    ----------
    shape : str
        Digest of the syntax, 16 hexadecimal digits.
    references : list of Reference
        What stands in the holes of the shape, in order.
    imports : list of (str, str or None)
        Modules and symbols that are imported inside functions.
    slots : list of str
        Names that the statement binds in its module, in order.
    lines : list of int
        Where each reference stands in the file.
    """

    shape: str
    references: list[Reference]
    imports: list[tuple[str, str | None]]
    slots: list[str]
    lines: Sequence[int] = ()
