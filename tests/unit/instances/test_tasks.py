"""The way back of volumes, overlapping masks and whole images; the real brain tumours."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from segbench.archives import Archive, ArchiveWriter
from segbench.config.dataset import Dataset
from segbench.config.model import Decision, Instances, Model
from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.instances import decode, make_targets, map_names, segment

THREE = {"classes": ["WT", "TC", "ET"], "class_values": [1, 2, 3]}


def write(path, attributes, arrays, records=None):
    with ArchiveWriter(path, attributes) as writer:
        for sample, content in arrays.items():
            writer.add(sample, content, (records or {}).get(sample, {"source": sample}))
    return path


def write_maps(path, maps, task, axes, records=None, target="classes", **classes):
    names = map_names(target, classes["classes"], task)
    attributes = {"axes": axes, "task": task, "maps": names, "target": target, **classes}
    arrays = {name: {"probability": array.astype(np.float16)} for name, array in maps.items()}
    return write(path, attributes, arrays, records)


def write_truth(path, labels, task, axes, **classes):
    attributes = {"stage": "truth", "axes": axes, "task": task, **classes}
    return write(path, attributes, {name: {"label": label} for name, label in labels.items()})


def result(tmp_path, probability, truth, recipe=None):
    segment(probability, [truth], recipe or Model(), tmp_path / "s.zarr.zip")
    return Archive(tmp_path / "s.zarr.zip")


# ---- decoding


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5)])
def test_overlapping_masks_by_threshold(shape):
    maps = np.random.default_rng(0).random((*shape, 3)).astype(np.float32)
    found = decode(
        maps, "classes", THREE["classes"], [1, 2, 3], Instances(threshold=0.3), "overlapping"
    )
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, maps > 0.3)


def test_the_threshold_itself_is_outside():
    maps = np.full((1, 1, 1), 0.5, np.float32)
    assert decode(maps, "classes", ["a"], [1], Instances(), "overlapping").tolist() == [[[0]]]


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5)])
def test_targets_of_overlapping_masks_are_undone(shape):
    masks = np.random.default_rng(0).integers(0, 2, (*shape, 3)).astype(np.uint8)
    maps = make_targets(masks, "classes", [1, 2, 3], task="overlapping").astype(np.float32)
    found = decode(maps, "classes", THREE["classes"], [1, 2, 3], Instances(), "overlapping")
    np.testing.assert_array_equal(found, masks)


def test_exclusive_classes_of_a_volume():
    label = np.random.default_rng(0).choice(np.uint8([0, 4, 9]), (3, 4, 5))
    maps = make_targets(label, "classes", [4, 9]).astype(np.float32)
    found = decode(maps, "classes", ["a", "b"], [4, 9], Instances())
    np.testing.assert_array_equal(found, label)


@pytest.mark.parametrize("method", ["components", "watershed"])
def test_objects_are_not_numbered_there(method):
    recipe = Instances(method=method)
    with pytest.raises(SegbenchError, match="3 overlapping classes"):
        decode(np.zeros((4, 5, 3)), "classes", THREE["classes"], [1, 2, 3], recipe, "overlapping")
    with pytest.raises(SegbenchError, match="on volumes"):
        decode(np.zeros((2, 4, 5, 1)), "classes", ["a"], [1], recipe)


# ---- the stage


def test_a_volume_of_exclusive_classes_in_a_crop(tmp_path):
    classes = {"classes": ["a", "b"], "class_values": [4, 9]}
    label = np.random.default_rng(0).choice(np.uint8([0, 4, 9]), (6, 7, 8))
    crop = [[1, 5], [2, 7], [0, 3]]
    outside = np.ones(label.shape, bool)
    outside[1:5, 2:7, 0:3] = False
    label[outside] = 0
    maps = make_targets(label[1:5, 2:7, 0:3], "classes", [4, 9])
    records = {"x": {"source": "x", "original_size": [6, 7, 8], "crop": crop}}
    probability = write_maps(
        tmp_path / "p.zip", {"x": maps}, "semantic", "zyxk", records, **classes
    )
    truth = write_truth(tmp_path / "t.zip", {"x": label}, "semantic", "zyx", **classes)
    with result(tmp_path, probability, truth) as found:
        assert found.attributes["axes"] == "zyx"
        np.testing.assert_array_equal(found.read("x", "label"), label)


def test_overlapping_masks_of_images_at_another_size(tmp_path):
    masks = np.zeros((8, 12, 3), np.uint8)
    masks[2:6, 2:10, 0] = masks[2:6, 4:8, 1] = masks[0:2, :, 2] = 1
    maps = masks[::2, ::2].astype(np.float32)
    records = {"x": {"source": "x", "original_size": [8, 12]}}
    probability = write_maps(
        tmp_path / "p.zip", {"x": maps}, "overlapping", "yxk", records, **THREE
    )
    truth = write_truth(tmp_path / "t.zip", {"x": masks}, "overlapping", "yxk", **THREE)
    with result(tmp_path, probability, truth) as found:
        assert found.attributes["axes"] == "yxk"
        assert found.attributes["task"] == "overlapping"
        assert found.read("x", "label").dtype == np.uint8
        np.testing.assert_array_equal(found.read("x", "label"), masks)


def test_whole_images_are_decided(tmp_path):
    probabilities = {
        "x": np.array([0.7, 0.2, 0.1]),
        "y": np.array([0.5, 0.0, 0.5]),
        "z": np.array([0.2, 0.5, 0.3]),
    }
    records = {name: {"source": name, "original_size": [300, 400]} for name in probabilities}
    probability = write_maps(
        tmp_path / "p.zip", probabilities, "classification", "k", records, **THREE
    )
    truth = write_truth(
        tmp_path / "t.zip", {name: np.uint8([1]) for name in "xyz"}, "classification", "s", **THREE
    )
    recipe = Model(decision=Decision(favour=("ET",), threshold=0.3))
    with result(tmp_path, probability, truth, recipe) as found:
        assert found.attributes["axes"] == "s"
        assert found.attributes["decision"] == {"favour": ["ET"], "threshold": 0.3}
        assert "instances" not in found.attributes
        assert [found.read(name, "label").tolist() for name in "xyz"] == [[1], [3], [3]]
        stored = found.read("z", "probability")
        assert stored.dtype == np.float32
        np.testing.assert_allclose(stored, [0.2, 0.5, 0.3], atol=1e-3)


def test_the_background_that_is_scored_is_passed_on(tmp_path):
    classes = {"classes": ["a"], "class_values": [1], "background": "rest"}
    label = np.zeros((4, 4), np.uint8)
    maps = {"x": np.zeros((4, 4, 1))}
    probability = write_maps(tmp_path / "p.zip", maps, "semantic", "yxk", **classes)
    truth = write_truth(tmp_path / "t.zip", {"x": label}, "semantic", "yx", **classes)
    with result(tmp_path, probability, truth) as found:
        assert found.attributes["background"] == "rest"


def refused(tmp_path, maps, label, match, recipe=None, **record):
    records = {"x": {"source": "x", "original_size": list(label.shape[:3]), **record}}
    probability = write_maps(
        tmp_path / "p.zip", {"x": maps}, "overlapping", "zyxk", records, **THREE
    )
    truth = write_truth(tmp_path / "t.zip", {"x": label}, "overlapping", "zyxk", **THREE)
    with pytest.raises(SegbenchError, match=match):
        segment(probability, [truth], recipe or Model(), tmp_path / "s.zip")
    assert not (tmp_path / "s.zip").exists()


def test_a_crop_that_does_not_fit(tmp_path):
    label, maps = np.zeros((4, 5, 6, 3), np.uint8), np.zeros((4, 5, 6, 3))
    refused(tmp_path, maps, label, "crop", crop=[[0, 4], [0, 5], [0, 7]])


def test_a_volume_of_another_size(tmp_path):
    label, maps = np.zeros((4, 5, 6, 3), np.uint8), np.zeros((4, 5, 6, 3))
    refused(
        tmp_path, maps, label, "was 6 x 5 x 4 px, its truth is 4 x 5 x 6", original_size=[6, 5, 4]
    )


def test_objects_of_a_volume(tmp_path):
    label, maps = np.zeros((4, 5, 6, 3), np.uint8), np.zeros((4, 5, 6, 3))
    refused(tmp_path, maps, label, "overlapping", Model(instances=Instances(method="components")))


def test_memory_of_a_full_case(tmp_path):
    """240 x 240 x 155 voxels, three regions; a job has 2.5 GiB."""
    label = np.zeros((155, 240, 240, 3), np.uint8)
    label[40:100, 60:140, 80:150] = 1
    maps = label[10:145, 30:210, 50:190]
    crop = [[10, 145], [30, 210], [50, 190]]
    records = {"x": {"source": "x", "original_size": [155, 240, 240], "crop": crop}}
    probability = write_maps(
        tmp_path / "p.zip", {"x": maps}, "overlapping", "zyxk", records, **THREE
    )
    truth = write_truth(tmp_path / "t.zip", {"x": label}, "overlapping", "zyxk", **THREE)
    tracemalloc.start()
    segment(probability, [truth], Model(), tmp_path / "s.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 2**20
    with Archive(tmp_path / "s.zip") as found:
        np.testing.assert_array_equal(found.read("x", "label"), label)


# ---- real files


@pytest.mark.parametrize("spacing", [None, (1.0, 1.0, 1.0), (2.0, 2.0, 2.0)])
def test_the_real_brain_tumours_there_and_back(publisher_data, tmp_path, spacing):
    """Truth, preprocessing and segmentation of perfect maps, by the project's own config."""
    from pathlib import Path

    import yaml

    from segbench.datasets import reader_of
    from segbench.datasets.index import index_shard, merge_samples
    from segbench.datasets.inventory import write_shards
    from segbench.imaging.stages import preprocess_shard, write_truth

    config = Path(__file__).resolve().parents[3] / "config"
    dataset = Dataset.model_validate(yaml.safe_load((config / "datasets/brats.yaml").read_text()))
    known = yaml.safe_load((config / "preprocessing/brats-native.yaml").read_text())
    recipe = Preprocessing.model_validate({**known, "spacing_mm": spacing})
    raw = publisher_data / "brats" / "Task01_BrainTumour_crops"
    inventory, samples = tmp_path / "shard.tsv", tmp_path / "samples.tsv"
    write_shards(reader_of(dataset), raw, {0: inventory}, 1, tmp_path / "cache")
    index_shard(dataset, raw, inventory, 0, tmp_path / "rows.tsv")
    merge_samples([tmp_path / "rows.tsv"], samples)
    truth, prep = tmp_path / "truth.zarr.zip", tmp_path / "prep.zarr.zip"
    write_truth(dataset, raw, samples, inventory, truth)
    preprocess_shard(dataset, recipe, raw, inventory, samples, prep)
    with Archive(prep) as prepared:
        attributes = prepared.attributes
        maps = {
            name: make_targets(
                prepared.read(name, "label"), "classes", [1, 2, 3], task="overlapping"
            )
            for name in prepared.ids
        }
        records = {name: prepared.record(name) for name in prepared.ids}
        for name in prepared.ids:
            image = prepared.read(name, "image").astype(np.float64)
            assert image.shape[-1] == 4
            for channel in range(4):
                brain = image[..., channel][image[..., channel] != 0]
                assert abs(brain.mean()) < 2e-3
                assert brain.std() == pytest.approx(1, abs=2e-3)
    classes = {key: attributes[key] for key in ("classes", "class_values")}
    assert classes["classes"] == ["WT", "TC", "ET"]
    probability = write_maps(tmp_path / "p.zip", maps, "overlapping", "zyxk", records, **classes)
    voxels = {"BRATS_009": [194316, 73862, 42219], "BRATS_119": [88467, 23495, 5979]}
    with result(tmp_path, probability, truth) as found, Archive(truth) as wanted:
        assert found.ids == ["BRATS_009", "BRATS_119"]
        for name in found.ids:
            label, expected = found.read(name, "label"), wanted.read(name, "label")
            assert expected.sum(axis=(0, 1, 2)).tolist() == voxels[name]
            assert found.record(name)["spacing_mm"] == [1.0, 1.0, 1.0]
            assert found.record(name)["affine"][3] == [0.0, 0.0, 0.0, 1.0]
            assert label.shape == expected.shape
            if spacing in (None, (1.0, 1.0, 1.0)):
                np.testing.assert_array_equal(label, expected)
                continue
            for region, least in enumerate((0.93, 0.9, 0.8)):
                one, other = label[..., region], expected[..., region]
                assert 2 * (one & other).sum() / (int(one.sum()) + int(other.sum())) > least
