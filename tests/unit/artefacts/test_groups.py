"""From raw files to scores: one group for a sample, whatever is read on the way."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from segbench.archives import Archive, ArchiveWriter
from segbench.artefacts.folds import Assignment, read_fold, read_folds, write_folds
from segbench.artefacts.samples import Sample, read_samples, write_samples
from segbench.config.dataset import Dataset, Protocol
from segbench.datasets import generator, reader_of
from segbench.datasets.index import index_shard, merge_samples
from segbench.datasets.inventory import write_shards
from segbench.errors import SegbenchError
from segbench.folds.protocol import make_folds
from segbench.imaging.stages import write_truth
from segbench.metrics import score
from segbench.provenance.job import Job
from segbench.provenance.keys import cache_policy_of
from segbench.reporting.summaries import summarise_samples

CONFIG = Path(__file__).resolve().parents[3] / "config"
DATASETS = sorted(path.stem for path in (CONFIG / "datasets").glob("*.yaml"))
METRICS = {"classification": ["accuracy"], "overlapping": ["iou", "uw_mlebench"]}
CROSS = Protocol.model_validate({"folds": 2, "validation": {"by": "none"}})


class Tables:
    """The tables and the truth of one dataset, made as the stages make them."""

    def __init__(self, dataset: Dataset, raw: Path, folder: Path) -> None:
        self.dataset, self.raw, self.folder = dataset, raw, folder
        self.inventory, self.shard = folder / "inventory.tsv", folder / "shard-0.tsv"
        self.samples, self.folds = folder / "samples.tsv", folder / "folds.tsv"
        write_shards(reader_of(dataset), raw, {0: self.inventory}, 1, folder / "side")
        index_shard(dataset, raw, self.inventory, 0, self.shard)

    def merge(self) -> list[Sample]:
        merge_samples([self.shard], self.samples)
        return read_samples(self.samples)

    def scored_groups(self, fold: int, metrics: list[str]) -> dict[str, str]:
        """Sample or stack -> group in the scores of perfect segmentations."""
        truth, found = self.folder / "truth.zarr.zip", self.folder / f"{fold}.zarr.zip"
        write_truth(self.dataset, self.raw, self.shard, self.inventory, truth)
        tests = [s for s, row in read_fold(self.folds, fold).items() if row.role == "test"]
        with Archive(truth) as labels, ArchiveWriter(found, labels.attributes) as writer:
            for sample in sorted(tests):
                arrays = {"label": labels.read(sample, "label")}
                if self.dataset.task == "classification":
                    values = np.array(labels.attributes["class_values"])
                    arrays["probability"] = (values == arrays["label"]).astype(np.float32)
                writer.add(sample, arrays, labels.record(sample))
        run = {"preprocessing": "p", "augmentation": "a", "model": "m", "protocol": "c"}
        names = {"dataset": "d", **run, "seed": 0, "fold": str(fold)}
        output = self.folder / "scores.parquet"
        score(found, [truth], self.folds, metrics, "exclude", names, output)
        columns = pq.read_table(output, columns=["sample", "group"]).to_pydict()
        return dict(zip(columns["sample"], columns["group"], strict=True))


@pytest.mark.parametrize("name", DATASETS)
def test_the_group_of_a_score_is_that_of_samples_tsv(tmp_path, name):
    known = yaml.safe_load((CONFIG / "datasets" / f"{name}.yaml").read_text())
    dataset = Dataset.model_validate(known)
    made = dataset.generated
    assert made is not None
    generator(dataset.format)(tmp_path / "raw", made.samples, made.test_samples, made.seed)
    tables = Tables(dataset, tmp_path / "raw", tmp_path)
    rows = read_samples(tables.shard)
    groups = sorted({row.group for row in rows})
    if len(groups) > 3:
        # Two groups get a picture in common: they are one from here on.
        twins = [next(row for row in rows if row.group == group) for group in groups[:2]]
        copy = replace(twins[1], image_sha256=twins[0].image_sha256)
        write_samples([copy if row is twins[1] else row for row in rows], tables.shard)
    sheet = {row.sample: row.group for row in tables.merge()}
    assert len(set(sheet.values())) == len(groups) - (len(groups) > 3)
    stacks = {row.stack: row.group for row in read_samples(tables.samples) if row.stack}
    make_folds(tables.samples, CROSS, tables.folds)
    wanted = METRICS.get(dataset.label_task, ["iou"])
    if not stacks:
        wanted = wanted[:1]
    scored = tables.scored_groups(0, wanted) | tables.scored_groups(1, wanted)
    assert scored == sheet | stacks


@pytest.mark.parametrize("rule", ["score", "describe"])
def test_a_group_that_changes_elsewhere_makes_nothing_anew(tmp_path, rule):
    """In the key of the work stand the groups of the segmented samples, not the table."""
    selection = cache_policy_of(CONFIG.parent / "scripts" / f"{rule}.py").selection
    assert selection is not None
    folds, segmentation = tmp_path / "folds.tsv", tmp_path / "seg.zarr.zip"
    with ArchiveWriter(segmentation, {"axes": "yx"}) as writer:
        for sample in "ab":
            writer.add(sample, {"label": np.zeros((2, 2), np.uint8)})
    inputs = {"folds": [folds], "segmentation": [segmentation]}
    job = Job(inputs, {}, {}, {}, 1)

    def key(**groups: str) -> dict[str, str]:
        known = {"a": "1", "b": "2", "c": "3", **groups}
        write_folds([Assignment(0, s, g, "", "test") for s, g in known.items()], folds)
        return selection(job)

    before = key()
    assert set(before) == {"folds"}
    assert key(c="1") == key(d="4") == before
    assert key(b="1") != before != key(a="3")


def own(folder: Path, images: dict[str, np.ndarray], **more: object) -> Tables:
    """A folder of images of one's own, each with a mask of one square."""
    for name, image in images.items():
        mask = np.zeros(image.shape, np.uint8)
        mask[5:15, 8:30] = bool(image.any())
        for kind, pixels in (("images", image), ("masks", mask)):
            (folder / "raw" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / "raw" / kind / f"{name}.png")
    known = {
        "title": "-", "format": "folder", "task": "semantic", "licence": "-", "citation": "-",
        "classes": [{"name": "thing", "value": 1}], "source": "folder", "folder": {"path": "x"},
        "protocols": {}, **more,
    }  # fmt: skip
    return Tables(Dataset.model_validate_json(json.dumps(known)), folder / "raw", folder)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (40, 50), dtype=np.uint8)


