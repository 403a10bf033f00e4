"""The vocabularies that the metadata use, and where ours begins."""

from __future__ import annotations

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
