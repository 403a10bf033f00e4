"""The stages with volumes, stacks, masks and whole images; and a full-size case."""

from __future__ import annotations

import sys
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from segbench.archives import Archive
from segbench.artefacts.samples import Sample, write_samples
from segbench.config.dataset import Background, Class, Dataset
from segbench.config.model import Instances, Model
from segbench.config.preprocessing import Preprocessing, Size
from segbench.datasets.base import RawSample, Reader
from segbench.errors import SegbenchError
from segbench.imaging.stages import preprocess_shard, write_truth

BRATS = Preprocessing(
    channels="all", crop="nonzero", normalise="zscore", normalise_within="nonzero", dtype="float16"
)


class Arrays(Reader):
    """Samples from memory: name -> (image, label[, stack, position])."""

    def __init__(self, samples):
        self.samples, self.read = samples, []

    def scan(self, root):
        for name, (_, _, *place) in sorted(self.samples.items()):
            stack, position = place or ("", 0)
            yield RawSample(
                name, (f"{name}.img",), (f"{name}.lab",), stack=stack, position=position
            )

    def read_image(self, root, raw):
        self.read.append(raw.sample)
        return self.samples[raw.sample][0]

    def read_label(self, root, raw):
        return self.samples[raw.sample][1]


class Shard:
    def __init__(self, folder, monkeypatch, samples, task="semantic", spacing=(1.0, 1.0), **keys):
        self.folder, self.source = folder, Arrays(samples)
        module = SimpleNamespace(READER=SimpleNamespace(of=lambda dataset: self.source))
        monkeypatch.setitem(sys.modules, "segbench.datasets.arrays", module)
        classes = tuple(Class(name=f"c{k}", value=k) for k in (1, 2, 3))
        known = {
            "title": "t", "format": "arrays", "task": task, "licence": "", "citation": "",
            "protocols": {}, "classes": classes, **keys,
        }  # fmt: skip
        self.dataset = Dataset.model_validate(known)
        self.inventory, self.samples = folder / "shard.tsv", folder / "samples.tsv"
        rows = [f"{n}\t{n}.{end}\t1\tx" for n in sorted(samples) for end in ("img", "lab")]
        self.inventory.write_text("\n".join(["sample\tpath\tbytes\tsha256", *rows]) + "\n")
        rows = [Sample(name, f"g-{name}", spacing_mm=spacing) for name in samples]
        write_samples(rows, self.samples)

    def truth(self, threads=1):
        path = self.folder / "truth.zarr.zip"
        write_truth(self.dataset, self.folder, self.samples, self.inventory, path, threads)
        return path

    def prep(self, recipe, threads=1, name="prep.zarr.zip"):
        path = self.folder / name
        preprocess_shard(
            self.dataset, recipe, self.folder, self.inventory, self.samples, path, threads
        )
        return path


@pytest.fixture
def make(tmp_path, monkeypatch):
    return lambda *args, **keys: Shard(tmp_path, monkeypatch, *args, **keys)


def head(seed, shape=(9, 70, 12)):
    rng = np.random.default_rng(seed)
    image = np.zeros((*shape, 2), np.int16)
    image[2:8, 1:68, 3:9] = rng.integers(1, 900, (6, 67, 6, 2))
    label = np.zeros(shape, np.uint8)
    label[3:6, 5:60, 4:8] = rng.integers(0, 4, (3, 55, 4))
    return image, label


# ---- volumes


def test_volumes(make):
    shard = make({"a": head(0), "b": head(1, (9, 72, 12))}, spacing=(3.0, 1.0, 0.5))
    with Archive(shard.truth()) as truth:
        assert truth.attributes["axes"] == "zyx"
        assert truth.record("a") == {
            "source": "a", "split": "train", "spacing_mm": [3.0, 1.0, 0.5],
            "stack": "", "position": 0,
        }  # fmt: skip
        np.testing.assert_array_equal(truth.read("b", "label"), head(1, (9, 72, 12))[1])
    with Archive(shard.prep(BRATS)) as prep:
        assert prep.attributes["axes"] == "zyxc"
        assert prep.attributes["image_scale"] == 1.0
        record = prep.record("a")
        assert record["original_size"] == [9, 70, 12]
        assert record["crop"] == [[2, 8], [1, 68], [3, 9]]
        assert record["classes"] == ["c1", "c2", "c3"]
        assert "spacing_mm" not in record
        assert prep.shape("a", "image") == (6, 67, 6, 2)
        assert prep.read("a", "image").dtype == np.float16
        np.testing.assert_array_equal(prep.read("a", "label"), head(0)[1][2:8, 1:68, 3:9])


