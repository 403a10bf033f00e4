"""Descriptions are checked against the shapes; what is wrong is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.objects import check, measure, shacl, validate, write_rdf, write_report
from segbench.objects.nodes import ImageInfo
from unit.objects.made import IMAGES, ORIGIN, frame

ROI = "run/cells/run-1/first/nucleus/1"


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rdf")
    write_rdf(frame(), IMAGES, ORIGIN, folder / "o.ttl", folder / "o.jsonld")
    return (folder / "o.ttl").read_text()


def test_what_is_written_conforms(described, tmp_path):
    (tmp_path / "o.ttl").write_text(described)
    report = validate(tmp_path / "o.ttl")
    assert report.conforms
    assert report.rois == 4
    write_report(report, tmp_path / "report.txt")
    assert (tmp_path / "report.txt").read_text().startswith("conforms: yes\nstatements: ")


def test_manual_objects_conform(tmp_path):
    origin = replace(ORIGIN, models={}, digest="")
    write_rdf(
        frame("manual"), IMAGES, origin, tmp_path / "o.ttl", tmp_path / "o.jsonld",
        source="manual",
    )  # fmt: skip
    assert validate(tmp_path / "o.ttl").rois == 4


def test_volumes_conform(tmp_path):
    image = np.zeros((2, 3, 4, 2))
    objects = measure(np.ones((2, 3, 4), np.uint8), image, {"WT": 1}, "semantic", None, "case")
    infos = [ImageInfo("case", (2, 3, 4))]
    write_rdf(objects, infos, ORIGIN, tmp_path / "o.ttl", tmp_path / "o.jsonld")
    assert validate(tmp_path / "o.ttl").rois == 1


BAD = {
    "no licence": ('  dcterms:rights "CC0 1.0" ;\n', "", "dataset/cells: rights: MinCount"),
    "no network": (" , <model/" + "b" * 64 + ">", "", "run-1: used: QualifiedMinCount"),
    "a digest that is none": ("a" * 64, "abc", "run-1: sha256: Pattern"),
    "an image that is no part": (
        "dcterms:isPartOf <dataset/cells> , <run/cells/run-1/first> ;\n  ome",
        "dcterms:isPartOf <dataset/cells> ;\n  ome",
        "image/cells/first: isPartOf: QualifiedMinCount",
    ),
    "a ROI of no image": (
        "dcterms:isPartOf <image/cells/first> , <run/cells/run-1/first> ;\n  prov",
        "dcterms:isPartOf <run/cells/run-1/first> ;\n  prov",
        f"{ROI}: isPartOf: QualifiedMinCount",
    ),
    "an impossible circularity": (
        "seg:circularity 0.",
        "seg:circularity 7.",
        "nucleus/1#analysis: circularity: MaxInclusive",
    ),
    "a negative area": (
        "seg:area_px 20.0e0",
        "seg:area_px -20.0e0",
        "nucleus/1#analysis: area_px: MinInclusive",
    ),
    "a text for a number": (
        "seg:area_px 20.0e0",
        'seg:area_px "20"',
        "nucleus/1#analysis: area_px: Datatype",
    ),
    "an angle beyond": (
        "seg:orientation_deg 0.0e0",
        "seg:orientation_deg 200.0e0",
        "orientation_deg: MaxInclusive",
    ),
    "a box the wrong way": ("seg:bbox_y0_px 3 ", "seg:bbox_y0_px 9 ", "bbox_y0_px: LessThan"),
    "a shape that is none": (
        f"<{ROI}#shape> a ome:Polygon",
        f"<{ROI}#shape> a ome:Ellipse",
        f"{ROI}: path: In",
    ),
    "points that are none": ("10,3 15,3 15,7 10,7", "10;3", f"{ROI}#shape: Points: Pattern"),
    "an entity without a type": (
        f"<{ROI}#entity> a obo:GO_0005634 .\n",
        "",
        f"{ROI}: path: MinCount",
    ),
    "two analyses": (
        f"seg:analyses <{ROI}> ;",
        f"seg:analyses <{ROI}> , <{ROI[:-1]}2> ;",
        "first/nucleus/1#analysis: analyses: MaxCount",
    ),
    "a size without a unit": (
        " ;\n  qudt:hasUnit unit:MicroM2 .",
        " .",
        "first/nucleus/1#area: hasUnit: MinCount",
    ),
    "both kinds of ROI": (
        f"<{ROI}> a seg:ObjectShapedROI ,",
        f"<{ROI}> a seg:ObjectShapedROI , seg:NonObjectROI ,",
        f"{ROI}: node: Xone",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_named(described, tmp_path, name):
    old, new, words = BAD[name]
    assert old in described, "mend the test"
    (tmp_path / "o.ttl").write_text(described.replace(old, new, 1))
    with pytest.raises(SegbenchError) as caught:
        validate(tmp_path / "o.ttl")
    assert words in str(caught.value), str(caught.value)
    assert "o.ttl: does not conform to shapes.ttl" in caught.value.what


def test_parts_are_checked_apart_and_none_is_left_out(described, tmp_path, monkeypatch):
    (tmp_path / "o.ttl").write_text(described.replace("seg:circularity 0.", "seg:circularity 7."))
    whole = check(tmp_path / "o.ttl")
    for batch in (1, 5):
        monkeypatch.setattr(shacl, "BATCH", batch)
        found = check(tmp_path / "o.ttl")
        assert (found.findings, found.rois) == (whole.findings, 4)
    assert len(whole.findings) >= 3


def test_the_report_lists_what_was_found(described, tmp_path):
    (tmp_path / "o.ttl").write_text(described.replace("10,3 15,3 15,7 10,7", "nothing"))
    write_report(check(tmp_path / "o.ttl"), tmp_path / "r.txt")
    first, *_, last = (tmp_path / "r.txt").read_text().splitlines()
    assert first == "conforms: no"
    assert "Points: Pattern, value 'nothing'" in last


def test_what_is_no_turtle(tmp_path):
    (tmp_path / "o.ttl").write_text("<a> <b .")
    with pytest.raises(SegbenchError, match="is not Turtle"):
        check(tmp_path / "o.ttl")
    with pytest.raises(SegbenchError, match="cannot be read"):
        check(tmp_path / "absent.ttl")
