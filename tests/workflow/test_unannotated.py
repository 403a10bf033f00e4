"""What was not annotated, from a folder's masks through all stages to the scores."""

from __future__ import annotations

import csv

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from segbench.archives import Archive, ArchiveWriter
from segbench.artefacts.samples import read_samples
from segbench.config.dataset import Dataset
from segbench.config.model import Model
from segbench.config.preprocessing import Preprocessing, Size
from segbench.datasets import reader_of
from segbench.datasets.index import index_shard, merge_samples
from segbench.datasets.inventory import write_shards
from segbench.folds.protocol import make_folds
from segbench.imaging.stages import preprocess_shard, write_truth
from segbench.instances.stage import segment
from segbench.metrics import score

pytest.importorskip("keras")

from segbench.prediction.stage import predict
from segbench.training.loop import train

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own

PROTOCOL = {
    "test": {"by": "count", "count": 3}, "validation": {"by": "count", "count": 2},
    "order": "listed",
}  # fmt: skip
DATASET = {
    "title": "-", "format": "folder", "task": "semantic", "licence": "-", "citation": "-",
    "classes": [{"name": "cell", "value": 1}, {"name": "debris", "value": 2}],
    "ignore": {"labels": [255]}, "layout": {"sheet": "sheet.csv"}, "spacing_um": [1000, 1000],
    "protocols": {"listed": PROTOCOL},
}  # fmt: skip
MODEL = Model.model_validate({
    "network": {"depth": 2, "width": 4}, "loss": {"name": "ce_dice", "class_weights": "inverse"},
    "training": {"batch": 2, "epochs": 2, "precision": "float32",
                 "sampling": {"by": "classes", "share": 0.5}},
})  # fmt: skip
LABELS = {
    "dataset": "d", "preprocessing": "p", "augmentation": "none", "model": "m", "seed": 0,
    "protocol": "listed", "fold": 0,
}  # fmt: skip
METRICS = ("iou", "iou_pooled", "hd95", "nsd_1mm")
NAMES = [f"s{number:02d}" for number in range(9)]
#: A test sample in which nobody looked for debris.
PARTLY = "s07"


def write_raw(folder):
    """Cells and debris, each cell in a ring of 255 as in PASCAL VOC."""
    rng = np.random.default_rng(0)
    lines = ["sample,annotated"]
    for name in NAMES:
        mask = np.zeros((32, 32), np.uint8)
        y, x = rng.integers(4, 18, 2)
        mask[y - 1 : y + 9, x - 1 : x + 9] = 255
        mask[y : y + 8, x : x + 8] = 1
        mask[26:30, 3 : 3 + int(rng.integers(4, 12))] = 2
        image = np.where(mask == 255, 128, mask * 90 + 40) + rng.normal(0, 8, mask.shape)
        for kind, pixels in (("images", image), ("masks", mask)):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / kind / f"{name}.png")
        lines.append(f"{name},{'cell' if name in (PARTLY, 's00', 's04') else ''}")
    (folder / "sheet.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run up to its segmentations."""
    folder = tmp_path_factory.mktemp("run")
    dataset = Dataset.model_validate(DATASET)
    raw, inventory, samples = folder / "raw", folder / "shard-0.tsv", folder / "samples.tsv"
    write_raw(raw)
    write_shards(reader_of(dataset), raw, {0: inventory}, 1, folder / "side")
    index_shard(dataset, raw, inventory, 0, folder / "part.tsv")
    merge_samples([folder / "part.tsv"], samples)
    make_folds(samples, dataset.protocols["listed"], folder / "folds.tsv")
    write_truth(dataset, raw, samples, inventory, folder / "truth.zarr.zip")
    recipe = Preprocessing(resize=Size(height=24, width=24))
    prep = folder / "prep.zarr.zip"
    preprocess_shard(dataset, recipe, raw, inventory, samples, prep)
    network, folds = folder / "model.keras", folder / "folds.tsv"
    train([prep], folds, 0, MODEL, None, 0, folder / "state", network, folder / "history.csv")
    predict([prep], folds, [0], [network], MODEL, folder / "maps.zarr.zip")
    segment(folder / "maps.zarr.zip", [folder / "truth.zarr.zip"], MODEL, folder / "seg.zarr.zip")
    return folder


def scores(run, segmentation):
    output = segmentation.with_suffix(".parquet")
    score(segmentation, [run / "truth.zarr.zip"], run / "folds.tsv", METRICS, "one", LABELS, output)
    return {
        (row["sample"], row["class"], row["metric"]): (row["value"], row["weight"])
        for row in pq.read_table(output).to_pylist()
    }


def test_the_sample_table_has_the_share_and_the_classes(run):
    rows = {row.sample: row for row in read_samples(run / "samples.tsv")}
    assert {row.ignored for row in rows.values()} == {float(f"{36 / 1024:.6g}")}
    assert rows[PARTLY].annotated == ("cell",)
    assert (rows[PARTLY].classes, rows[PARTLY].objects) == (("cell",), 1)
    assert (rows["s01"].annotated, rows["s01"].objects) == ((), 2)


def test_the_mark_passes_through_the_archives(run):
    with Archive(run / "truth.zarr.zip") as truth, Archive(run / "prep.zarr.zip") as prep:
        for name in NAMES:
            assert np.count_nonzero(truth.read(name, "label") == 255) == 36
            assert set(np.unique(prep.read(name, "label"))) <= {0, 1, 2, 255}
            assert prep.record(name)["ignored"]
        records = [archive.record(PARTLY) for archive in (truth, prep)]
        assert [record["annotated"] for record in records] == [["cell"], ["cell"]]
        assert "annotated" not in prep.record("s01")


def test_a_network_learns_from_the_rest(run):
    with open(run / "history.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    losses = [float(row[name]) for row in rows for name in ("loss", "val_loss")]
    assert np.isfinite(losses).all()
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])


def test_no_score_sees_what_is_predicted_there(run):
    changed = run / "changed.zarr.zip"
    with (
        Archive(run / "seg.zarr.zip") as seg,
        Archive(run / "truth.zarr.zip") as truth,
        ArchiveWriter(changed, seg.attributes) as writer,
    ):
        for name in seg.ids:
            hidden = truth.read(name, "label") == 255
            other = np.where(hidden, np.uint8(2) - seg.read(name, "label"), seg.read(name, "label"))
            assert (other != seg.read(name, "label")).any()
            writer.add(name, {"label": other}, seg.record(name))
    before, after = scores(run, run / "seg.zarr.zip"), scores(run, changed)
    assert repr(before) == repr(after)
    assert len(before) == 3 * 2 * len(METRICS)
    for (sample, class_name, metric), (value, weight) in before.items():
        left_out = (sample, class_name) == (PARTLY, "debris")
        assert np.isnan(value) == left_out
        if left_out:
            assert weight == 1, metric  # a weight of 0 would be a case of a pool
