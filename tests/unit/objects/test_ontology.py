"""The vocabulary and the shapes follow the columns and the concept."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, Graph, Namespace, URIRef

from segbench.objects import ontology, write_rdf
from segbench.objects.columns import columns
from segbench.objects.syntax import PREFIXES
from unit.objects.made import IMAGES, ORIGIN, frame

SEG, QUDT = Namespace(PREFIXES["seg"]), Namespace(PREFIXES["qudt"])
PACKAGE = Path(ontology.__file__).parent


@pytest.fixture(scope="module")
def vocabulary():
    return Graph().parse(PACKAGE / "vocabulary.ttl")


@pytest.mark.parametrize("name", ["vocabulary.ttl", "shapes.ttl"])
def test_the_files_are_as_the_columns_make_them(name):
    made = ontology.renew(PACKAGE)[PACKAGE / name]
    assert made == (PACKAGE / name).read_text(), "run python -m segbench.objects.ontology"


def test_every_measured_property_has_a_unit_and_a_definition(vocabulary):
    for column in ontology.measured():
        assert vocabulary.value(SEG[column.name], RDFS.comment), column.name
        if column.type != "bool":
            assert vocabulary.value(SEG[column.name], QUDT.hasUnit), column.name
            assert vocabulary.value(SEG[column.name], QUDT.hasQuantityKind), column.name


def test_classes_of_the_concept(vocabulary):
    assert set(vocabulary.subjects(RDFS.subClassOf, SEG.ROI)) == {
        SEG.ObjectShapedROI, SEG.NonObjectROI,
    }  # fmt: skip
    for name in ("Image", "ROIMergedImage", "ROI", "PhenotypeData", "AnalyzedData"):
        assert (SEG[name], RDF.type, OWL.Class) in vocabulary


def test_all_of_our_terms_that_are_used_are_in_the_vocabulary(vocabulary, tmp_path):
    write_rdf(frame(), IMAGES, ORIGIN, tmp_path / "o.ttl", tmp_path / "o.jsonld")
    used = {
        term
        for statement in Graph().parse(tmp_path / "o.ttl")
        for term in statement
        if isinstance(term, URIRef) and term.startswith(str(SEG))
    }
    known = set(vocabulary.subjects())
    assert len(used) > 40
    assert used <= known, sorted(used - known)


def test_the_shapes_speak_of_known_terms_only(vocabulary):
    known = set(vocabulary.subjects())
    for term in set(Graph().parse(PACKAGE / "shapes.ttl").objects()):
        if isinstance(term, URIRef) and term.startswith(str(SEG)):
            assert term in known, term


def test_non_object_rois_may_have_all_of_omes_shapes():
    text = (PACKAGE / "shapes.ttl").read_text()
    listed = text.split("<#NonObjectROI>")[1].split("sh:in (")[1].split(")")[0].split()
    shapes = ["Ellipse", "Label", "Line", "Mask", "Point", "Polygon", "Polyline", "Rectangle"]
    assert sorted(listed) == [f"ome:{shape}" for shape in shapes]


def test_the_reference_page_has_every_column_and_the_how_to_every_query():
    docs = Path(__file__).resolve().parents[3] / "docs"
    reference = (docs / "reference/objects.md").read_text()
    for column in (*columns(2), *columns(3)):
        assert f"| `{column.name}` |" in reference, column.name
        assert column.text in reference, column.name
    how_to = (docs / "how-to/objects-and-metadata.md").read_text()
    for query in (PACKAGE / "queries").glob("*.rq"):
        assert f"| `{query.stem}` |" in how_to
