"""The example queries, and what they answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph

from segbench.objects import shacl, write_rdf
from segbench.objects.syntax import PREFIXES
from unit.objects.made import IMAGES, ORIGIN, frame

PACKAGE = Path(shacl.__file__).parent
QUERIES = sorted((PACKAGE / "queries").glob("*.rq"))


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rdf")
    write_rdf(frame(), IMAGES, ORIGIN, folder / "o.ttl", folder / "o.jsonld")
    return Graph().parse(folder / "o.ttl").parse(PACKAGE / "vocabulary.ttl")


def ask(graph, name):
    found = graph.query((PACKAGE / f"queries/{name}.rq").read_text())
    return [tuple(None if v is None else v.toPython() for v in row) for row in found]


def test_mean_area_of_nuclei(graph):
    unit = PREFIXES["unit"] + "MicroM2"
    found = ask(graph, "mean_area_of_nuclei")
    assert [(image, str(each), count) for image, each, count, _ in found] == [
        ("first", unit, 3),
        ("second", unit, 1),
    ]
    assert [mean for *_, mean in found] == pytest.approx([(20 + 6 + 22) / 3, 36])


def test_touching_the_border(graph):
    assert ask(graph, "touching_the_border") == [("first/nucleus/2", 6)]


def test_models_of_nuclei(graph):
    assert ask(graph, "models_of_nuclei") == [
        ("first/nucleus/1",), ("first/nucleus/2",), ("first/nucleus/3",), ("second/nucleus/1",),
    ]  # fmt: skip


def test_images_without_objects(graph):
    assert ask(graph, "images_without_objects") == [("third",)]


def test_largest_objects(graph):
    found = ask(graph, "largest_objects")
    assert [row[:2] for row in found] == [
        ("second/nucleus/1", 36), ("first/nucleus/3", 22), ("first/nucleus/1", 20),
    ]  # fmt: skip
    assert found[0][2] == pytest.approx(72**0.5)


def test_objects_per_image(graph):
    assert ask(graph, "objects_per_image") == [
        ("first", "nucleus", 3), ("second", "nucleus", 1), ("third", None, 0),
    ]  # fmt: skip


def test_provenance(graph):
    assert ask(graph, "provenance") == [
        ("cells/run-1", "a" * 64, "fold-0/model.keras", "b" * 64, "CC0 1.0", "A. Person 2026", 4)
    ]


def test_units(graph):
    found = {str(row[0]).split("#")[1]: str(row[1]) for row in ask(graph, "units")}
    assert found["area_um2"] == PREFIXES["unit"] + "MicroM2"
    assert found["area_px"] == PREFIXES["seg"] + "PIXEL2"
    assert found["orientation_deg"] == PREFIXES["unit"] + "DEG"
    assert found["intensity_mean"] == PREFIXES["seg"] + "GREY_LEVEL"


def test_every_query_is_tested_and_says_what_it_answers():
    text = Path(__file__).read_text()
    assert len(QUERIES) >= 5
    for query in QUERIES:
        assert f'"{query.stem}"' in text
        assert query.read_text().startswith("# ")
