"""The report stage: parameters of the workflow in; page, manifest and table of resources out."""

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
from segbench.files import sha256_of_file, write_text
from segbench.reporting.costs import read_jobs
from segbench.reporting.inputs import Manifest, ReportInput, StudyInput
from segbench.reporting.page import write_report
from segbench.reporting.parts import ExplorationParts, StudyParts
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
    outputs: Mapping[str, Path],
) -> None:
    """Write the page, its manifest, and what jobs asked for and used.

    Parameters
    ----------
    params : mapping
        See `gather_report`.
    costs : sequence of Path
        The ``cost.json`` of each job.
    inventory : sequence of Path
        The manifests of the raw files.
    outputs : mapping of str to Path
        ``page`` (index.html), ``manifest`` (JSON) and ``resources`` (CSV).
    """
    report = gather_report(params, costs)
    write_report(report, outputs["page"])
    write_asked(outputs["resources"], report.jobs)
    content = {
        "segbench": segbench.__version__,
        "commit": report.manifest.commit,
        "python": platform.python_version(),
        "packages": report.manifest.packages,
        "code": report.manifest.code,
        "raw_files": {str(path): sha256_of_file(path) for path in inventory},
        "folds": {item.name: sha256_of_file(item.parts.folds) for item in report.studies},
        "tables": {
            item.name: {kind: sha256_of_file(path) for kind, path in item.parts.tables.items()}
            for item in report.studies
        },
        "config": params["config"],
    }
    write_text(outputs["manifest"], json.dumps(content, indent=1, sort_keys=True) + "\n")


def gather_report(params: Mapping[str, Any], costs: Sequence[Path]) -> ReportInput:
    """Gather what the page shows.

    Parameters
    ----------
    params : mapping
        ``parts`` (per study: `StudyParts`), ``explorations`` (per dataset: `ExplorationParts`),
        ``config`` (everything resolved), ``configfiles`` and ``codes`` (rule -> digest of its
        code).
    costs : sequence of Path
        The ``cost.json`` of each job.
    """
    config = params["config"]
    return ReportInput(
        title="segbench",
        config=", ".join(params["configfiles"]),
        studies=tuple(
            _study(name, StudyParts.model_validate(parts), config)
            for name, parts in sorted(params["parts"].items())
        ),
        explorations={
            name: ExplorationParts.model_validate(parts)
            for name, parts in params["explorations"].items()
        },
        jobs=tuple(read_jobs(costs)),
        manifest=Manifest(
            commit=current_commit(),
            code=params["codes"],
            packages=installed_versions(),
            config=yaml.safe_dump(dict(config), sort_keys=True, allow_unicode=True),
        ),
    )


def _study(name: str, parts: StudyParts, config: Mapping[str, Any]) -> StudyInput:
    study = Study.model_validate(config["studies"][name])
    used = {
        "preprocessing": study.preprocessing,
        "augmentation": study.augmentation,
        "models": study.models,
    }
    return StudyInput(
        name=name,
        study=study,
        dataset=Dataset.model_validate(config["datasets"][study.dataset]),
        parts=parts,
        recipes=tuple(
            (kind, recipe, yaml.safe_dump(config[kind][recipe], sort_keys=False))
            for kind, recipes in used.items()
            for recipe in recipes
        ),
    )
