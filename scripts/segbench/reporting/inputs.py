"""What a report is made of: paths of finished artefacts and the words around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segbench.config.dataset import Dataset
from segbench.config.study import Study


@dataclass(frozen=True)
class Picture:
    """One picture of the page.

    Attributes
    ----------
    path : Path
        SVG or PNG. It is copied into the report.
    title : str
        Short name, e.g. the arm.
    caption : str
        What is shown. Empty: the description that `draw_curves` and `draw_overlays` store
        inside their pictures, else the title.
    alt : str
        Text for readers who cannot see it. Empty: made from title and description.
    """

    path: Path
    title: str
    caption: str = ""
    alt: str = ""


@dataclass(frozen=True)
class PictureGroup:
    """Pictures that are shown side by side, e.g. all of one arm."""

    title: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Recipe:
    """One recipe, as YAML text. `kind` is e.g. ``preprocessing``."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True)
class MetricDefinition:
    """What one definition id of the tables means.

    Attributes
    ----------
    id : str
        As printed in the tables' headings.
    name : str
        Of the metric.
    text : str
        The definition in words, with its policy for empty masks.
    source : str
        Publication, DOI or URL.
    """

    id: str
    name: str
    text: str
    source: str


@dataclass(frozen=True)
class DatasetInput:
    """One dataset, and the index of its samples.

    Attributes
    ----------
    source : str
        Where the files came from, in words.
    generated : bool
        Whether the files are a generated miniature, not the publisher's.
    samples : Path
        ``samples.tsv``.
    """

    name: str
    title: str
    task: str
    source: str
    generated: bool
    licence: str
    citation: str
    samples: Path


@dataclass(frozen=True)
class ProtocolInput:
    """Who is trained on, who chooses the epoch, who is tested on: ``folds.tsv`` and verdict."""

    name: str
    description: str
    folds: Path
    verdict: Path


@dataclass(frozen=True)
class StudyInput:
    """One question with everything that answers it.

    Attributes
    ----------
    name : str
        Name of the study's file; used in anchors and asset folders.
    answer : str
        The answer in a sentence. Empty where the table's fragment carries its own.
    tables : mapping of str to Path
        Format (``html``, ``csv``, ``md``, ``tex``) to file. ``html`` is a fragment and
        is shown; all others, and the fragment's siblings, are offered as downloads.
    losses : Path, optional
        The lowest losses of each arm and fold, written by `write_losses`.
    overlays : tuple of Picture
        An arm each; of classifiers `classes` instead: matrix, curves and mistakes of an arm.
    sweep : tuple of Picture
        The points of a sweep; none where the study has none.
    """

    name: str
    title: str
    question: str
    dataset: DatasetInput
    protocol: ProtocolInput
    tables: Mapping[str, Path]
    answer: str = ""
    curves: tuple[Picture, ...] = ()
    losses: Path | None = None
    overlays: tuple[Picture, ...] = ()
    classes: tuple[PictureGroup, ...] = ()
    sweep: tuple[Picture, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    metrics: tuple[MetricDefinition, ...] = ()


@dataclass(frozen=True)
class ExplorationInput:
    """What the exploration of a dataset wrote.

    Attributes
    ----------
    dataset : str
        Its name.
    summary : Path
        ``summary.json``; it says which pictures tell something.
    pictures : mapping of str to Path
        By the names of the summary.
    """

    dataset: str
    summary: Path
    pictures: Mapping[str, Path]


@dataclass(frozen=True)
class ManifestInput:
    """What the figures depend on besides the data.

    Attributes
    ----------
    commit : str
        Of the repository; empty outside one.
    code : mapping of str to str
        Rule to digest of its code.
    packages : mapping of str to str
        Package to version.
    config : str
        The whole resolved configuration as YAML.
    """

    commit: str = ""
    code: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    config: str = ""


@dataclass(frozen=True)
class ReportInput:
    """One report.

    Attributes
    ----------
    title : str
        Heading of the page.
    config : str
        Name of the configuration, e.g. ``config/config.yaml``.
    studies : tuple of StudyInput
        In the order of the page.
    costs : tuple of Path
        One ``cost.json`` a job.
    explorations : tuple of ExplorationInput
        Of some or all datasets of the studies.
    """

    title: str
    config: str
    studies: tuple[StudyInput, ...] = ()
    costs: tuple[Path, ...] = ()
    manifest: ManifestInput = ManifestInput()
    explorations: tuple[ExplorationInput, ...] = ()


def source_of(dataset: Dataset) -> str:
    """Say where a dataset's files come from, in words; never a path of this machine.

    Parameters
    ----------
    dataset : Dataset
        The typed dataset.
    """
    if dataset.source == "download" and dataset.download:
        checked = dataset.download.sha256
        return f"downloaded from {dataset.download.url}" + (
            f", SHA-256 {checked}" if checked else ", no published checksum"
        )
    if dataset.source == "generated" and dataset.generated:
        return f"generated in the publisher's format, seed {dataset.generated.seed}"
    return "a folder of the publisher's files"


def dataset_of(name: str, dataset: Dataset, samples: Path) -> DatasetInput:
    """Make the report's view of a typed dataset.

    Parameters
    ----------
    name : str
        Name of the dataset's file.
    dataset : Dataset
        The typed dataset.
    samples : Path
        Its ``samples.tsv``.
    """
    return DatasetInput(
        name=name,
        title=dataset.title,
        task=dataset.task,
        source=source_of(dataset),
        generated=dataset.source == "generated",
        licence=dataset.licence,
        citation=dataset.citation,
        samples=Path(samples),
    )


def study_of(
    name: str,
    study: Study,
    dataset: Dataset,
    *,
    samples: Path,
    folds: Path,
    verdict: Path,
    tables: Mapping[str, Path],
    curves: tuple[Picture, ...] = (),
    losses: Path | None = None,
    overlays: tuple[Picture, ...] = (),
    classes: tuple[PictureGroup, ...] = (),
    sweep: tuple[Picture, ...] = (),
    recipes: tuple[Recipe, ...] = (),
    metrics: tuple[MetricDefinition, ...] = (),
    answer: str = "",
) -> StudyInput:
    """Make the report's view of a typed study.

    Parameters
    ----------
    name : str
        Name of the study's file.
    study, dataset
        The typed study and the dataset it uses.
    samples, folds, verdict : Path
        ``samples.tsv``, ``folds.tsv`` and the leak check's JSON.
    tables : mapping of str to Path
        Format to file, see `StudyInput`.
    curves, losses, overlays, classes, sweep, recipes, metrics, answer
        See `StudyInput`.
    """
    protocol = dataset.protocols[study.protocol]
    return StudyInput(
        name=name,
        title=study.title,
        question=study.question,
        dataset=dataset_of(name=study.dataset, dataset=dataset, samples=samples),
        protocol=ProtocolInput(study.protocol, protocol.description, Path(folds), Path(verdict)),
        tables=tables,
        answer=answer,
        curves=curves,
        losses=losses,
        overlays=overlays,
        classes=classes,
        sweep=sweep,
        recipes=recipes,
        metrics=metrics,
    )
