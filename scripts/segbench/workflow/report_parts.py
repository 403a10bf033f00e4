"""The parts of the report: the files and descriptions of each section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from segbench.arms import Arm
from segbench.config.loader import Config
from segbench.reporting.parts import ArmParts, ExplorationParts, StudyParts
from segbench.reporting.pictures import kinds_of
from segbench.strict import Strict
from segbench.workflow.paths import tables_of

#: Kinds of configuration that the report prints.
KINDS = ("datasets", "preprocessing", "augmentation", "models", "studies")


@dataclass(frozen=True)
class Patterns:
    """Paths of what the report shows, as the rules that make it declare them.

    Attributes
    ----------
    samples, folds, verdict : str
        Of a dataset, a protocol, and what is trained on.
    losses : str
        Of a study.
    pictures : mapping of str to str
        File of a `segbench.reporting.pictures.PictureKind` -> picture of a study or its arm.
    exploration : mapping of str to str
        ``summary``, and pictures by the names of the summary -> file of a dataset.
    """

    samples: str
    folds: str
    verdict: str
    losses: str
    pictures: Mapping[str, str]
    exploration: Mapping[str, str]


@dataclass(frozen=True)
class ReportParts:
    """The sections of the report.

    Attributes
    ----------
    config : Config
        Names the studies.
    patterns : Patterns
        Paths of what is shown.
    """

    config: Config
    patterns: Patterns

    @cached_property
    def studies(self) -> dict[str, StudyParts]:
        """The files of each study's section."""
        return {study: self._study(study) for study in self.config.studies}

    @cached_property
    def explorations(self) -> dict[str, ExplorationParts]:
        """The files of each dataset's exploration."""
        return {name: self._exploration(name) for name in self.config.datasets}

    def files(self) -> list[str]:
        """All files of the studies' sections, each once."""
        found: dict[Path, None] = {}
        for parts in self.studies.values():
            found |= dict.fromkeys([parts.samples, parts.folds, parts.verdict, parts.losses])
            for files in (parts.tables, parts.pictures, *(arm.pictures for arm in parts.arms)):
                found |= dict.fromkeys(files.values())
        return [str(path) for path in found]

    def _exploration(self, dataset: str) -> ExplorationParts:
        files = {
            kind: Path(path.format(dataset=dataset))
            for kind, path in self.patterns.exploration.items()
        }
        return ExplorationParts(summary=files.pop("summary"), pictures=files)

    def _study(self, study: str) -> StudyParts:
        arms, known = self.config.arms(study), self.patterns
        shared = arms[0]._asdict()
        return StudyParts(
            samples=Path(known.samples.format(**shared)),
            folds=Path(known.folds.format(**shared)),
            verdict=Path(known.verdict.format(**shared)),
            losses=Path(known.losses.format(study=study)),
            tables={kind: Path(path) for kind, path in tables_of(study).items()},
            pictures=self._pictures(study, {}),
            arms=tuple(self._arm(study, arm) for arm in arms),
        )

    def _arm(self, study: str, arm: Arm) -> ArmParts:
        names = {key: str(name) for key, name in arm._asdict().items()}
        return ArmParts(names=names, pictures=self._pictures(study, names))

    def _pictures(self, study: str, names: Mapping[str, str]) -> dict[str, Path]:
        """The pictures of a study, or of the arm of these names."""
        recipe = self.config.studies[study]
        return {
            file: Path(self.patterns.pictures[file].format(study=study, **names))
            for kind in kinds_of(recipe, self.config.datasets[recipe.dataset])
            if kind.per_arm == bool(names)
            for file in kind.files
        }


def as_params(parts: Mapping[str, Strict]) -> dict[str, Any]:
    """Parts by name as plain data, which parameters of rules must be."""
    return {name: part.model_dump(mode="json") for name, part in parts.items()}


def sweep_points(config: Config, study: str) -> dict[str, dict[str, Any]]:
    """The points of a study's sweep.

    Returns
    -------
    dict
        Name of the model of a point -> its hyper-parameters; where the sweep varies several
        recipes, ``model`` names the one of the point.
    """
    names = [name for name in config.studies[study].models if name in config.points]
    several = len({name.split("--")[0] for name in names}) > 1
    return {
        name: {**({"model": name.split("--")[0]} if several else {}), **config.points[name]}
        for name in names
    }


def resolved_config(config: Config) -> dict[str, dict[str, Any]]:
    """The whole configuration, as plain data."""
    return {
        kind: {name: item.model_dump(mode="json") for name, item in getattr(config, kind).items()}
        for kind in KINDS
    }
