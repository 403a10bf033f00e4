"""Shards of raw files to archives, with a tiny reader of NumPy files and with a real one."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from segbench.archives import Archive
from segbench.artefacts.samples import Sample, write_samples
from segbench.config.dataset import Class, Dataset
from segbench.config.preprocessing import Clahe, Preprocessing, Size
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.kidney_nuclei import KidneyNuclei
from segbench.errors import SegbenchError
from segbench.imaging.remarks import EQUAL_PERCENTILES, UNKNOWN
from segbench.imaging.stages import preprocess_shard, write_truth

RECIPE = Preprocessing(description="words", resize=Size(height=8, width=8), clahe=Clahe())


class Arrays(Reader):
    """`NAME.image.npy` and `NAME.label.npy`."""

    def scan(self, root):
        for path in sorted(root.glob("*.image.npy")):
            name = path.name.split(".")[0]
            yield RawSample(name, (path.name,), (f"{name}.label.npy",))

    def read_image(self, root, raw):
        return np.load(root / raw.images[0])

    def read_label(self, root, raw):
        return np.load(root / raw.labels[0])

    def generate(self, root, samples, test_samples, seed):
        raise NotImplementedError


class Shard:
    """A raw tree with its manifest and table."""

    def __init__(self, folder: Path, names: list[str], dtype: type = np.uint8) -> None:
        self.raw = folder / "raw"
        self.raw.mkdir(parents=True)
        self.folder = folder
        rng = np.random.default_rng(0)
        for number, name in enumerate(names):
            shape = (20 + number % 3, 30)
            np.save(self.raw / f"{name}.image.npy", rng.integers(0, 256, (*shape, 1), np.uint8))
            np.save(self.raw / f"{name}.label.npy", rng.integers(0, 3, shape).astype(dtype))
        self.inventory, self.samples = folder / "shard.tsv", folder / "samples.tsv"
        self.write_inventory(names)
        self.write_samples(names)

    def write_inventory(self, names: list[str]) -> None:
        rows = [f"{n}\t{n}.{kind}.npy\t1\tx" for n in names for kind in ("image", "label")]
        self.inventory.write_text("\n".join(["sample\tpath\tbytes\tsha256", *rows]) + "\n")

    def write_samples(self, names: list[str]) -> None:
        splits = {name: "test" if name == "b" else "train" for name in names}
        rows = [Sample(n, f"g-{n}", splits[n], spacing_mm=(0.5, 0.25)) for n in names]
        write_samples(rows, self.samples)

    def preprocess(self, recipe=RECIPE, threads=1, task="semantic", output="prep.zarr.zip"):
        path = self.folder / output
        dataset = described(task)
        preprocess_shard(dataset, recipe, self.raw, self.inventory, self.samples, path, threads)
        return path

    def truth(self, threads=1, task="semantic", output="truth.zarr.zip"):
        path = self.folder / output
        write_truth(described(task), self.raw, self.samples, self.inventory, path, threads)
        return path


def described(task: str) -> Dataset:
    classes = (Class(name="one", value=1), Class(name="two", value=2))
    return Dataset(
        title="t", format="arrays", task=task, licence="", citation="", protocols={},
        classes=classes if task == "semantic" else classes[:1],
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _reader(monkeypatch):
    monkeypatch.setitem(sys.modules, "segbench.datasets.arrays", SimpleNamespace(READER=Arrays))


@pytest.fixture
def shard(tmp_path):
    return Shard(tmp_path, ["a", "b", "c"])


@pytest.mark.parametrize("threads", [1, 2])
def test_images_without_spread_or_value_are_counted(tmp_path, caplog, threads):
    shard = Shard(tmp_path, list("abcd"))
    sparse = np.full((20, 30, 1), 3, np.uint8)
    sparse[4, 4:8] = 180
    np.save(shard.raw / "a.image.npy", sparse)
    np.save(shard.raw / "d.image.npy", sparse[:, ::-1])
    np.save(shard.raw / "b.label.npy", np.zeros((20, 30), np.uint8))
    np.save(shard.raw / "b.image.npy", np.where(sparse == 3, np.nan, sparse / 255))
    with caplog.at_level(logging.WARNING):
        path = shard.preprocess(Preprocessing(normalise="percentile"), threads)
    equal, unknown = caplog.messages
    assert equal == f"preprocess: 2 of 4 samples: {EQUAL_PERCENTILES}: a, d"
    assert unknown == f"preprocess: 1 of 4 samples: {UNKNOWN}: b"
    image = Archive(path).read("a", "image")
    assert (image[4, 4:8] == 255).all()
    assert np.count_nonzero(image) == 4


def test_truth_is_the_label_at_its_own_size(shard):
    with Archive(shard.truth()) as archive:
        assert archive.ids == ["a", "b", "c"]
        assert archive.attributes == {
            "stage": "truth", "axes": "yx", "task": "semantic",
            "classes": ["one", "two"], "class_values": [1, 2], "background": None,
        }  # fmt: skip
        assert archive.record("b") == {
            "source": "b", "split": "test", "spacing_mm": [0.5, 0.25],
            "stack": "", "position": 0,
        }  # fmt: skip
        for name in archive.ids:
            assert not archive.has(name, "image")
            assert (archive.read(name, "label") == np.load(shard.raw / f"{name}.label.npy")).all()


def test_unknown_spacing_is_null(shard):
    text = shard.samples.read_text().replace("0.5\t0.25", "\t")
    shard.samples.write_text(text)
    with Archive(shard.truth()) as archive:
        assert archive.record("a")["spacing_mm"] is None


def test_a_spacing_that_no_recipe_uses_is_not_in_what_is_trained_on(shard):
    first, truth = shard.preprocess().read_bytes(), shard.truth().read_bytes()
    shard.samples.write_text(shard.samples.read_text().replace("0.5\t0.25", "\t"))
    assert shard.preprocess().read_bytes() == first
    assert shard.truth().read_bytes() != truth, "scores are taken anew"


def test_prepared_shard(shard):
    with Archive(shard.preprocess()) as archive:
        assert archive.ids == ["a", "b", "c"]
        attributes = archive.attributes
        assert attributes["stage"] == "preprocess"
        assert attributes["axes"] == "yxc"
        assert attributes["image_scale"] == 1 / 255
        assert attributes["recipe"]["clahe"] == {"tiles": 8, "bins": 256, "clip_limit": 2.0}
        assert "description" not in attributes["recipe"]
        assert archive.record("b") == {
            "source": "b", "split": "test", "original_size": [21, 30], "classes": ["one", "two"],
            "stack": "", "position": 0,
        }  # fmt: skip
        for name in archive.ids:
            assert archive.read(name, "image").shape == (8, 8, 1)
            assert archive.read(name, "label").shape == (8, 8)
            assert archive.read(name, "image").dtype == np.uint8


def test_sizes_may_differ_when_nothing_is_resized(shard):
    with Archive(shard.preprocess(Preprocessing())) as archive:
        assert [archive.shape(n, "image") for n in "abc"] == [(20, 30, 1), (21, 30, 1), (22, 30, 1)]


def test_objects_are_stored_with_16_bits(tmp_path):
    shard = Shard(tmp_path, ["a"], np.uint16)
    with Archive(shard.preprocess(task="instances")) as archive:
        assert archive.read("a", "label").dtype == np.uint16
        assert archive.attributes["task"] == "instances"


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_the_bytes(tmp_path, threads):
    shard = Shard(tmp_path, [f"s{number:02d}" for number in range(17)])
    one, many = shard.preprocess(), shard.preprocess(threads=threads, output="many.zarr.zip")
    assert one.read_bytes() == many.read_bytes()
    one, many = shard.truth(), shard.truth(threads=threads, output="many_truth.zarr.zip")
    assert one.read_bytes() == many.read_bytes()


def test_wording_of_a_recipe_does_not_change_the_bytes(shard):
    one = shard.preprocess().read_bytes()
    other = shard.preprocess(RECIPE.model_copy(update={"description": "other words"}))
    assert other.read_bytes() == one


def test_only_the_samples_of_the_shard(shard):
    shard.write_inventory(["c"])
    with Archive(shard.preprocess()) as archive:
        assert archive.ids == ["c"]


def test_a_shard_may_be_empty(shard):
    shard.write_inventory([])
    with Archive(shard.preprocess()) as archive:
        assert archive.ids == []
        assert archive.attributes["stage"] == "preprocess"


def test_progress_is_logged(shard, caplog):
    with caplog.at_level(logging.INFO):
        shard.preprocess()
    assert "preprocess: 3 of 3 samples" in caplog.text


def test_memory_does_not_grow_with_the_samples(tmp_path):
    import tracemalloc

    peaks = []
    for count in (6, 30):
        shard = Shard(tmp_path / str(count), [f"s{number:02d}" for number in range(count)])
        for name in shard.raw.glob("*.npy"):
            array = np.load(name)
            np.save(name, np.tile(array, (10, 10, 1)[: array.ndim]))
        shard.preprocess(threads=2)
        tracemalloc.start()
        shard.preprocess(threads=2)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    images = 30 * 200 * 300  # bytes of the larger shard's images
    assert peaks[1] - peaks[0] < images / 5


# ---- bad input


def expect(shard: Shard, *parts: str, stage: str = "preprocess", **keys) -> None:
    with pytest.raises(SegbenchError) as caught:
        getattr(shard, stage)(**keys)
    for part in parts:
        assert part in str(caught.value)
    assert not list(shard.folder.glob("*.zip")), "nothing half-written may stay"
    assert not list(shard.folder.glob(".*partial*"))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_label_of_another_size_is_named(shard, threads):
    np.save(shard.raw / "b.label.npy", np.zeros((5, 5), np.uint8))
    expect(shard, "raw/b.image.npy", "(5, 5)", threads=threads)


@pytest.mark.parametrize("stage", ["preprocess", "truth"])
def test_a_value_that_is_no_class_is_named(shard, stage):
    label = np.zeros((20, 30), np.uint8)
    label[3, 3] = 9
    np.save(shard.raw / "a.label.npy", label)
    expect(shard, "raw/a.label.npy", "holds 9", "0, 1 (one), 2 (two)", stage=stage)


def test_a_label_of_another_dtype_is_named(shard):
    np.save(shard.raw / "a.label.npy", np.zeros((20, 30), np.float32))
    expect(shard, "a.label.npy", "float32", "uint8")
    shard.write_inventory(["b"])
    expect(shard, "b.label.npy", "uint16", stage="truth", task="instances")


def test_a_sample_that_is_gone(shard):
    (shard.raw / "c.image.npy").unlink()
    expect(shard, "shard.tsv", "'c'")


def test_a_sample_with_other_files_than_in_the_manifest(shard):
    text = shard.inventory.read_text().replace("c.label.npy", "old.npy")
    shard.inventory.write_text(text)
    expect(shard, "shard.tsv", "'c'")


def test_a_sample_without_a_row(shard):
    shard.write_samples(["a", "b"])
    expect(shard, "samples.tsv", "'c'")


def test_a_table_without_a_column(shard):
    shard.samples.write_text("sample\tgroup\n")
    expect(shard, "samples.tsv", "has the columns sample, group")


def test_a_table_that_is_missing(shard):
    shard.inventory.unlink()
    expect(shard, "shard.tsv", "cannot be read")


def test_zscore_as_integers_is_refused_before_any_work(shard):
    expect(shard, "zscore", recipe=Preprocessing(normalise="zscore"))


# ---- real files


def test_real_kidney_tiles(publisher_data, tmp_path):
    from segbench.datasets.inventory import write_shards

    raw = publisher_data / "kidney_em"
    found = [r for r in KidneyNuclei().scan(raw) if r.split == "test"]
    inventory, samples = tmp_path / "shard.tsv", tmp_path / "samples.tsv"

    class TestImages(Reader):
        def scan(self, root):
            return iter(found)

    write_shards(TestImages(), raw, {0: inventory}, 1, tmp_path / "cache")
    write_samples([Sample(r.sample, r.group, "test") for r in found], samples)
    dataset = described("semantic").model_copy(update={"format": "kidney_nuclei"})
    prep, truth = tmp_path / "prep.zarr.zip", tmp_path / "truth.zarr.zip"
    recipe = Preprocessing(resize=Size(height=256, width=256), clahe=Clahe(), gamma=1.2)
    preprocess_shard(dataset, recipe, raw, inventory, samples, prep, 2)
    write_truth(dataset, raw, samples, inventory, truth, 2)
    with Archive(prep) as small, Archive(truth) as whole:
        assert len(small.ids) == 7
        for name in small.ids:
            label = whole.read(name, "label")
            assert list(label.shape) == small.record(name)["original_size"]
            assert small.read(name, "label").mean() == pytest.approx(label.mean(), abs=0.003)
            image = small.read(name, "image")
            assert image.min() == 0
            assert image.max() == 255