def test_twins_are_one_group_in_the_scores(tmp_path):
    tables = own(tmp_path, {"a": noise(0), "b": noise(0), "c": noise(1), "d": noise(2)})
    sheet = {row.sample: row.group for row in tables.merge()}
    assert sheet == {"a": "a", "b": "a", "c": "c", "d": "d"}
    make_folds(tables.samples, CROSS, tables.folds)
    assert tables.scored_groups(0, ["iou"]) | tables.scored_groups(1, ["iou"]) == sheet


def test_black_tiles_of_several_patients_leave_the_patients_apart(tmp_path):
    """One tile of each patient shows nothing: it is outside the tissue."""
    tiles = {
        f"p{patient}_t{tile}": noise(3 * patient + tile) * np.uint8(tile != 2)
        for patient in range(6)
        for tile in range(3)
    }
    sheet = tmp_path / "raw" / "sheet.csv"
    sheet.parent.mkdir()
    lines = ["sample,group", *(f"{name},patient{name[1]}" for name in tiles)]
    sheet.write_text("\n".join(lines) + "\n")
    tables = own(tmp_path, tiles, layout={"sheet": "sheet.csv"})
    rows = tables.merge()
    assert {row.sample: row.group for row in rows} == {n: f"patient{n[1]}" for n in tiles}
    assert {row.joined for row in rows} == {""}
    make_folds(tables.samples, CROSS, tables.folds)
    assert len(read_folds(tables.folds)) == 2 * len(tiles)


@pytest.mark.parametrize("odd", ['"A', "NA", " p5 ", "a, b", "Größe", "'", "#5"])
def test_groups_of_a_sheet_reach_the_training(tmp_path, odd):
    """Of a group that begins with a quote five of twelve samples were lost without a word."""
    names = [f"s{number}" for number in range(12)]
    sheet = tmp_path / "raw" / "sheet.csv"
    sheet.parent.mkdir()
    with sheet.open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle)
        table.writerow(["sample", "group"])
        table.writerows((name, odd if name == "s5" else f"p{name}") for name in names)
    images = {name: noise(number) for number, name in enumerate(names)}
    tables = own(tmp_path, images, layout={"sheet": "sheet.csv"})
    groups = {row.sample: row.group for row in tables.merge()}
    assert groups == {name: odd.strip() if name == "s5" else f"p{name}" for name in names}
    make_folds(tables.samples, CROSS, tables.folds)
    assert {s: row.group for s, row in read_fold(tables.folds, 0).items()} == groups


def test_a_tab_in_a_group_is_told_where_the_user_wrote_it(tmp_path):
    sheet = tmp_path / "raw" / "sheet.csv"
    sheet.parent.mkdir()
    sheet.write_text('sample,group\na,"left\tlobe"\nb,x\n')
    with pytest.raises(SegbenchError, match=r"sheet\.csv: line 2, column group: 'left") as caught:
        own(tmp_path, {"a": noise(0), "b": noise(1)}, layout={"sheet": "sheet.csv"})
    assert "delete" not in caught.value.action


def test_a_class_with_a_comma_is_counted_as_one(tmp_path):
    classes = [{"name": "kidney, left", "value": 1}, {"name": "spleen", "value": 2}]
    tables = own(tmp_path, {"a": noise(0), "b": noise(1)}, classes=classes)
    assert [row.classes for row in tables.merge()] == [("kidney, left",)] * 2
    assert summarise_samples(tables.samples).classes == (("kidney, left", 2),)
