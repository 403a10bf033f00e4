"""Node objects as Turtle and as JSON-LD, line by line: a file of any size in little memory.

rdflib's own serialisers hold all statements and sort them: a minute for what takes a second
here. That rdflib reads the same statements from both files is tested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

#: A node object of JSON-LD with compact IRIs.
Node = dict[str, Any]

#: Relative IRIs (images, runs, ROIs) are below it, unless the caller has a place of his own.
BASE = "https://w3id.org/segbench/"

#: Prefix -> namespace. `seg` is ours: vocabulary.ttl.
PREFIXES: dict[str, str] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "obo": "http://purl.obolibrary.org/obo/",
    "ome": "http://www.openmicroscopy.org/rdf/2016-06/ome_core/",
    "prov": "http://www.w3.org/ns/prov#",
    "quantitykind": "http://qudt.org/vocab/quantitykind/",
    "qudt": "http://qudt.org/schema/qudt/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "seg": f"{BASE}ns#",
    "unit": "http://qudt.org/vocab/unit/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

#: Values that are plain numbers in JSON but doubles in the statements.
_DOUBLES = (
    "qudt:numericValue",
    *(f"seg:pixel_size_{axis}_mm" for axis in "xyz"),
    *(f"ome:{name}" for name in ("X", "Y", "Width", "Height", "RadiusX", "RadiusY")),
    *(f"ome:{name}" for name in ("X1", "Y1", "X2", "Y2")),
)

_CURIE = re.compile(r"^(" + "|".join(PREFIXES) + r"):[A-Za-z_][A-Za-z0-9_]*$")

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def turtle_head(base: str) -> str:
    """The lines that open a Turtle file."""
    lines = [f"@base <{base}> .", *(f"@prefix {p}: <{n}> ." for p, n in sorted(PREFIXES.items()))]
    return "\n".join(lines) + "\n"


def turtle(node: Node) -> str:
    """One node and those nested in it, as Turtle.

    Parameters
    ----------
    node : dict
        ``@id``, ``@type`` and properties by compact IRI. Values: str, bool, int and float are
        literals (float: xsd:double); a dict with ``@id`` is a node; a list is several values.
        There are no blank nodes: whatever is wrong can be named.

    Examples
    --------
    >>> print(turtle({"@id": "a", "@type": "seg:ROI", "seg:number": 1}), end="")
    <a> a seg:ROI ;
      seg:number 1 .
    """
    nested: list[Node] = []
    text = _subject(node, nested)
    return text + "".join(turtle(each) for each in nested)


def _subject(node: Node, nested: list[Node]) -> str:
    parts = []
    for name, value in node.items():
        if name == "@type":
            types = value if isinstance(value, list) else [value]
            parts.append("a " + " , ".join(map(_iri, types)))
        elif name != "@id":
            values = value if isinstance(value, list) else [value]
            parts.append(f"{name} " + " , ".join(_value(each, nested) for each in values))
    return f"{_iri(node['@id'])} " + " ;\n  ".join(parts) + " .\n"


def _value(value: Any, nested: list[Node]) -> str:
    if isinstance(value, dict):
        if len(value) > 1:
            nested.append(value)
        return _iri(value["@id"])
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return double(value)
    return '"' + re.sub(r'[\\"\n\r\t]', lambda match: _ESCAPES[match[0]], value) + '"'


def double(value: float) -> str:
    """A number that Turtle reads as xsd:double, without loss.

    Examples
    --------
    >>> double(12.5), double(1e-7)
    ('12.5e0', '1e-07')
    """
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def _iri(name: str) -> str:
    return name if _CURIE.match(name) else f"<{_full(name)}>"


def _full(name: str) -> str:
    """A term with a prefix that Turtle cannot write short is written whole."""
    prefix, colon, rest = name.partition(":")
    return PREFIXES[prefix] + rest if colon and prefix in PREFIXES else name


def context(base: str, measured: Mapping[str, str]) -> Node:
    """The context of the JSON-LD file, inside the file: nothing is fetched.

    Parameters
    ----------
    measured : mapping of str to str
        Measured column -> its type (float, int, bool).
    """
    doubles = [f"seg:{name}" for name, kind in measured.items() if kind == "float"]
    coerced = {name: {"@type": "xsd:double"} for name in (*_DOUBLES, *doubles)}
    return {"@base": base, **PREFIXES, **coerced}


def json_ld(base: str, measured: Mapping[str, str], nodes: Iterator[Node]) -> Iterator[str]:
    """The lines of a JSON-LD file: a context, then one node per line."""
    yield '{"@context": ' + json.dumps(context(base, measured), sort_keys=True) + ',\n"@graph": [\n'
    before = ""
    for node in nodes:
        yield before + json.dumps(node, ensure_ascii=False, allow_nan=False)
        before = ",\n"
    yield "\n]}\n"
