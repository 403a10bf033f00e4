"""Objects of a run: measured, described, checked, and not computed twice."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from rdflib import RDF, Graph, URIRef

from segbench.archives import Archive
from segbench.objects.columns import columns
from segbench.objects.layers import layers
from segbench.objects.syntax import PREFIXES
from workflow.project import Project

pytestmark = pytest.mark.workflow

RUN = "results/kidney_nuclei/prep-tiny/aug-none/tiny/seed-0/published/fold-0"
SEG = PREFIXES["seg"]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("objects")
    project = Project(folder / "checkout", folder / "store").tiny()
    project.edit("config/models/tiny.yaml", "network:", "description: for objects\nnetwork:")
    project.first = project.snakemake("objects")
    return project


def test_every_object_of_the_segmentation_has_a_row_and_a_region(done):
    table = pq.read_table(done.path(f"{RUN}/objects.parquet"))
    assert table.column_names == [column.name for column in columns(2)]
    expected = []
    with Archive(done.path(f"{RUN}/segmentation.zarr.zip")) as archive:
        classes = dict(
            zip(archive.attributes["classes"], archive.attributes["class_values"], strict=True)
        )
        samples = sorted(archive.ids)
        for sample in samples:
            for layer in layers(archive.read(sample, "label"), classes, "semantic"):
                expected += [f"{sample}/{layer.class_name}/{n}" for n in layer.original]
    assert expected, "a network that finds nothing tests nothing"
    assert sorted(table["roi"].to_pylist()) == sorted(expected)
    graph = Graph().parse(done.path(f"{RUN}/objects.ttl"))
    assert len(set(graph.subjects(RDF.type, URIRef(SEG + "ObjectShapedROI")))) == len(expected)
    assert len(set(graph.subjects(RDF.type, URIRef(SEG + "Image")))) == len(samples) == 2


def test_generated_images_are_called_so_and_the_run_names_its_network(done):
    text = done.path(f"{RUN}/objects.ttl").read_text()
    assert "(generated miniature)" in text
    assert 'rdfs:label "fold-0/model.keras"' in text
    assert "<run/kidney_nuclei/prep-tiny/aug-none/tiny/seed-0/published/fold-0> a prov:Act" in text
    report = done.path(f"{RUN}/objects.shacl.txt").read_text()
    assert report.startswith("conforms: yes\n")


def test_a_second_run_has_nothing_to_do_and_what_is_lost_is_restored_byte_for_byte(done):
    assert "Nothing to be done" in done.snakemake("objects").output
    before = {}
    for name in ("objects.parquet", "objects.ttl", "objects.jsonld"):
        before[name] = done.path(f"{RUN}/{name}").read_bytes()
        done.path(f"{RUN}/{name}").unlink()
    run = done.snakemake("objects")
    assert {"measure", "describe"} <= run.restored
    assert not run.computed
    for name, content in before.items():
        assert done.path(f"{RUN}/{name}").read_bytes() == content


def test_another_term_describes_anew_and_measures_nothing(done):
    done.edit(
        "scripts/segbench/objects/terms.yaml", "obo:GO_0005634            #", "obo:GO_0000228 #"
    )
    run = done.snakemake("objects")
    assert run.computed == {"describe"}
    assert "measure" not in run.jobs
    objects = len(pq.read_table(done.path(f"{RUN}/objects.parquet")))
    assert done.path(f"{RUN}/objects.ttl").read_text().count("a obo:GO_0000228") == objects