def test_a_part_of_a_volume_can_be_read_alone(make):
    shard = make({"a": head(0)})
    with Archive(shard.prep(Preprocessing(channels="all"))) as prep:
        whole = prep.read("a", "image")
        part = prep.read_window("a", "image", (2, 60, 3), (5, 70, 9))
        np.testing.assert_array_equal(part, whole[2:5, 60:70, 3:9])


def test_regions_are_masks_by_name(make):
    regions = {"WT": ("c1", "c2", "c3"), "TC": ("c3", "c2"), "ET": ("c3",)}
    shard = make({"a": head(0)}, regions=regions)
    label = head(0)[1]
    expected = np.stack([label > 0, label > 1, label == 3], axis=-1)
    with Archive(shard.truth()) as truth:
        assert truth.attributes["axes"] == "zyxk"
        assert truth.attributes["task"] == "overlapping"
        assert truth.attributes["classes"] == ["WT", "TC", "ET"]
        assert truth.attributes["class_values"] == [1, 2, 3]
        found = truth.read("a", "label")
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, expected)
    with Archive(shard.prep(BRATS)) as prep:
        assert prep.attributes["axes"] == "zyxc"
        np.testing.assert_array_equal(prep.read("a", "label"), expected[2:8, 1:68, 3:9])
        assert prep.record("a")["classes"] == ["WT", "TC", "ET"]


def test_a_region_of_no_class(make):
    shard = make({"a": head(0)}, regions={"WT": ("c1", "c9")})
    with pytest.raises(SegbenchError, match=r"regions.WT: 'c9' is not a class"):
        shard.truth()


def test_classes_that_are_present(make):
    image, label = head(0)
    shard = make(
        {"a": (image, np.where(label == 2, 2, 0).astype(np.uint8)), "b": (image, label * 0)}
    )
    with Archive(shard.prep(BRATS)) as prep:
        assert prep.record("a")["classes"] == ["c2"]
        assert prep.record("b")["classes"] == []
    shard = make(
        {"a": (image, np.uint8(3) * (label == 3))}, regions={"X": ("c1",), "Y": ("c3", "c1")}
    )
    with Archive(shard.prep(BRATS)) as prep:
        assert prep.record("a")["classes"] == ["Y"]


def test_images_among_volumes(make):
    shard = make({"a": head(0), "b": (head(0)[0][4], head(0)[1][4])})
    for stage in (shard.truth, lambda: shard.prep(Preprocessing(channels="all"))):
        with pytest.raises(SegbenchError, match="'b' is an image, 'a' is a volume"):
            stage()
    assert not list(shard.folder.glob("*.zip"))


def test_threads_do_not_change_the_bytes(make):
    shard = make({f"s{number}": head(number) for number in range(5)})
    one = shard.prep(BRATS).read_bytes()
    assert shard.prep(BRATS, threads=3, name="three.zarr.zip").read_bytes() == one


def test_a_shard_without_samples(make):
    shard = make({})
    for path in (shard.truth(), shard.prep(BRATS)):
        with Archive(path) as archive:
            assert archive.ids == []


def test_the_scored_background_is_named(make):
    for scored, expected in ((True, "air"), (False, None)):
        shard = make({"a": head(0)}, background=Background(name="air", scored=scored))
        with Archive(shard.truth()) as truth, Archive(shard.prep(BRATS)) as prep:
            assert truth.attributes["background"] == expected
            assert prep.attributes["background"] == expected


