"""What a report shows: studies with their files, explorations, jobs, and the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segbench.config.dataset import Dataset
from segbench.config.study import Study
from segbench.metrics.metric import Definition
from segbench.metrics.registry import define, definition_id
from segbench.reporting.costs import Job
from segbench.reporting.parts import ExplorationParts, StudyParts


@dataclass(frozen=True)
class StudyInput:
    """One study with everything that answers its question.

    Attributes
    ----------
    name : str
        Name of the study's file; used in anchors and asset folders.
    recipes : tuple of (str, str, str)
        Kind, name and YAML text of each recipe that is used.
    """

    name: str
    study: Study
    dataset: Dataset
    parts: StudyParts
    recipes: tuple[tuple[str, str, str], ...] = ()

    @property
    def metrics(self) -> list[tuple[str, Definition]]:
        """Id and definition of each metric of the study."""
        ids = [definition_id(metric, self.study.empty) for metric in self.study.metrics]
        return [(identifier, define(identifier)) for identifier in ids]


@dataclass(frozen=True)
class Manifest:
    """What the figures depend on besides the data.

    Attributes
    ----------
    commit : str
        Of the repository; empty outside one.
    code : mapping of str to str
        Rule -> digest of its code.
    packages : mapping of str to str
        Package -> version.
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
    explorations : mapping of str to ExplorationParts
        By dataset; of some or all datasets of the studies.
    jobs : tuple of Job
        What ran.
    manifest : Manifest
    """

    title: str
    config: str
    studies: tuple[StudyInput, ...] = ()
    explorations: Mapping[str, ExplorationParts] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()
    manifest: Manifest = Manifest()
