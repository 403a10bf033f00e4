"""The manual masks of the kidney's seven test images."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from rdflib import Graph
from scipy import ndimage

from segbench.config.dataset import Dataset
from segbench.datasets import reader_of
from segbench.objects import ImageInfo, Origin, join, measure, validate, write_objects, write_rdf

#: One nucleus each; its pixels, counted in the mask files.
AREAS = {
    "NepKid_12-000": 244463,
    "NepKid_13-000": 107646,
    "NepKid_14-000": 306262,
    "NepKid_15-000": 299589,
    "WideEM_x1024-R0090-000": 24407,
    "WideEM_x1024-R0574-000": 149200,
    "WideEM_x1024-R0641-000": 76673,
}


@pytest.fixture(scope="module")
def kidney(publisher_data):
    root = publisher_data / "kidney_em"
    dataset = Dataset(
        title="-", format="kidney_nuclei", task="semantic", licence="-", citation="-",
        classes=[{"name": "nucleus", "value": 1}], protocols={},
    )  # fmt: skip
    reader = reader_of(dataset)
    frames, images = [], []
    for raw in reader.scan(root):
        if raw.split == "test":
            label = reader.read_label(root, raw)
            frames.append(
                measure(
                    label,
                    reader.read_image(root, raw),
                    {"nucleus": 1},
                    "semantic",
                    None,
                    raw.sample,
                    dataset="kidney_nuclei",
                    source="manual",
                )
            )
            images.append(ImageInfo(raw.sample, label.shape, None, raw.group))
    return root, join(frames), images


def test_counts_and_areas_are_those_of_the_files(kidney):
    root, found, images = kidney
    assert len(images) == 7
    for info in images:
        (path,) = root.glob(f"02_ImageDataset/**/4_Test_GT/**/{info.sample}.*")
        mask = np.asarray(Image.open(path)) > 0
        pieces, count = ndimage.label(mask)
        here = found[found["sample"] == info.sample]
        assert len(here) == count
        sizes = ndimage.sum_labels(mask, pieces, range(1, count + 1))
        assert sorted(here["area_px"]) == sorted(sizes)
        assert here["area_px"].sum() == mask.sum()
        edge = set(np.r_[pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]]) - {0}
        assert here["touches_border"].sum() == len(edge)


def test_one_nucleus_each_two_of_them_cut_by_the_edge(kidney):
    _, found, _ = kidney
    assert dict(zip(found["sample"], found["area_px"], strict=True)) == AREAS
    cut = found[found["touches_border"]]["sample"]
    assert sorted(cut) == ["WideEM_x1024-R0574-000", "WideEM_x1024-R0641-000"]
    assert found["circularity"].between(0.8, 1).all()
    assert found["solidity"].between(0.94, 1).all()
    assert set(found["shape"]) == {"Polygon"}


def test_they_are_described_as_manual_regions(kidney, tmp_path):
    _, found, images = kidney
    write_objects(found, tmp_path / "o.parquet")
    origin = Origin("kidney_nuclei", "Kidney", "none stated", "Kume 2019", "kidney_nuclei/manual")
    write_rdf(found, images, origin, tmp_path / "o.ttl", tmp_path / "o.jsonld", source="manual")
    assert validate(tmp_path / "o.ttl").rois == len(found)
    nuclei = Graph().parse(tmp_path / "o.ttl").query(
        "PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX obo: <http://purl.obolibrary.org/obo/> "
        "SELECT ?roi WHERE { ?roi foaf:depicts/a obo:GO_0005634 }"
    )  # fmt: skip
    assert len(nuclei) == len(found)
