from __future__ import annotations

import numpy as np
import pytest

from segbench.archives import Archive, ArchiveWriter
from segbench.config.model import Instances, Model
from segbench.errors import SegbenchError
from segbench.instances import make_targets, map_names, segment

NUCLEI = {"task": "instances", "classes": ["nucleus"], "class_values": [1]}
SPLIT = Model(target="foreground_boundary", instances=Instances(method="watershed"))


def two_nuclei(height, width):
    """Two nuclei side by side, each a third of the image wide."""
    label = np.zeros((height, width), np.uint16)
    third = width // 3
    label[height // 4 : -height // 4, third // 2 : third // 2 + third] = 1
    label[height // 4 : -height // 4, third // 2 + third : third // 2 + 2 * third] = 2
    return label


def write_truth(path, labels, **attributes):
    with ArchiveWriter(path, {"stage": "truth", "axes": "yx", **NUCLEI, **attributes}) as writer:
        for sample, label in labels.items():
            record = {
                "source": sample,
                "group": f"g-{sample}",
                "split": "train",
                "spacing_mm": None,
            }
            writer.add(sample, {"label": label}, record)
    return path


def write_maps(path, maps, target="foreground_boundary", sizes=None, **attributes):
    written = {"stage": "predict", **NUCLEI, "target": target, **attributes}
    written.setdefault("maps", map_names(target, written["classes"]))
    with ArchiveWriter(path, written) as writer:
        for sample, array in maps.items():
            record = {"source": sample, "split": "train"}
            if sizes:
                record["original_size"] = sizes[sample]
            writer.add(sample, {"probability": array.astype(np.float16)}, record)
    return path


@pytest.fixture
def labels():
    return {"a": two_nuclei(48, 60), "b": two_nuclei(64, 64)}


def test_objects_at_the_original_size(tmp_path, labels):
    maps = {s: make_targets(label, SPLIT.target, [1], 2) for s, label in labels.items()}
    probability = write_maps(tmp_path / "p.zarr.zip", maps)
    shards = [
        write_truth(tmp_path / "t1.zarr.zip", {"b": labels["b"], "c": labels["a"]}),
        write_truth(tmp_path / "t0.zarr.zip", {"a": labels["a"]}),
    ]
    segment(probability, shards, SPLIT, tmp_path / "s.zarr.zip")
    with Archive(tmp_path / "s.zarr.zip") as result:
        assert result.ids == ["a", "b"]
        for sample in result.ids:
            found = result.read(sample, "label")
            assert found.dtype == np.uint16
            np.testing.assert_array_equal(found, labels[sample])
        assert result.record("b") == {
            "source": "b",
            "group": "g-b",
            "split": "train",
            "spacing_mm": None,
        }
        assert result.attributes["stage"] == "segment"
        assert result.attributes["task"] == "instances"
        assert result.attributes["classes"] == ["nucleus"]
        assert result.attributes["class_values"] == [1]
        assert result.attributes["instances"]["method"] == "watershed"


@pytest.mark.parametrize("grid", [(24, 30), (96, 120), (32, 20)])
def test_maps_of_another_grid_are_brought_back(tmp_path, labels, grid):
    """Half, twice and a distorted size: outlines within a pixel of the grid."""
    from segbench.imaging.resampling import resize_label

    small = resize_label(labels["a"], grid)
    maps = {"a": make_targets(small, SPLIT.target, [1], 1)}
    probability = write_maps(tmp_path / "p.zarr.zip", maps, sizes={"a": [48, 60]})
    truth = write_truth(tmp_path / "t.zarr.zip", labels)
    segment(probability, [truth], SPLIT, tmp_path / "s.zarr.zip")
    with Archive(tmp_path / "s.zarr.zip") as result:
        found = result.read("a", "label")
    assert found.shape == (48, 60)
    assert found.max() == 2
    for number in (1, 2):
        own = labels["a"] == number
        other = found == np.bincount(found[own]).argmax()
        assert (own & other).sum() / (own | other).sum() > 0.8


def test_a_label_map_of_classes(tmp_path):
    classes = {"task": "semantic", "classes": ["hat", "shoe"], "class_values": [4, 9]}
    label = np.random.default_rng(0).choice(np.uint8([0, 4, 9]), (10, 12))
    maps = {"x": make_targets(label, "classes", [4, 9])}
    probability = write_maps(tmp_path / "p.zarr.zip", maps, target="classes", **classes)
    truth = write_truth(tmp_path / "t.zarr.zip", {"x": label}, **classes)
    segment(probability, [truth], Model(), tmp_path / "s.zarr.zip")
    with Archive(tmp_path / "s.zarr.zip") as result:
        found = result.read("x", "label")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, label)


def test_equal_bytes(tmp_path, labels):
    maps = {s: make_targets(label, SPLIT.target, [1], 2) for s, label in labels.items()}
    probability = write_maps(tmp_path / "p.zarr.zip", maps)
    truth = write_truth(tmp_path / "t.zarr.zip", labels)
    for name in ("1.zarr.zip", "2.zarr.zip"):
        segment(str(probability), [str(truth)], SPLIT, str(tmp_path / name))
    assert (tmp_path / "1.zarr.zip").read_bytes() == (tmp_path / "2.zarr.zip").read_bytes()


def refused(tmp_path, probability, truth, recipe, match):
    with pytest.raises(SegbenchError, match=match):
        segment(probability, [truth], recipe, tmp_path / "s.zarr.zip")
    assert not (tmp_path / "s.zarr.zip").exists()


def test_no_truth(tmp_path, labels):
    maps = {"z": make_targets(labels["a"], SPLIT.target, [1], 2)}
    probability = write_maps(tmp_path / "p.zarr.zip", maps)
    truth = write_truth(tmp_path / "t.zarr.zip", labels)
    refused(tmp_path, probability, truth, SPLIT, "'z' has no truth")


def test_another_original_size(tmp_path, labels):
    maps = {"a": make_targets(labels["a"], SPLIT.target, [1], 2)}
    probability = write_maps(tmp_path / "p.zarr.zip", maps, sizes={"a": [60, 48]})
    truth = write_truth(tmp_path / "t.zarr.zip", labels)
    refused(tmp_path, probability, truth, SPLIT, "60 x 48 px, its truth is 48 x 60")


def test_maps_of_another_recipe(tmp_path, labels):
    maps = {"a": make_targets(labels["a"], SPLIT.target, [1], 2)}
    probability = write_maps(tmp_path / "p.zarr.zip", maps)
    truth = write_truth(tmp_path / "t.zarr.zip", labels)
    recipe = Model(target="foreground_distance")
    refused(tmp_path, probability, truth, recipe, "holds the maps foreground, boundary")


def test_not_an_archive(tmp_path, labels):
    truth = write_truth(tmp_path / "t.zarr.zip", labels)
    broken = tmp_path / "p.zarr.zip"
    broken.write_bytes(b"not a zip")
    refused(tmp_path, broken, truth, SPLIT, "not a readable sample archive")


def test_the_ceiling_on_the_real_nuclei(publisher_data):
    """Perfect maps of real masks: the watershed recovers the nuclei, components merge them."""
    from segbench.datasets.dsb2018 import Dsb2018
    from segbench.instances import decode
    from segbench.metrics.dsb_map import average_precision, hits, relabel

    source, root = Dsb2018(), publisher_data / "dsb2018"
    ceilings = {"components": [], "watershed": []}
    for raw in list(source.scan(root))[:25]:
        truth, _ = relabel(source.read_label(root, raw))
        maps = make_targets(truth, "foreground_boundary", [1], 2).astype(np.float32)
        for method, values in ceilings.items():
            recipe = Instances(method=method)
            found, _ = relabel(decode(maps, "foreground_boundary", ["nucleus"], [1], recipe))
            counts, true_objects, found_objects = hits(truth, found)
            values.append(
                np.mean([average_precision(int(n), true_objects, found_objects) for n in counts])
            )
    assert np.mean(ceilings["watershed"]) > 0.96
    assert np.mean(ceilings["watershed"]) > np.mean(ceilings["components"]) + 0.1