def test_a_step_that_volumes_do_not_have(make):
    shard = make({"a": head(0)})
    with pytest.raises(SegbenchError, match=r"a\.img: preprocessing recipe: resize"):
        shard.prep(Preprocessing(channels="all", resize=Size(height=4, width=4)))


# ---- masks


def test_overlapping_masks_of_images(make):
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 2, (8, 10, 3)).astype(np.uint8)
    masks[..., 1] = 0
    image = rng.integers(0, 65535, (8, 10, 1)).astype(np.uint16)
    shard = make({"a": (image, masks)}, task="overlapping")
    with Archive(shard.truth()) as truth:
        assert truth.attributes["axes"] == "yxk"
        np.testing.assert_array_equal(truth.read("a", "label"), masks)
    with Archive(shard.prep(Preprocessing(resize=Size(height=4, width=5)))) as prep:
        np.testing.assert_array_equal(prep.read("a", "label"), masks[1::2, 1::2])
        assert prep.record("a")["classes"] == ["c1", "c3"]
        assert prep.record("a")["original_size"] == [8, 10]


@pytest.mark.parametrize(
    ("label", "named"),
    [
        (np.zeros((8, 10), np.uint8), r"uint8 \(8, 10\)"),
        (np.zeros((8, 10, 2), np.uint8), "with 3 classes"),
        (np.full((8, 10, 3), 2, np.uint8), "holds 2"),
        (np.zeros((8, 10, 3), bool), "bool"),
    ],
)
def test_labels_that_are_no_masks(make, label, named):
    shard = make({"a": (np.zeros((8, 10, 1), np.uint8), label)}, task="overlapping")
    with pytest.raises(SegbenchError, match=named):
        shard.truth()


# ---- whole images


def test_whole_images(make):
    rng = np.random.default_rng(0)
    samples = {
        name: (rng.integers(0, 256, (side, 20, 3), dtype=np.uint8), np.array([value], np.uint8))
        for name, side, value in (("a", 12, 3), ("b", 30, 1))
    }
    shard = make(samples, task="classification")
    with Archive(shard.truth()) as truth:
        assert truth.attributes["axes"] == "s"
        assert [truth.read(name, "label").tolist() for name in "ab"] == [[3], [1]]
    recipe = Preprocessing(channels="rgb", resize=Size(height=8, width=8))
    with Archive(shard.prep(recipe)) as prep:
        assert prep.attributes["axes"] == "yxc"
        assert prep.attributes["task"] == "classification"
        for name, side, value in (("a", 12, 3), ("b", 30, 1)):
            assert prep.shape(name, "image") == (8, 8, 3)
            assert prep.read(name, "label").tolist() == [value]
            assert prep.record(name)["original_size"] == [side, 20]
            assert prep.record(name)["classes"] == [f"c{value}"]


@pytest.mark.parametrize(
    ("label", "named"), [(np.uint8([0]), "holds 0"), (np.uint8([1, 2]), r"uint8 \(2,\)")]
)
def test_labels_that_are_no_class(make, label, named):
    shard = make({"a": (np.zeros((8, 10, 1), np.uint8), label)}, task="classification")
    with pytest.raises(SegbenchError, match=named):
        shard.truth()


# ---- stacks


@pytest.fixture
def slices(make):
    def image(value):
        return np.full((4, 4, 1), value, np.uint16)

    label = np.ones((4, 4), np.uint8)
    samples = {
        f"{stack}_{position:02d}": (image(100 * number + position), label, stack, position)
        for number, stack in enumerate("ab")
        for position in (1, 2, 3, 10)
    }
    return make(samples, spacing=(3.0, 1.5, 1.5))


RAW = Preprocessing(normalise="none", dtype="float32")


def test_neighbours_are_channels(slices):
    recipe = RAW.model_copy(update={"neighbours": 1})
    with Archive(slices.prep(recipe)) as prep:
        assert prep.attributes["axes"] == "yxc"
        for name, expected in {
            "a_01": [1, 1, 2], "a_03": [2, 3, 10], "a_10": [3, 10, 10], "b_01": [101, 101, 102],
        }.items():  # fmt: skip
            found = prep.read(name, "image")[0, 0] * 65535
            np.testing.assert_allclose(found, expected, rtol=1e-6)
            assert prep.read(name, "label").tolist() == [[1] * 4] * 4
        assert prep.record("b_10")["stack"] == "b"
        assert prep.record("b_10")["position"] == 10
    assert sorted(slices.source.read) == sorted(slices.source.samples), "each decoded once"


