from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from segbench.inference.images import NewImage
from segbench.inference.labels import Labels
from segbench.inference.objects import measure_objects, origin_of, write_classes
from segbench.objects.table import read_objects

IMAGE = np.full((8, 10, 1), 90, np.uint8)


def squares(dtype: type) -> np.ndarray:
    label = np.zeros((8, 10), dtype)
    label[1:3, 1:4] = 1
    label[5:7, 6:9] = 2
    return label


def test_numbered_objects_are_measured_one_by_one(tmp_path: Path):
    labels = Labels("instances", {"nucleus": 1})
    count = measure_objects(IMAGE, squares(np.uint16), labels, None, tmp_path / "o.parquet")
    found = read_objects(tmp_path / "o.parquet")
    assert count == len(found) == 2
    assert found["class"].tolist() == ["nucleus", "nucleus"]
    assert found["area_px"].tolist() == [6, 6]


def test_components_of_each_class_are_measured(tmp_path: Path):
    labels = Labels("semantic", {"a": 1, "b": 2})
    label = squares(np.uint8)
    label[6:8, 0:2] = 1
    assert measure_objects(IMAGE, label, labels, (0.5, 0.5), tmp_path / "o.parquet") == 3
    found = read_objects(tmp_path / "o.parquet")
    assert sorted(found["class"]) == ["a", "a", "b"]
    assert sorted(found["area_px"]) == [4, 6, 6]


def test_whole_images_have_no_objects(tmp_path: Path):
    labels = Labels("classification", {"a": 1, "b": 2})
    label = np.array([2], np.uint8)
    assert measure_objects(IMAGE, label, labels, None, tmp_path / "o.parquet") is None
    assert len(read_objects(tmp_path / "o.parquet")) == 0


def test_classes_and_probabilities_are_written_in_columns(tmp_path: Path):
    images = [NewImage(name, "0" * 64, name[:-4]) for name in ("b.png", "a.png")]
    facts = {
        "a.png": {"class": "colon", "probability": {"colon": 0.75, "liver": 0.25}},
        "b.png": {"class": "liver", "probability": {"colon": 0.12344, "liver": 0.87656}},
    }
    write_classes(facts, images, tmp_path / "c.tsv")
    assert (tmp_path / "c.tsv").read_text() == (
        "image\tclass\tp_colon\tp_liver\n"
        "b.png\tliver\t0.1234\t0.8766\n"
        "a.png\tcolon\t0.7500\t0.2500\n"
    )


def test_the_origin_names_folder_networks_and_results(tmp_path: Path):
    results = tmp_path / "mine"
    results.mkdir()
    (results / "1.png").write_bytes(b"mask")
    (results / "2.zarr").mkdir()
    (results / "2.zarr/zarr.json").write_bytes(b"{}")
    network = {"path": "model.keras", "sha256": "f" * 64}
    origin = origin_of(
        results, [results / "2.zarr", results / "1.png"], Path("new images"), [network]
    )
    assert (origin.dataset, origin.title, origin.run) == (
        "mine", "New images: new images", "applied/mine"
    )  # fmt: skip
    assert origin.models == {"model.keras": "f" * 64}
    parts = [["1.png", hashlib.sha256(b"mask").hexdigest()]]
    parts += [["2.zarr/zarr.json", hashlib.sha256(b"{}").hexdigest()]]
    assert origin.digest == hashlib.sha256(json.dumps(parts).encode()).hexdigest()
