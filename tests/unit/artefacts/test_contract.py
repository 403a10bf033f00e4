"""Whatever a stage writes, every stage that reads it sees the same texts, or nothing is written.

`CONSUMERS` is the list of all that read the tables.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segbench.archives import ArchiveSet, ArchiveWriter
from segbench.artefacts.appearance import write_appearance
from segbench.artefacts.folds import read_fold, read_folds
from segbench.artefacts.inventory import RawFile, write_inventory
from segbench.artefacts.samples import Sample, read_samples, write_samples
from segbench.cells import unfit
from segbench.config.dataset import Dataset, Fixed, Protocol
from segbench.config.study import Study
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.index import merge_samples
from segbench.errors import SegbenchError
from segbench.explain.differences import list_changes
from segbench.exploration.appearance import Grouping
from segbench.exploration.selection import kinds_of
from segbench.exploration.summary import Measured, summarise
from segbench.folds.leaks import check_leaks
from segbench.folds.protocol import make_folds, with_appearance
from segbench.imaging import shard
from segbench.inference.images import read_manifest
from segbench.metrics import score
from segbench.objects import raw_digest
from segbench.prediction.selection import samples_to_test as choose
from segbench.reporting.ranking import rank_samples
from segbench.reporting.summaries import summarise_folds, summarise_samples
from segbench.resources import read_sheet
from segbench.statistics.scores import read_scores
from segbench.training.selection import select
from unit.artefacts.texts import ANY, NAMES, TEXTS

PROTOCOL = Protocol(test=Fixed(by="count", count=2), validation=Fixed(by="count", count=1))
LABELS: dict[str, str | int] = {
    "dataset": "d", "preprocessing": "p", "augmentation": "a", "model": "m", "seed": 0,
    "protocol": "c", "fold": "0",
}  # fmt: skip
STUDY = Study(
    title="-", question="-", dataset="d", protocol="c", preprocessing=("p",), augmentation=("a",),
    models=("m",), metrics=("iou",), primary="iou",
)  # fmt: skip


@dataclass
class Room:
    """The tables of one small dataset, as the stages write them."""

    folder: Path
    rows: list[Sample]
    classes: list[str]

    def __post_init__(self) -> None:
        self.samples, self.folds = self.folder / "samples.tsv", self.folder / "folds.tsv"
        self.inventory = self.folder / "shard-0.tsv"
        self.truth, self.scores = self.folder / "t.zarr.zip", self.folder / "s.parquet"
        write_samples(self.rows, self.folder / "shard-0.samples.tsv")
        merge_samples([self.folder / "shard-0.samples.tsv"], self.samples)
        make_folds(self.samples, PROTOCOL, self.folds)
        write_inventory(
            [RawFile(r.sample, f"{r.sample}.x", 1, "0") for r in self.rows], self.inventory
        )
        write_appearance({r.sample: 1 for r in self.rows}, self.ids, self.folder / "looks.tsv")
        attributes = {
            "axes": "yx", "task": "semantic", "classes": self.classes,
            "class_values": list(range(1, len(self.classes) + 1)),
        }  # fmt: skip
        self.tests = [row.sample for row in read_folds(self.folds) if row.role == "test"]
        for path, ids in ((self.truth, self.ids), (self.folder / "seg.zarr.zip", self.tests)):
            with ArchiveWriter(path, attributes) as writer:
                for sample in ids:
                    label = np.arange(len(self.classes) + 1, dtype=np.uint8)[None]
                    writer.add(sample, {"label": label}, {"source": sample})
        score(
            self.folder / "seg.zarr.zip", [self.truth], self.folds, ["iou"], "exclude", LABELS,
            self.scores,
        )  # fmt: skip

    @property
    def ids(self) -> list[str]:
        return sorted(row.sample for row in self.rows)

    @property
    def groups(self) -> dict[str, str]:
        return {row.sample: row.group for row in self.rows}

    @property
    def tested_groups(self) -> dict[str, str]:
        return {sample: self.groups[sample] for sample in self.tests}


def index(room: Room) -> Any:
    return read_samples(room.samples), sorted(room.rows, key=lambda row: row.sample)


def split(room: Room) -> Any:
    found = {(r.sample, r.group, r.stratum) for r in read_folds(room.folds)}
    return found, {(r.sample, r.group, r.stratum) for r in room.rows}


def leaks(room: Room) -> Any:
    check_leaks(room.folds, room.samples, [room.truth], room.folder / "verdict.json")
    found = json.loads((room.folder / "verdict.json").read_text())["checked"]
    number = len(room.rows)
    return (found["samples"], found["groups"], found["archived_samples"]), (
        number, len(set(room.groups.values())), number
    )  # fmt: skip


def train(room: Room) -> Any:
    chosen = select(ArchiveSet([room.truth]), read_fold(room.folds, 0))
    return sorted([*chosen.training, *chosen.validation]), sorted(set(room.ids) - set(room.tests))


def predict(room: Room) -> Any:
    return choose(ArchiveSet([room.truth]), room.folds, [0]), sorted(room.tests)


def preprocess(room: Room) -> Any:
    class Listed(Reader):
        def scan(self, root: Path) -> Any:
            return iter(RawSample(name, (f"{name}.x",), ()) for name in room.ids)

    dataset = Dataset.model_construct()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shard, "reader_of", lambda _: Listed())
        found = list(shard.shard_samples(dataset, room.folder, room.inventory, room.samples))
    return [(item.raw.sample, item.split) for item in found], [
        (row.sample, row.split) for row in sorted(room.rows, key=lambda row: row.sample)
    ]


def statistics(room: Room) -> Any:
    found = read_scores([room.scores], STUDY)
    metric = found.metrics["iou"]
    groups = [found.group_names[n] for n in metric.groups]
    return (dict(zip(metric.samples, groups, strict=True)), metric.classes), (
        room.tested_groups, tuple(sorted(room.classes))
    )  # fmt: skip


def overlays(room: Room) -> Any:
    found = rank_samples([room.scores], [set(room.tests)], STUDY)
    return {item.sample: item.group for item in found}, room.tested_groups


def report(room: Room) -> Any:
    found, folds = summarise_samples(room.samples), summarise_folds(room.folds)
    classes = Counter(name for row in room.rows for name in row.classes)
    return (found.samples, found.groups, dict(found.classes), folds[0].roles[2][0]), (
        len(room.rows), len(set(room.groups.values())), dict(classes), 2
    )  # fmt: skip


def explore(room: Room) -> Any:
    rows = read_samples(room.samples)
    found = summarise("d", "semantic", rows, Measured(room.classes), Grouping({}, {}), ["grey"])
    held = Counter(name for row in room.rows for name in row.classes)
    return (
        {entry["group"] for entry in found["groups"]["largest"]},
        found["strata"],
        {entry["name"]: entry["samples"] for entry in found["classes"]},
        set(kinds_of(rows)),
    ), (
        set(room.groups.values()),
        dict(Counter(row.stratum for row in room.rows)),
        {name: held[name] for name in room.classes},
        set(room.ids),
    )


def appearance(room: Room) -> Any:
    found = with_appearance(read_samples(room.samples), room.folder / "looks.tsv")
    return {row.sample: row.stratum for row in found}, dict.fromkeys(room.ids, "appearance-1")


def resources(room: Room) -> Any:
    found = read_sheet(room.samples)
    return (found and found.samples), len(room.rows)


def new_images(room: Room) -> Any:
    images, _ = read_manifest(room.inventory)
    return {one.name for one in images}, {f"{name}.x" for name in room.ids}


def explanation(room: Room) -> Any:
    text = room.inventory.read_text(encoding="utf-8")
    changes = list_changes(text.split("\n")[0] + "\n", text)
    return [(c.sample, c.path) for c in changes], [(name, f"{name}.x") for name in room.ids]


def objects(room: Room) -> Any:
    segmentation = room.folder / "seg.zarr.zip"
    other = room.folder / "other.tsv"
    write_inventory([RawFile(name, f"{name}.x", 1, "0") for name in room.tests], other)
    return raw_digest(segmentation, [room.inventory]), raw_digest(segmentation, [other])


#: Each reads the tables as its stage does: what it sees, and what was written.
CONSUMERS: dict[str, Callable[[Room], Any]] = {
    "samples": index, "split": split, "check_leaks": leaks, "train": train, "predict": predict,
    "preprocess, truth": preprocess, "tabulate": statistics, "draw_overlays": overlays,
    "report": report, "explore_dataset": explore, "split by appearance": appearance,
    "needs": resources, "apply_model": new_images, "explain": explanation, "measure": objects,
}  # fmt: skip


@st.composite
def sheets(draw: st.DrawFn) -> tuple[list[Sample], list[str]]:
    ids = draw(st.lists(NAMES, min_size=5, max_size=7, unique=True))
    groups = draw(st.lists(NAMES, min_size=len(ids), max_size=len(ids), unique=True))
    classes = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    rows = [
        Sample(
            sample,
            group,
            stratum=draw(TEXTS),
            classes=tuple(draw(st.lists(st.sampled_from(classes), unique=True))),
            objects=draw(st.integers(0, 9)),
        )
        for sample, group in zip(ids, groups, strict=True)
    ]
    return rows, classes


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sheets())
def test_every_consumer_sees_what_was_written(tmp_path_factory, sheet):
    rows, classes = sheet
    room = Room(tmp_path_factory.mktemp("room"), rows, classes)
    for name, consumer in CONSUMERS.items():
        seen, written = consumer(room)
        assert seen == written, name


@given(st.sampled_from(["sample", "group", "stratum", "classes", "stack"]), ANY)
def test_or_it_is_refused_with_file_row_and_column(tmp_path_factory, column, text):
    row = {"sample": "a", "group": "g", column: (text,) if column == "classes" else text}
    path = tmp_path_factory.mktemp("room") / "samples.tsv"
    if not unfit(text):
        if text:
            write_samples([Sample(**row)], path)
            assert read_samples(path) == [Sample(**row)]
        return
    with pytest.raises(SegbenchError) as caught:
        write_samples([Sample("0", "0"), Sample(**row)], path)
    assert f"samples.tsv: row {2 if column != 'sample' or text > '0' else 1} (" in caught.value.what
    assert f"column {column}: " in caught.value.what
    assert not path.exists()
