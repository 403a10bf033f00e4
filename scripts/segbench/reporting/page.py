"""The report: one page with everything it shows beside it, readable without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from segbench.errors import SegbenchError
from segbench.files import write_text
from segbench.reporting import formats
from segbench.reporting.assets import Assets, read_picture
from segbench.reporting.costs import read_jobs, total_of, totals_by
from segbench.reporting.explorations import Explored, read_exploration
from segbench.reporting.histories import Losses, read_losses
from segbench.reporting.inputs import (
    DatasetInput,
    ExplorationInput,
    MetricDefinition,
    Picture,
    ProtocolInput,
    Recipe,
    ReportInput,
    StudyInput,
)
from segbench.reporting.resource_usage import asked_rows
from segbench.reporting.summaries import (
    DatasetSummary,
    FoldRow,
    read_verdict,
    summarise_folds,
    summarise_samples,
)
from segbench.reporting.templates import render
from segbench.statistics.html import read_fragment

#: Tables are offered for download in this order; the names are what a reader sees.
DOWNLOADS = {"csv": "CSV", "md": "Markdown", "tex": "LaTeX"}
#: Of more distinct sizes the most frequent are listed.
MOST_ROWS = 12


@dataclass(frozen=True)
class _Shown:
    """A picture of the page, already copied."""

    address: str
    title: str
    caption: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class _Group:
    """Pictures that stand side by side."""

    title: str
    pictures: list[_Shown]


@dataclass(frozen=True)
class _Data:
    """A dataset as the template needs it; `explored` is None where it was not."""

    anchor: str
    dataset: DatasetInput
    summary: DatasetSummary
    explored: Explored | None
    pictures: list[_Shown]


@dataclass(frozen=True)
class _Section:
    """A study as the template needs it."""

    anchor: str
    title: str
    question: str
    answer: str
    table: Markup
    downloads: list[tuple[str, str]]
    curves: list[_Shown]
    losses: list[Losses]
    overlays: list[_Shown]
    classes: list[_Group]
    sweep: list[_Shown]
    dataset: DatasetInput
    data_anchor: str
    samples: int
    protocol: ProtocolInput
    folds: list[FoldRow]
    verdict: str
    checked: list[tuple[str, str]]
    recipes: tuple[Recipe, ...]
    metrics: tuple[MetricDefinition, ...]


def _shown(picture: Picture, assets: Assets, folder: str, name: str, whose: str) -> _Shown:
    size = read_picture(picture.path)
    # What is written under a picture need not be read aloud twice.
    described = not picture.caption and size.description
    name_of_it = f"{picture.title}, {whose}"
    plain = f"{name_of_it}; described below" if described else size.description or name_of_it
    return _Shown(
        address=assets.add(picture.path, folder, name),
        title=picture.title,
        caption=picture.caption or size.description or picture.title,
        alt=picture.alt or plain,
        width=size.width,
        height=size.height,
    )


def _downloads(tables: Mapping[str, Path], assets: Assets, name: str) -> list[tuple[str, str]]:
    return [
        (label, assets.add(tables[kind], name, name))
        for kind, label in DOWNLOADS.items()
        if kind in tables
    ]


def _section(study: StudyInput, anchor: str, data: Mapping[str, _Data], assets: Assets) -> _Section:
    verdict, checked = read_verdict(study.protocol.verdict)
    dataset = study.dataset

    def pictures(kind: str, given: Sequence[Picture]) -> list[_Shown]:
        whose = f"study {study.title}"
        return [_shown(p, assets, study.name, f"{kind} {p.title}", whose) for p in given]

    table = Markup()
    if "html" in study.tables:
        table = Markup(read_fragment(study.tables["html"]))
    return _Section(
        anchor=anchor,
        title=study.title,
        question=study.question,
        answer=study.answer,
        table=table,
        downloads=_downloads(study.tables, assets, study.name),
        curves=pictures("curves", study.curves),
        losses=read_losses(study.losses) if study.losses else [],
        overlays=pictures("overlays", study.overlays),
        classes=[_Group(g.title, pictures("classes", g.pictures)) for g in study.classes],
        sweep=pictures("sweep", study.sweep),
        dataset=dataset,
        data_anchor=data[dataset.name].anchor,
        samples=data[dataset.name].summary.samples,
        protocol=study.protocol,
        folds=summarise_folds(study.protocol.folds),
        verdict=verdict,
        checked=checked,
        recipes=study.recipes,
        metrics=study.metrics,
    )


def _data(
    studies: Sequence[StudyInput], explorations: Sequence[ExplorationInput], assets: Assets
) -> dict[str, _Data]:
    """Each dataset of the studies once, in their order."""
    explored = {item.dataset: item for item in explorations}
    found: dict[str, _Data] = {}
    for dataset in {study.dataset.name: study.dataset for study in studies}.values():
        seen, pictures = None, []
        if dataset.name in explored:
            item = explored[dataset.name]
            seen = read_exploration(item.summary)
            pictures = [
                _shown(
                    Picture(item.pictures[key], title),
                    assets, f"data {dataset.name}", key, f"dataset {dataset.title}",
                )
                for key, title in seen.pictures
            ]  # fmt: skip
        found[dataset.name] = _Data(
            anchor=f"data-{formats.slug(dataset.name)}",
            dataset=dataset,
            summary=summarise_samples(dataset.samples),
            explored=seen,
            pictures=pictures,
        )
    return found


def _anchors(studies: Sequence[StudyInput]) -> list[str]:
    anchors = [f"study-{formats.slug(study.name)}" for study in studies]
    doubles = sorted(
        {study.name for study, a in zip(studies, anchors, strict=True) if anchors.count(a) > 1}
    )
    if doubles:
        raise SegbenchError(
            f"the studies {', '.join(doubles)} have the same short name",
            "names that differ in letters or digits",
            "rename all but one",
        )
    return anchors


def write_report(report: ReportInput, output: str | Path) -> None:
    """Write the page and, beside it, the folder ``assets`` with all that it shows.

    Parameters
    ----------
    report : ReportInput
        What to show. All files are copied; none is changed.
    output : str or Path
        ``.../index.html``. Links are relative, so the folder can be moved, zipped and
        opened without a network. The same input gives the same bytes.

    Raises
    ------
    SegbenchError
        A file is missing, damaged or of another form, or two studies share a name.
        Then neither the page nor ``assets`` is changed.
    """
    output = Path(output)
    generated = [study.dataset.generated for study in report.studies]
    with Assets(output) as assets:
        data = _data(report.studies, report.explorations, assets)
        sections = [
            _section(study, anchor, data, assets)
            for study, anchor in zip(report.studies, _anchors(report.studies), strict=True)
        ]
        jobs = read_jobs(report.costs)
        html = render(
            "page.html",
            title=report.title,
            config=report.config,
            any_generated=any(generated),
            all_generated=all(generated),
            studies=sections,
            datasets=list(data.values()),
            most_rows=MOST_ROWS,
            jobs=jobs,
            stages=totals_by(jobs, lambda job: job.stage),
            hosts=totals_by(jobs, lambda job: job.host),
            total=total_of("all", jobs),
            asked=asked_rows(jobs),
            manifest=report.manifest,
        )
    write_text(output, html)
