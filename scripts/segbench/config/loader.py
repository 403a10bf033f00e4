"""Read, check and assemble the whole configuration before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from segbench.arms import Arm
from segbench.config.augmentation import Augmentation
from segbench.config.checked_model import Model
from segbench.config.checks import check_recipe
from segbench.config.checks_dataset import check_format
from segbench.config.checks_files import asked_studies, check_source, check_weights
from segbench.config.checks_study import check_policies, check_study
from segbench.config.dataset import Dataset, Formats
from segbench.config.documents import Document, Mark, document_of, read_document
from segbench.config.main import Main
from segbench.config.preprocessing import Preprocessing
from segbench.config.problems import ABSENT, ConfigError, Problem, nearest
from segbench.config.study import Study
from segbench.config.sweep import Point, at_point, variants
from segbench.config.validation import validate
from segbench.store_location import store_location
from segbench.strict import Strict

#: Folder under config/ -> what one of its files holds.
KINDS: dict[str, type[Strict]] = {
    "datasets": Dataset,
    "preprocessing": Preprocessing,
    "augmentation": Augmentation,
    "models": Model,
    "studies": Study,
}

#: Names stand in paths and in wildcards.
NAME_PATTERN = r"[a-z0-9]+([_.-][a-z0-9]+)*"


@dataclass(frozen=True)
class Config:
    """The whole configuration, checked.

    Attributes
    ----------
    main : Main
        The main file, overrides included.
    datasets, preprocessing, augmentation, models, studies : dict
        Name -> recipe, sorted by name: the studies that `main` names and what they use.
    points : dict
        Model that a sweep made -> its point: key of a model recipe -> value.
    root : Path
        The folder that holds `config/`.
    """

    main: Main
    datasets: dict[str, Dataset]
    preprocessing: dict[str, Preprocessing]
    augmentation: dict[str, Augmentation]
    models: dict[str, Model]
    studies: dict[str, Study]
    points: dict[str, Point]
    root: Path
    _arms: dict[str, tuple[Arm, ...]] = field(default_factory=dict, repr=False, compare=False)

    def arms(self, study: str) -> list[Arm]:
        """List the arms of a study, see `Study.arms`."""
        if study not in self._arms:
            self._arms[study] = self.studies[study].arms()
        return list(self._arms[study])

    def store(self, environment: Mapping[str, str] | None = None) -> Path:
        """Where finished work is kept; a relative place lies under `root`."""
        return store_location(self.main.store, self.root, environment)


class _Loader:
    """Collects problems while the parts are read; see `load`."""

    def __init__(self, root: Path, formats: Formats) -> None:
        self.root = root
        self.formats = formats
        self.problems: list[Problem] = []
        self.documents: dict[str, dict[str, Document]] = {kind: {} for kind in KINDS}
        self.recipes: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        #: Names that have a file, valid or not.
        self.names: dict[str, set[str]] = {kind: set() for kind in KINDS}
        self.points: dict[str, Point] = {}

    def display(self, path: Path) -> str:
        """How messages call a file: relative to the root where it lies below."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return path.as_posix()

    def read_main(self, files: Iterable[Path], overrides: Mapping[str, Any] | None) -> Document:
        """Merge the main files, later ones over earlier ones, then the command line's."""
        whole: Document | None = None
        for path in files:
            document, problems = read_document(path, self.display(path))
            self.problems += problems
            if document is not None:
                whole = document if whole is None else whole.merged(document)
        if whole is None:
            whole = Document({}, {(): Mark("the main configuration", 0)})
        return whole.merged(document_of(overrides, "the command line")) if overrides else whole

    def read_folders(self) -> None:
        """Read every recipe file."""
        for kind in KINDS:
            folder = self.root / "config" / kind
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.name.startswith(".") or path.is_dir():
                    continue
                self._read_recipe(kind, path)

    def _read_recipe(self, kind: str, path: Path) -> None:
        name = self.display(path)
        if path.suffix != ".yaml" or not re.fullmatch(NAME_PATTERN, path.stem):
            allowed = "names like unet-128.yaml: small letters, digits, single - _ . between them"
            self.problems.append(Problem(name, 0, (), "this file has an unusable name", allowed))
            return
        self.names[kind].add(path.stem)
        document, problems = read_document(path, name)
        self.problems += problems
        if document is not None:
            self.documents[kind][path.stem] = document

    def override(self, kind: str, main: Document) -> list[str]:
        """Lay the main file's block `kind` over the files; give the names it lists."""
        block = main.data.get(kind)
        if not isinstance(block, dict):
            return []
        for name, part in block.items():
            key = (kind, name)
            mark = main.mark(key)
            if name not in self.names[kind]:
                known = sorted(self.names[kind])
                self.problems.append(
                    Problem(
                        mark.file, mark.line, key, f"has no file config/{kind}/{name}.yaml",
                        ", ".join(known), nearest(name, known),
                    )
                )  # fmt: skip
            elif name in self.documents[kind] and isinstance(part, dict):
                base = self.documents[kind][name]
                self.documents[kind][name] = base.merged(main.at(key).below(key))
        return list(block)

    def validate(self) -> None:
        """Turn the documents into typed recipes."""
        for kind, model in KINDS.items():
            for name, document in self.documents[kind].items():
                recipe, problems = validate(model, document)
                self.problems += problems
                if recipe is not None:
                    self.recipes[kind][name] = recipe
                    self.problems += [finding.problem(document) for finding in check_recipe(recipe)]

    def expand_sweeps(self) -> None:
        """Replace the models of a study with a sweep by one variant per point."""
        for name, study in self.recipes["studies"].items():
            wrong = any(finding.key[0] == "sweep" for finding in check_recipe(study))
            if study.sweep is None or wrong:
                continue
            self._check_pruned(name, study)
            made = []
            for variant, model, point in variants(study.sweep, study.models):
                made.append(variant)
                if model in self.documents["models"]:
                    self._add_variant(name, variant, model, point)
                    self.names["models"].add(variant)
            # Nothing to replace where a model is unknown: the study's own list is at fault.
            if all(model in self.names["models"] for model in study.models):
                self.recipes["studies"][name] = study.model_copy(update={"models": tuple(made)})

    def _check_pruned(self, name: str, study: Study) -> None:
        """Report names in `leave_out` that no point has."""
        assert study.sweep is not None
        whole = study.sweep.model_copy(update={"leave_out": ()})
        known = [variant for variant, _, _ in variants(whole, study.models)]
        for number, pruned in enumerate(study.sweep.leave_out):
            if pruned not in known:
                key = ("sweep", "leave_out", number)
                place = self.documents["studies"][name].placed(key)
                what = "is not a point of the sweep"
                near = nearest(pruned, known)
                self.problems.append(Problem(*place, what, ", ".join(known), near, pruned))

    def _add_variant(self, study: str, variant: str, model: str, point: Point) -> None:
        base = self.documents["models"][model]
        document = at_point(base, self.documents["studies"][study], point)
        recipe, problems = validate(Model, document)
        if recipe is not None:
            problems = [finding.problem(document) for finding in check_recipe(recipe)]
            self.recipes["models"][variant] = recipe
            self.points[variant] = point
        # What is wrong with the model itself has been said.
        self.problems += [p for p in problems if p not in self.problems]

    def check_formats(self) -> None:
        """Check that there are the formats of the datasets."""
        for name, dataset in self.recipes["datasets"].items():
            document = self.documents["datasets"][name]
            findings = check_format(dataset, self.formats)
            self.problems += [finding.problem(document) for finding in findings]

    def check_studies(self, named: list[str], at_hand: Collection[str]) -> None:
        """Check what a study says about its parts; raw files of those `at_hand` should exist."""
        for name, study in self.recipes["studies"].items():
            document = self.documents["studies"][name]
            root = self.root if name in at_hand else None
            findings = check_study(
                study, self.recipes, self.names, self.formats, name in named, root
            )
            self.problems += [finding.problem(document) for finding in findings]

    def check_policies(self, named: list[str]) -> None:
        """Check that studies which share an arm score empty masks in the same way."""
        documents = self.documents["studies"]
        studies = {n: s for n, s in self.recipes["studies"].items() if n in named}
        for name, other, finding in check_policies(studies):
            mark = documents[other].mark(("empty",))
            what = f"{finding.what} ({mark.file}, line {mark.line})"
            self.problems.append(replace(finding, what=what).problem(documents[name]))

    def check_files(self, at_hand: Collection[str]) -> None:
        """Check that the raw files and the weights of some studies exist."""
        studies = [s for name, s in self.recipes["studies"].items() if name in at_hand]
        for kind, check, names in (
            ("datasets", check_source, {study.dataset for study in studies}),
            ("models", check_weights, {m.split("--")[0] for s in studies for m in s.models}),
        ):
            for name in sorted(names & self.recipes[kind].keys() & self.documents[kind].keys()):
                document = self.documents[kind][name]
                findings = check(self.recipes[kind][name], self.root)
                self.problems += [finding.problem(document) for finding in findings]

    def all_problems(self) -> list[Problem]:
        """List the problems, but none below a key that could not even be read."""
        unread = {(p.file, p.key) for p in self.problems if p.unread}
        return [
            p
            for p in self.problems
            if p.unread or not any((p.file, p.key[:n]) in unread for n in range(len(p.key) + 1))
        ]

    def used(self, kind: str, names: Iterable[str]) -> dict[str, Any]:
        """Give the recipes of these names, sorted."""
        return {name: self.recipes[kind][name] for name in sorted(set(names))}


