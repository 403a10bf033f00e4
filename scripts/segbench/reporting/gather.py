"""From the workflow's parameters to the typed input of the page."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

import segbench
from segbench.config.dataset import Dataset
from segbench.config.study import Study
from segbench.definitions import DEFINITIONS, definition_id
from segbench.files import sha256_of_file, write_text
from segbench.reporting.costs import read_jobs
from segbench.reporting.inputs import (
    ExplorationInput,
    ManifestInput,
    MetricDefinition,
    Picture,
    PictureGroup,
    Recipe,
    ReportInput,
    StudyInput,
    study_of,
)
from segbench.reporting.names import arm_labels
from segbench.reporting.parts import ArmParts, StudyParts
from segbench.reporting.resource_usage import write_asked

#: Packages whose versions can change a figure.
PACKAGES = (
    "keras",
    "numcodecs",
    "numpy",
    "opencv-python-headless",
    "pandas",
    "scikit-image",
    "scipy",
    "snakemake",
    "tensorflow",
    "tensorflow-cpu",
)


def installed_versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Versions of those of the packages that are installed."""
    versions = {}
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def current_commit() -> str:
    """Commit of the repository, with ``+changes`` where files differ; empty outside one."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=False, timeout=30
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        commit = git("rev-parse", "HEAD")
        return commit + ("+changes" if commit and git("status", "--porcelain") else "")
    except (OSError, subprocess.TimeoutExpired):
        return ""


def build_report(
    params: Mapping[str, Any],
    costs: Sequence[Path],
    inventory: Sequence[Path],
    page: Path,
    manifest: Path,
    resources: Path | None = None,
) -> None:
    """Write the page, its manifest, and what jobs asked for and used.

    Parameters
    ----------
    params : mapping
        See `gather_report`.
    costs : sequence of Path
        One ``cost.json`` a job.
    inventory : sequence of Path
        The manifests of the raw files.
    page, manifest : Path
        Where to write ``index.html`` and ``manifest.json``.
    resources : Path, optional
        Where to write the table of what jobs asked for and used.
    """
    from segbench.reporting.page import write_report

    report = gather_report(params, costs)
    write_report(report, page)
    if resources is not None:
        write_asked(resources, read_jobs(costs))
    content = {
        "segbench": segbench.__version__,
        "commit": report.manifest.commit,
        "python": platform.python_version(),
        "packages": dict(report.manifest.packages),
        "code": dict(report.manifest.code),
        "raw_files": {str(path): sha256_of_file(path) for path in inventory},
        "folds": {
            name: sha256_of_file(parts["folds"]) for name, parts in sorted(params["parts"].items())
        },
        "tables": {
            name: {kind: sha256_of_file(path) for kind, path in sorted(parts["tables"].items())}
            for name, parts in sorted(params["parts"].items())
        },
        "config": params["config"],
    }
    write_text(manifest, json.dumps(content, indent=1, sort_keys=True) + "\n")


def gather_report(params: Mapping[str, Any], costs: Sequence[Path]) -> ReportInput:
    """Gather what the page shows.

    Parameters
    ----------
    params : mapping
        ``parts`` (per study: `StudyParts`), ``explorations`` (per dataset: where its files are),
        ``config`` (everything resolved), ``configfiles`` and ``codes`` (rule -> digest of its
        code).
    costs : sequence of Path
        One ``cost.json`` a job.
    """
    config = params["config"]
    studies = tuple(
        _study(name, StudyParts.model_validate(parts), config)
        for name, parts in sorted(params["parts"].items())
    )
    return ReportInput(
        title="segbench",
        config=", ".join(params["configfiles"]),
        studies=studies,
        costs=tuple(costs),
        explorations=tuple(
            _exploration(name, parts)
            for name, parts in sorted(params.get("explorations", {}).items())
        ),
        manifest=ManifestInput(
            commit=current_commit(),
            code=params["codes"],
            packages=installed_versions(),
            config=yaml.safe_dump(dict(config), sort_keys=True, allow_unicode=True),
        ),
    )


#: Pictures of a classifier, in the order of the page.
CLASS_PICTURES = {
    "confusion": "Confusion matrix",
    "reliability": "Reliability",
    "roc": "ROC curves",
    "mistakes": "Most confident mistakes",
}


def _exploration(name: str, parts: Mapping[str, str]) -> ExplorationInput:
    pictures = {key: Path(path) for key, path in parts.items() if key != "summary"}
    return ExplorationInput(name, Path(parts["summary"]), pictures)


def _class_pictures(arms: Sequence[ArmParts]) -> tuple[PictureGroup, ...]:
    """The pictures of each classifier."""
    labels = zip(arm_labels([arm.names for arm in arms]), arms, strict=True)
    return tuple(
        PictureGroup(
            label,
            tuple(
                Picture(arm.classes[kind], f"{title}, {label}")
                for kind, title in CLASS_PICTURES.items()
                if kind in arm.classes
            ),
        )
        for label, arm in labels
        if arm.classes
    )


def _overlays(arms: Sequence[ArmParts]) -> tuple[Picture, ...]:
    labels = zip(arm_labels([arm.names for arm in arms]), arms, strict=True)
    return tuple(Picture(arm.overlays, label) for label, arm in labels if arm.overlays)


def _study(name: str, parts: StudyParts, config: Mapping[str, Any]) -> StudyInput:
    study = Study.model_validate(config["studies"][name])
    return study_of(
        name,
        study,
        Dataset.model_validate(config["datasets"][study.dataset]),
        samples=parts.samples,
        folds=parts.folds,
        verdict=parts.verdict,
        tables=parts.tables,
        curves=(Picture(parts.curves, "Learning curves"),),
        losses=parts.losses,
        classes=_class_pictures(parts.arms),
        sweep=(Picture(parts.sweep, "Hyper-parameters"),) if parts.sweep else (),
        overlays=_overlays(parts.arms),
        recipes=tuple(_recipes(study, config)),
        metrics=tuple(_definitions(study)),
    )


def _recipes(study: Study, config: Mapping[str, Any]) -> list[Recipe]:
    used = {
        "preprocessing": study.preprocessing,
        "augmentation": study.augmentation,
        "models": study.models,
    }
    return [
        Recipe(kind, name, yaml.safe_dump(config[kind][name], sort_keys=False))
        for kind, names in used.items()
        for name in names
    ]


def _definitions(study: Study) -> list[MetricDefinition]:
    found = []
    for metric in study.metrics:
        identifier = definition_id(metric, study.empty)
        definition = DEFINITIONS[identifier]
        found.append(
            MetricDefinition(identifier, definition.title, definition.text, definition.source)
        )
    return found
