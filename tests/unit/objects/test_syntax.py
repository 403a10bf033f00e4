"""Nodes as Turtle and JSON-LD: rdflib reads back what was written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic

from segbench.objects.syntax import BASE, PREFIXES, context, double, json_ld, turtle, turtle_head

SEG = PREFIXES["seg"]
#: Characters that RDF literals can hold in both syntaxes.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def graph(node, base=BASE):
    return Graph().parse(data=turtle_head(base) + turtle(node), format="turtle")


def only(node, name):
    (value,) = graph(node).objects(predicate=URIRef(SEG + name))
    return value


@given(TEXTS)
def test_texts_come_back(text):
    assert str(only({"@id": "a", "seg:x": text}, "x")) == text


@pytest.mark.parametrize("value", [1.0, 1e-300, 1.5e20, -0.1, 123456789.123])
def test_doubles_without_loss(value):
    assert double(value).count("e") == 1
    number = only({"@id": "a", "seg:x": value}, "x")
    assert number.datatype == URIRef(PREFIXES["xsd"] + "double")
    assert number.toPython() == value


@given(st.integers())
def test_integers_come_back(value):
    assert only({"@id": "a", "seg:x": value}, "x").toPython() == value


@pytest.mark.parametrize("value", [True, False])
def test_flags_are_no_numbers(value):
    found = only({"@id": "a", "seg:x": value}, "x")
    assert found.toPython() is value


def test_nested_nodes_are_written_behind():
    inner = {"@id": "a#b", "@type": ["seg:X", "seg:Y"], "seg:n": 1}
    text = turtle({"@id": "a", "seg:has": inner, "seg:sees": [{"@id": "c"}, {"@id": "d"}]})
    assert text == (
        "<a> seg:has <a#b> ;\n  seg:sees <c> , <d> .\n<a#b> a seg:X , seg:Y ;\n  seg:n 1 .\n"
    )


def test_names_that_turtle_cannot_abbreviate_are_written_whole():
    text = turtle({"@id": "seg:a/b", "@type": "seg:X"})
    assert text == f"<{SEG}a/b> a seg:X .\n"


def test_relative_iris_begin_at_the_base():
    (subject,) = graph({"@id": "a", "seg:n": 1}, "https://lab.example/").subjects()
    assert subject == URIRef("https://lab.example/a")


def test_the_context_says_which_columns_are_doubles():
    found = context(BASE, {"area_px": "float", "number": "int"})
    assert found["@base"] == BASE
    assert found["seg"] == SEG
    assert found["seg:area_px"] == {"@type": "xsd:double"}
    assert "seg:number" not in found


@given(st.lists(st.tuples(TEXTS, st.floats(allow_nan=False, allow_infinity=False)), max_size=4))
def test_both_syntaxes_say_the_same(rows):
    nodes = [
        {"@id": f"a/{n}", "@type": "seg:ROI", "seg:name": text, "seg:area_px": value}
        for n, (text, value) in enumerate(rows)
    ]
    lines = "".join(json_ld(BASE, {"area_px": "float"}, iter(nodes)))
    assert len(json.loads(lines)["@graph"]) == len(nodes)
    other = Graph().parse(data=lines, format="json-ld")
    one = Graph().parse(data=turtle_head(BASE) + "".join(map(turtle, nodes)), format="turtle")
    assert isomorphic(one, other)
    assert {str(name) for name in one.objects(predicate=URIRef(SEG + "name"))} == {
        str(Literal(text)) for text, _ in rows
    }
