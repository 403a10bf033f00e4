"""The description: Turtle and JSON-LD say the same, and say what the concept says."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic

from segbench.errors import SegbenchError
from segbench.objects import ImageInfo, measure, write_rdf
from segbench.objects.syntax import BASE, PREFIXES
from unit.objects.made import IMAGES, ONE, ORIGIN, frame

SEG, OME, PROV, OBO = (Namespace(PREFIXES[name]) for name in ("seg", "ome", "prov", "obo"))
DCT, FOAF, QUDT, UNIT = (Namespace(PREFIXES[name]) for name in ("dcterms", "foaf", "qudt", "unit"))


def write(folder, objects=None, images=IMAGES, origin=ORIGIN, **options):
    write_rdf(
        frame() if objects is None else objects, images, origin, folder / "o.ttl",
        folder / "o.jsonld", **options,
    )  # fmt: skip
    return Graph().parse(folder / "o.ttl")


def test_both_files_hold_the_same_statements(tmp_path):
    one = write(tmp_path)
    other = Graph().parse(tmp_path / "o.jsonld", format="json-ld")
    assert len(one) > 300
    assert isomorphic(one, other)


def test_names_with_quotes_spaces_and_umlauts_survive(tmp_path):
    origin = replace(ORIGIN, title='a "b" \\ c\nd', citation="Müller & Søn, 100 %")
    origin = replace(origin, dataset="my cells", run="my cells/run é")
    objects = frame().assign(**{"class": 'left "lobe"/x'})
    graph = write(tmp_path, objects, origin=origin)
    other = Graph().parse(tmp_path / "o.jsonld", format="json-ld")
    assert isomorphic(graph, other)
    assert (None, DCT.title, Literal('a "b" \\ c\nd')) in graph
    kind = URIRef(f"{BASE}class/my%20cells/left%20%22lobe%22%2Fx")
    assert len(list(graph.subjects(RDF.type, kind))) == 4


def test_equal_tables_are_equal_bytes(tmp_path):
    write(tmp_path)
    before = [(tmp_path / name).read_bytes() for name in ("o.ttl", "o.jsonld")]
    write(tmp_path, frame().iloc[::-1], IMAGES[::-1])
    assert [(tmp_path / name).read_bytes() for name in ("o.ttl", "o.jsonld")] == before


def test_the_concept(tmp_path):
    graph = write(tmp_path)
    run = URIRef(f"{BASE}run/cells/run-1")
    image, merged = URIRef(f"{BASE}image/cells/first"), URIRef(f"{run}/first")
    roi = URIRef(f"{merged}/nucleus/1")
    for statement in [
        (image, RDF.type, SEG.Image),
        (image, DCT.isPartOf, merged),
        (merged, RDF.type, SEG.ROIMergedImage),
        (roi, RDF.type, SEG.ObjectShapedROI),
        (roi, RDF.type, SEG.ROI),
        (roi, DCT.isPartOf, image),
        (roi, DCT.isPartOf, merged),
        (roi, SEG.models, URIRef(f"{roi}#entity")),
        (URIRef(f"{roi}#entity"), RDF.type, OBO.GO_0005634),
        (URIRef(f"{roi}#phenotype"), RDF.type, SEG.PhenotypeData),
        (URIRef(f"{roi}#phenotype"), SEG.characterises, URIRef(f"{roi}#entity")),
        (URIRef(f"{roi}#analysis"), SEG.analyses, roi),
        (URIRef(f"{roi}#analysis"), SEG.yields, URIRef(f"{roi}#phenotype")),
        (URIRef(f"{roi}#shape"), RDF.type, OME.Polygon),
        (URIRef(f"{roi}#shape"), OME.Points, Literal("10,3 15,3 15,7 10,7")),
        (roi, PROV.wasGeneratedBy, run),
        (run, SEG.sha256, Literal("a" * 64)),
        (run, PROV.used, URIRef(f"{BASE}model/{'b' * 64}")),
    ]:
        assert statement in graph, statement
    assert not list(graph.subject_objects(FOAF.depicts))


def test_a_size_is_a_quantity_with_a_unit(tmp_path):
    graph = write(tmp_path)
    phenotype = URIRef(f"{BASE}run/cells/run-1/first/nucleus/1#phenotype")
    area = graph.value(phenotype, SEG.area)
    assert graph.value(area, QUDT.numericValue).toPython() == pytest.approx(20)
    assert graph.value(area, QUDT.hasUnit) == UNIT.MicroM2
    plain = frame()
    plain[["area_um2", "perimeter_um", "feret_max_um"]] = np.nan
    graph = write(tmp_path, plain)
    assert graph.value(graph.value(phenotype, SEG.area), QUDT.hasUnit) == SEG.PIXEL2


def test_what_was_measured_is_in_the_description_to_the_last_bit(tmp_path):
    graph, objects = write(tmp_path), frame()
    for row in objects.to_dict("records"):
        roi = URIRef(f"{BASE}run/cells/run-1/{row['roi']}")
        analysis = URIRef(f"{roi}#analysis")
        for name in ("area_px", "perimeter_um", "solidity", "intensity_sd", "bbox_x1_px"):
            assert graph.value(analysis, SEG[name]).toPython() == row[name]
        assert graph.value(analysis, SEG.touches_border).toPython() == row["touches_border"]


def test_manual_objects_depict(tmp_path):
    graph = write(tmp_path, frame("manual"), origin=replace(ORIGIN, models={}), source="manual")
    roi = URIRef(f"{BASE}run/cells/run-1/second/nucleus/1")
    assert (roi, FOAF.depicts, URIRef(f"{roi}#entity")) in graph
    assert not list(graph.subject_objects(SEG.models))
    assert (None, RDF.type, SEG.Annotation) in graph
    assert (None, RDF.type, SEG.Prediction) not in graph
    assert (graph.value(roi, FOAF.depicts), RDF.type, OBO.GO_0005634) in graph


def test_a_volume_with_channels(tmp_path):
    label = np.ones((2, 3, 4), np.uint8)
    image = np.stack([np.full(label.shape, value, np.int16) for value in (5, -7)], axis=-1)
    objects = measure(label, image, {"WT": 1}, "semantic", (1.0, 0.5, 0.5), "case", dataset="brats")
    graph = write(
        tmp_path, objects, [ImageInfo("case", (2, 3, 4), (1.0, 0.5, 0.5))],
        replace(ORIGIN, dataset="brats"),
    )  # fmt: skip
    roi = URIRef(f"{BASE}run/cells/run-1/case/WT/1")
    image_node = URIRef(f"{BASE}image/brats/case")
    assert graph.value(image_node, OME.SizeZ).toPython() == 2
    assert graph.value(image_node, SEG.biologicalEntity) == OBO.UBERON_0000955
    assert graph.value(URIRef(f"{roi}#entity"), RDF.type) == URIRef(f"{BASE}class/brats/WT")
    volume = graph.value(URIRef(f"{roi}#phenotype"), SEG.volume)
    assert graph.value(volume, QUDT.numericValue).toPython() == 6
    assert graph.value(volume, QUDT.hasUnit) == UNIT.MilliM3
    means = {
        graph.value(node, SEG.channel).toPython(): graph.value(node, SEG.intensity_mean).toPython()
        for node in graph.objects(URIRef(f"{roi}#analysis"), SEG.ofChannel)
    }
    assert means == {0: 5.0, 1: -7.0}


def test_json_ld_is_json_that_can_be_used_without_rdf(tmp_path):
    write(tmp_path)
    data = json.loads((tmp_path / "o.jsonld").read_text())
    areas = [node["seg:area_px"] for node in data["@graph"] if "seg:area_px" in node]
    assert areas == [20, 6, 22, 36]
    assert data["@context"]["@base"] == BASE


def test_another_base(tmp_path):
    graph = write(tmp_path, base="https://lab.example/cells/")
    image = URIRef("https://lab.example/cells/image/cells/first")
    assert (image, RDF.type, SEG.Image) in graph


def test_nothing_is_left_of_what_fails(tmp_path):
    with pytest.raises(SegbenchError, match="objects of second, which is not among"):
        write(tmp_path, images=[IMAGES[0]])
    with pytest.raises(SegbenchError, match="predicted in the description of manual"):
        write(tmp_path, source="manual")
    assert not list(tmp_path.iterdir())


def test_a_file_of_own_terms_is_used(tmp_path):
    (tmp_path / "t.yaml").write_text("classes: {cells/nucleus: obo:CL_0000000}")
    graph = write(tmp_path, terms=tmp_path / "t.yaml")
    assert len(list(graph.subjects(RDF.type, OBO.CL_0000000))) == 4


def test_one_class_is_described_whatever_else(tmp_path):
    objects = frame()
    objects = objects[objects["sample"] == "second"]
    graph = write(tmp_path, objects)
    assert len(list(graph.subjects(RDF.type, SEG.Image))) == len(IMAGES)
    assert len(list(graph.subjects(RDF.type, SEG.ObjectShapedROI))) == len(ONE)
