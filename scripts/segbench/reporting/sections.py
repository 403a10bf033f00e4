"""The sections of the page: what its templates show for each dataset and study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from segbench.config.dataset import Dataset
from segbench.errors import SegbenchError
from segbench.reporting import formats
from segbench.reporting.assets import Assets, read_picture
from segbench.reporting.explorations import Explored, read_exploration
from segbench.reporting.histories import Losses, read_losses
from segbench.reporting.inputs import ReportInput, StudyInput
from segbench.reporting.names import arm_labels
from segbench.reporting.pictures import PictureKind, kinds_of
from segbench.reporting.summaries import (
    DatasetSummary,
    FoldRow,
    read_leaks,
    summarise_folds,
    summarise_samples,
)
from segbench.statistics.html import read_fragment

#: Tables are offered for download in this order; the names are what a reader sees.
DOWNLOADS = {"csv": "CSV", "md": "Markdown", "tex": "LaTeX"}


@dataclass(frozen=True)
class Picture:
    """A picture of the page, already copied; `generated` says whether it shows such data."""

    address: str
    title: str
    caption: str
    alt: str
    width: int
    height: int
    generated: bool


@dataclass(frozen=True)
class PicturePart:
    """All pictures of one kind: (label, pictures) of each arm, or of the study without label."""

    kind: PictureKind
    groups: list[tuple[str, list[Picture]]]


@dataclass(frozen=True)
class DatasetSection:
    """A dataset; `explored` is None where it was not explored."""

    anchor: str
    name: str
    dataset: Dataset
    source: str
    generated: bool
    summary: DatasetSummary
    explored: Explored | None
    pictures: list[Picture]


@dataclass(frozen=True)
class StudySection:
    """A study. `table` is the fragment of the table stage, `leaks` result and counts."""

    anchor: str
    input: StudyInput
    data: DatasetSection
    table: Markup
    downloads: list[tuple[str, str]]
    pictures: list[PicturePart]
    losses: list[Losses]
    folds: list[FoldRow]
    leaks: tuple[str, list[tuple[str, str]]]


def source_of(dataset: Dataset) -> str:
    """Describe where a dataset's files come from, without paths of this machine."""
    if dataset.source == "download" and dataset.download:
        checked = dataset.download.sha256
        checksum = f"SHA-256 {checked}" if checked else "no published checksum"
        return f"downloaded from {dataset.download.url}, {checksum}"
    if dataset.source == "generated" and dataset.generated:
        return f"generated in the publisher's format, seed {dataset.generated.seed}"
    return "a folder of the publisher's files"


@dataclass(frozen=True)
class _Album:
    """Copies the pictures of one section into a folder of the assets."""

    assets: Assets
    folder: str
    owner: str
    generated: bool

    def add(self, path: Path, title: str, name: str) -> Picture:
        found = read_picture(path)
        # What is written under a picture need not be read aloud twice.
        described = "; described below" if found.description else ""
        return Picture(
            address=self.assets.add(path, self.folder, name),
            title=title,
            caption=found.description or title,
            alt=f"{title}, {self.owner}{described}",
            width=found.width,
            height=found.height,
            generated=self.generated,
        )


def dataset_sections(report: ReportInput, assets: Assets) -> dict[str, DatasetSection]:
    """Each dataset of the studies once, by name, in their order."""
    sections: dict[str, DatasetSection] = {}
    for item in report.studies:
        name, dataset = item.study.dataset, item.dataset
        if name in sections:
            continue
        generated = dataset.source == "generated"
        explored, pictures = None, []
        if name in report.explorations:
            parts = report.explorations[name]
            explored = read_exploration(parts.summary)
            album = _Album(assets, f"data {name}", f"dataset {dataset.title}", generated)
            pictures = [
                album.add(parts.pictures[key], title, key) for key, title in explored.pictures
            ]
        sections[name] = DatasetSection(
            anchor=f"data-{formats.slug(name)}",
            name=name,
            dataset=dataset,
            source=source_of(dataset),
            generated=generated,
            summary=summarise_samples(item.parts.samples),
            explored=explored,
            pictures=pictures,
        )
    return sections


def study_sections(
    studies: Sequence[StudyInput], data: Mapping[str, DatasetSection], assets: Assets
) -> list[StudySection]:
    """The section of each study.

    Raises
    ------
    SegbenchError
        A file is missing or damaged, or two studies have the same short name.
    """
    anchors = _anchors(item.name for item in studies)
    return [
        _section(item, anchors[item.name], data[item.study.dataset], assets) for item in studies
    ]


def _section(item: StudyInput, anchor: str, data: DatasetSection, assets: Assets) -> StudySection:
    parts = item.parts
    album = _Album(assets, item.name, f"study {item.study.title}", data.generated)
    return StudySection(
        anchor=anchor,
        input=item,
        data=data,
        # The table stage has escaped all text in it.
        table=Markup(read_fragment(parts.tables["html"])),
        downloads=[
            (label, assets.add(parts.tables[ending], item.name, item.name))
            for ending, label in DOWNLOADS.items()
        ],
        pictures=[_pictures(kind, item, album) for kind in kinds_of(item.study, item.dataset)],
        losses=read_losses(parts.losses),
        folds=summarise_folds(parts.folds),
        leaks=read_leaks(parts.verdict),
    )


def _pictures(kind: PictureKind, item: StudyInput, album: _Album) -> PicturePart:
    if not kind.per_arm:
        return PicturePart(kind, [("", _of_kind(kind, item.parts.pictures, "", album))])
    labels = arm_labels([arm.names for arm in item.parts.arms])
    return PicturePart(
        kind,
        [
            (label, _of_kind(kind, arm.pictures, label, album))
            for label, arm in zip(labels, item.parts.arms, strict=True)
        ],
    )


def _of_kind(
    kind: PictureKind, paths: Mapping[str, Path], label: str, album: _Album
) -> list[Picture]:
    pictures = []
    for key, name in kind.files.items():
        # A single picture is called as its arm.
        title = (f"{name}, {label}" if len(kind.files) > 1 else label) if label else name
        pictures.append(album.add(paths[key], title, f"{kind.name} {title}"))
    return pictures


def _anchors(names: Iterable[str]) -> dict[str, str]:
    anchors = {name: f"study-{formats.slug(name)}" for name in names}
    taken = list(anchors.values())
    doubles = sorted(name for name, anchor in anchors.items() if taken.count(anchor) > 1)
    if doubles:
        raise SegbenchError(
            f"the studies {', '.join(doubles)} have the same short name",
            "names that differ in letters or digits",
            "rename all but one",
        )
    return anchors