def test_neighbours_in_threads(slices):
    recipe = RAW.model_copy(update={"neighbours": 2})
    one = slices.prep(recipe).read_bytes()
    assert slices.prep(recipe, threads=3, name="three.zarr.zip").read_bytes() == one


def test_slices_alone_are_as_before(slices):
    with Archive(slices.prep(RAW)) as prep:
        assert prep.shape("a_01", "image") == (4, 4, 1)
        assert prep.ids == sorted(prep.ids)


def test_neighbours_of_no_stack(make):
    shard = make({"a": (np.zeros((4, 4, 1), np.uint8), np.zeros((4, 4), np.uint8))})
    with pytest.raises(SegbenchError, match="neighbours: 1, but sample 'a' is no slice"):
        shard.prep(RAW.model_copy(update={"neighbours": 1}))


# ---- there and back


@pytest.mark.parametrize("spacing", [None, (0.5, 1.0, 1.0)])
def test_perfect_maps_give_the_truth(make, tmp_path, spacing):
    from segbench.archives import ArchiveWriter
    from segbench.instances import make_targets, segment

    regions = {"WT": ("c1", "c2", "c3"), "TC": ("c3", "c2"), "ET": ("c3",)}
    shard = make({"a": head(0)}, spacing=(1.0, 1.0, 1.0), regions=regions)
    truth, path = shard.truth(), tmp_path / "probability.zarr.zip"
    recipe = BRATS.model_copy(update={"spacing_mm": spacing})
    with Archive(shard.prep(recipe)) as prep:
        maps = make_targets(prep.read("a", "label"), "classes", [1, 2, 3], task="overlapping")
        attributes = {"axes": "zyxk", "maps": ["WT", "TC", "ET"], "target": "classes"} | {
            key: prep.attributes[key] for key in ("task", "classes", "class_values")
        }
        with ArchiveWriter(path, attributes) as writer:
            writer.add("a", {"probability": maps.astype(np.float16)}, prep.record("a"))
    segment(path, [truth], Model(instances=Instances()), tmp_path / "s.zarr.zip")
    with Archive(tmp_path / "s.zarr.zip") as result, Archive(truth) as wanted:
        assert result.attributes["axes"] == "zyxk"
        assert result.record("a") == wanted.record("a")
        found, expected = result.read("a", "label"), wanted.read("a", "label")
        if spacing is None:
            np.testing.assert_array_equal(found, expected)
        else:  # twice as fine along z: the old voxel is the mean of two that agree
            assert (found != expected).mean() < 0.02


# ---- a case of full size


def full_case():
    rng = np.random.default_rng(0)
    image = np.zeros((155, 240, 240, 4), np.float32)
    image[10:145, 30:210, 50:190] = rng.integers(1, 1500, (135, 180, 140, 4))
    label = np.zeros((155, 240, 240), np.uint8)
    label[60:90, 80:130, 90:140] = rng.integers(1, 4, (30, 50, 50))
    return image, label


@pytest.mark.parametrize(("spacing", "limit_mib"), [(None, 500), ((2.0, 2.0, 2.0), 500)])
def test_memory_of_a_full_case(make, spacing, limit_mib):
    """Peak beside the raw image itself, which takes 136 MiB; a job has 2 GiB."""
    shard = make({"a": full_case()}, spacing=(1.0, 1.0, 1.0), regions={"WT": ("c1", "c2", "c3")})
    tracemalloc.start()
    path = shard.prep(BRATS.model_copy(update={"spacing_mm": spacing}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < limit_mib * 2**20
    with Archive(path) as prep:
        expected = (135, 180, 140, 4) if spacing is None else (68, 90, 70, 4)
        assert prep.shape("a", "image") == expected