def load(
    main: str | Path | Iterable[str | Path],
    overrides: Mapping[str, Any] | None = None,
    root: str | Path = ".",
    command: Sequence[str] | None = None,
    *,
    formats: Formats,
) -> Config:
    """Read the configuration and check all of it.

    Parameters
    ----------
    main : path or list of paths
        Main files such as config/config.yaml; later ones are merged over earlier ones.
    overrides : mapping, optional
        Keys of the main file that win over all files (`snakemake --config`).
    root : path
        The folder that holds `config/` with its recipe folders.
    command : sequence of str, optional
        Words of the command line. The raw files and weights of the studies that they name, or
        of all studies where they name none, must exist. None: no file is looked at.
    formats : mapping
        Every format by name, `segbench.datasets.formats.FORMATS`: defined above the config.

    Returns
    -------
    Config
        The studies which the main file names, and the recipes they use.

    Raises
    ------
    ConfigError
        With every mistake in every file, also in recipes that no study uses. A recipe
        is checked for contradictions when all its keys and types are right.
    """
    files = [Path(main)] if isinstance(main, str | Path) else [Path(path) for path in main]
    loader = _Loader(Path(root), formats)
    document = loader.read_main(files, overrides)
    loader.read_folders()
    loader.override("datasets", document)
    named = loader.override("studies", document)
    checked, problems = validate(Main, document)
    loader.problems += problems
    if not named and not loader.problems:
        mark = document.mark(("studies",))
        allowed = "one or more of " + ", ".join(sorted(loader.names["studies"]))
        loader.problems.append(
            Problem(mark.file, mark.line, ("studies",), "names no study", allowed, "", ABSENT)
        )
    loader.validate()
    loader.check_formats()
    loader.expand_sweeps()
    studies_read = {n: s for n, s in loader.recipes["studies"].items() if n in named}
    at_hand = [] if command is None else asked_studies(command, studies_read)
    loader.check_studies(named, at_hand)
    loader.check_policies(named)
    loader.check_files(at_hand)
    if loader.problems or checked is None:
        raise ConfigError(loader.all_problems())
    studies = loader.used("studies", named)
    return Config(
        main=checked,
        datasets=loader.used("datasets", (s.dataset for s in studies.values())),
        preprocessing=loader.used(
            "preprocessing", (n for s in studies.values() for n in s.preprocessing)
        ),
        augmentation=loader.used(
            "augmentation", (n for s in studies.values() for n in s.augmentation)
        ),
        models=loader.used("models", (n for s in studies.values() for n in s.models)),
        studies=studies,
        points={
            n: loader.points[n] for s in studies.values() for n in s.models if n in loader.points
        },
        root=Path(root),
    )
