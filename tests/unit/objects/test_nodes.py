"""The statements themselves, before they are written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segbench.objects import ImageInfo, measure
from segbench.objects.columns import columns
from segbench.objects.nodes import UNIT_OF, head, image, image_iri, objects, run_iri
from segbench.objects.terms import Terms
from unit.objects.made import ORIGIN, frame

TERMS = Terms({"nucleus": "obo:GO_0005634"}, {"cells": "obo:CL_0000000"})


def of(sample, found=None, channels=1):
    """Region and analysis of each object of an image."""
    found = frame() if found is None else found
    return list(objects(found[found["sample"] == sample], columns(2, channels), ORIGIN, TERMS))


def test_names_are_parts_of_iris():
    origin = replace(ORIGIN, dataset="my cells", run="my cells/run é")
    assert image_iri(origin, "a/b") == "image/my%20cells/a%2Fb"
    assert run_iri(origin) == "run/my%20cells/run%20%C3%A9"


def test_a_prediction_names_software_and_networks():
    dataset, activity = head(ORIGIN, "predicted")
    assert dataset["@id"] == "dataset/cells"
    assert dataset["dcterms:rights"] == "CC0 1.0"
    assert activity["@type"] == ["prov:Activity", "seg:Prediction"]
    assert activity["seg:sha256"] == "a" * 64
    used = activity["prov:used"]
    assert [node["@id"] for node in used] == ["dataset/cells", f"model/{'b' * 64}"]
    assert used[1]["rdfs:label"] == "fold-0/model.keras"
    assert activity["prov:wasAssociatedWith"]["@type"] == "prov:SoftwareAgent"


def test_an_annotation_names_neither():
    _, activity = head(replace(ORIGIN, digest=""), "manual")
    assert activity["@type"] == ["prov:Activity", "seg:Annotation"]
    assert activity["prov:used"] == [{"@id": "dataset/cells"}]
    assert not {"seg:sha256", "prov:wasAssociatedWith"} & set(activity)


def test_an_image_and_its_merged_image():
    info = ImageInfo("v", (2, 30, 40), (3.0, 0.5, 0.25), "case 1")
    found, merged = image(info, ORIGIN, TERMS)
    assert [found[f"ome:Size{axis}"] for axis in "ZYX"] == [2, 30, 40]
    assert [found[f"seg:pixel_size_{axis}_mm"] for axis in "zyx"] == [3.0, 0.5, 0.25]
    assert found["seg:group"] == "case 1"
    assert found["seg:biologicalEntity"] == {"@id": "obo:CL_0000000"}
    assert found["dcterms:isPartOf"][1] == {"@id": merged["@id"]}
    assert merged["prov:wasDerivedFrom"] == {"@id": found["@id"]}


def test_what_is_not_known_of_an_image_is_not_said():
    found, _ = image(ImageInfo("p", (30, 40)), ORIGIN, Terms({}, {}))
    assert set(found) == {
        "@id", "@type", "dcterms:identifier", "dcterms:isPartOf", "ome:SizeY", "ome:SizeX"
    }  # fmt: skip


def test_a_region_follows_its_outline():
    (region, analysis), *others = of("first")
    assert len(others) == 2
    assert region["@id"] == "run/cells/run-1/first/nucleus/1"
    assert region["seg:shape"] == {
        "@id": f"{region['@id']}#shape", "@type": "ome:Polygon",
        "ome:Points": "10,3 15,3 15,7 10,7",
    }  # fmt: skip
    assert region["seg:models"]["@type"] == "obo:GO_0005634"
    assert analysis["seg:area_px"] == 20
    assert analysis["seg:bbox_x0_px"] == 10
    assert analysis["seg:touches_border"] is False
    assert analysis["seg:intensity_min"] == 3 * 40 + 10


def test_a_region_with_a_hole_is_a_box_with_a_mask():
    *_, (ring, _) = of("first")
    shape = ring["seg:shape"]
    assert shape["@type"] == "ome:Mask"
    assert [shape[f"ome:{name}"] for name in ("X", "Y", "Width", "Height")] == [20, 12, 6, 5]


@pytest.mark.parametrize(
    ("blank", "value", "unit"), [(False, 20.0, "unit:MicroM2"), (True, 20.0, "seg:PIXEL2")]
)
def test_sizes_are_physical_where_they_are_known(blank, value, unit):
    found = frame()
    if blank:
        found["area_um2"] = np.nan
    (_, analysis), *_ = of("first", found)
    area = analysis["seg:yields"]["seg:area"]
    assert area["qudt:numericValue"] == pytest.approx(value)
    assert area["qudt:hasUnit"] == {"@id": unit}


def test_channels_are_nodes_of_their_own():
    label = np.ones((2, 2), np.uint8)
    picture = np.stack([np.full((2, 2), value, np.int16) for value in range(5)], axis=-1)
    found = measure(label, picture, {"nucleus": 1}, "semantic", None, "s", dataset="cells")
    ((_, analysis),) = of("s", found, channels=5)
    channels = analysis["seg:ofChannel"]
    assert [node["seg:intensity_mean"] for node in channels] == [0, 1, 2, 3, 4]
    assert channels[3]["@id"].endswith("nucleus/1#channel-3")


def test_units_of_columns():
    assert UNIT_OF["area_um2"] == "unit:MicroM2"
    assert UNIT_OF["volume_vx"] == "seg:VOXEL"
    assert UNIT_OF["circularity"] == "unit:UNITLESS"
    assert "touches_border" not in UNIT_OF
