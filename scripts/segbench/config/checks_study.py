"""Checks of a study against the recipes it names, and of those against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from segbench.arms import Arm
from segbench.config.checks_files import lacks_spacing
from segbench.config.dataset import Dataset, Formats, Protocol
from segbench.config.findings import Finding
from segbench.config.model import Model
from segbench.config.problems import Key, nearest
from segbench.config.study import Study

Recipes = Mapping[str, Mapping[str, Any]]
Names = Mapping[str, set[str]]


def _named(study: Study) -> Iterator[tuple[str, str, Key]]:
    """Every recipe which a study names: kind, name, key."""
    yield "datasets", study.dataset, ("dataset",)
    for kind in ("preprocessing", "augmentation", "models"):
        for number, name in enumerate(getattr(study, kind)):
            yield kind, name, (kind, number)


def _references(study: Study, names: Names) -> Iterator[Finding]:
    for kind, name, key in _named(study):
        if name not in names[kind]:
            known = sorted(names[kind])
            yield Finding(key, f"has no file config/{kind}/{name}.yaml", ", ".join(known),
                          nearest(name, known), name)  # fmt: skip


def _model_and_dataset(study: Study, model: Model, dataset: Dataset) -> Iterator[str]:
    """Say why this model cannot be used on this dataset, if so."""
    from segbench.metrics import METRICS  # loads NumPy

    if (model.target == "classes") == (dataset.task == "instances"):
        yield f"has the target {model.target}, but the dataset's task is {dataset.task}"
    if model.instances.method != "none" and dataset.task != "instances":
        yield f"has instances.method {model.instances.method}, but the dataset has no instances"
    if dataset.task not in model.network.tasks:
        yield f"is a {model.network.kind}, but the dataset's task is {dataset.task}"
    of_objects = {name for name, metric in METRICS.items() if metric.tasks == ("instances",)}
    wanted = sorted(of_objects.intersection(study.metrics))
    if model.instances.method == "none" and dataset.task == "instances" and wanted:
        yield f"numbers no objects (instances.method none), but {', '.join(wanted)} needs them"
    known = [*dataset.label_classes, "background"]
    for key, names in (
        ("loss.weights", model.loss.weights),
        ("decision.favour", model.decision.favour),
    ):
        for name in names:
            if name not in known:
                near = nearest(name, known)
                hint = f" (did you mean {near}?)" if near else ""
                yield f"names the class {name} in {key}, which {study.dataset} has not{hint}"


def _model_and_protocol(model: Model, protocol: Protocol) -> Iterator[str]:
    """Say why this model cannot be trained under this protocol, if so."""
    if protocol.test.by != "none" or protocol.validation.by != "none":
        return
    watched = "the protocol keeps no validation samples (best_epoch: last needs none)"
    if model.training.best_epoch != "last":
        yield f"chooses its epoch by {model.training.best_epoch}, but {watched}"
    if model.training.early_stopping is not None:
        yield f"stops early, but {watched}"


def _models(study: Study, recipes: Recipes, dataset: Dataset | None) -> Iterator[Finding]:
    protocol = dataset.protocols.get(study.protocol) if dataset else None
    for number, name in enumerate(study.models):
        model = recipes["models"].get(name)
        if model is None:
            continue
        reasons: list[str] = []
        if dataset is not None:
            reasons += _model_and_dataset(study, model, dataset)
        if protocol is not None:
            reasons += _model_and_protocol(model, protocol)
        for reason in reasons:
            yield Finding(("models", number), reason, "a model that fits, or change the recipes",
                          value=name)  # fmt: skip


def _generated(dataset: Dataset, protocol: Protocol) -> Iterator[str]:
    """Say why the miniature is too small for the protocol, if so."""
    if dataset.source != "generated" or dataset.generated is None:
        return
    samples = dataset.generated.samples
    if protocol.test.by == "publisher" and not dataset.generated.test_samples:
        yield "tests on the publisher's test set, but generated.test_samples is 0"
    held = (protocol.test.count or 0) + (protocol.validation.count or 0)
    if samples - held < max(1, protocol.folds if protocol.test.by == "none" else 1):
        yield f"holds {held} samples out in {protocol.folds} fold(s) of {samples} generated ones"


def _unknown_metrics(study: Study) -> Iterator[Finding]:
    from segbench.metrics import METRICS  # loads NumPy

    for number, name in enumerate(study.metrics):
        if name not in METRICS:
            yield Finding(("metrics", number), "is not a metric", ", ".join(METRICS),
                          nearest(name, METRICS), name)  # fmt: skip


def _metrics(
    study: Study, dataset: Dataset, formats: Formats, root: Path | None
) -> Iterator[Finding]:
    """Metrics that do not fit the task, or need a pixel spacing that is unknown."""
    from segbench.metrics import METRICS  # loads NumPy

    task = dataset.label_task
    fitting = [name for name, metric in METRICS.items() if task in metric.tasks]
    for number, name in enumerate(study.metrics):
        key = ("metrics", number)
        if name not in METRICS:
            continue
        if name not in fitting:
            needs = "masks" if "semantic" in METRICS[name].tasks else METRICS[name].tasks[0]
            yield Finding(key, f"needs {needs}; the task is {task}", ", ".join(fitting), value=name)
        elif METRICS[name].needs_spacing and lacks_spacing(dataset, root, formats):
            sheet = ", a sheet with spacing_y_mm and spacing_x_mm" * (dataset.format == "folder")
            yield Finding(
                key,
                f"is in millimetres, but {study.dataset} has no pixel spacing",
                f"spacing_um in config/datasets/{study.dataset}.yaml{sheet}, or a metric without "
                "a unit",
                value=name,
            )


def _published(study: Study, dataset: Dataset) -> Iterator[Finding]:
    """Published rows of classes that the dataset has not."""
    scored = dataset.scored_background
    known = [*dataset.label_classes, *([scored] if scored else [])]
    for number, row in enumerate(study.published):
        if not scored and dataset.background and row.of_class == dataset.background.name:
            yield Finding(("published", number, "of_class"),
                          f"is the background of {study.dataset}, which is not scored",
                          f"`scored: true` under `background` in config/datasets/{study.dataset}"
                          f".yaml, or one of {', '.join(known)}", value=row.of_class)  # fmt: skip
        elif row.of_class is not None and row.of_class not in known:
            yield Finding(("published", number, "of_class"), f"is not a class of {study.dataset}",
                          ", ".join(known), nearest(row.of_class, known), row.of_class)  # fmt: skip


def _patches(study: Study, recipes: Recipes) -> Iterator[Finding]:
    """Models whose patch is larger than every image they train on."""
    sizes = {name: recipes["preprocessing"][name].resize for name in study.preprocessing
             if name in recipes["preprocessing"]}  # fmt: skip
    if None in sizes.values() or not sizes:
        return
    largest = [max(getattr(size, side) for size in sizes.values()) for side in ("height", "width")]
    for number, name in enumerate(study.models):
        model = recipes["models"].get(name)
        patch = model.training.patch if model else None
        if patch and any(a > b for a, b in zip(patch, largest, strict=False)):
            yield Finding(
                ("models", number),
                f"has the patch {' x '.join(map(str, patch))}, but {', '.join(sizes)} makes images "
                f"of {' x '.join(map(str, largest))} at most",
                "a model whose training.patch fits into the images, or training.patch: null",
                value=name,
            )


def _dataset(study: Study, dataset: Dataset, used: bool) -> Iterator[Finding]:
    yield from _published(study, dataset)
    protocol = dataset.protocols.get(study.protocol)
    if protocol is None:
        known = sorted(dataset.protocols)
        yield Finding(("protocol",), f"is not a protocol of {study.dataset}", ", ".join(known),
                      nearest(study.protocol, known), study.protocol)  # fmt: skip
        return
    if study.ensemble and (protocol.test.by == "none" or protocol.folds < 2):
        yield Finding(("ensemble",), "needs a fixed test set and folds > 1",
                      f"false with the protocol {study.protocol}", value=True)  # fmt: skip
    for reason in _generated(dataset, protocol) if used else ():
        yield Finding(("protocol",), reason, "more generated samples, or a smaller protocol",
                      value=study.protocol)  # fmt: skip


def check_study(
    study: Study,
    recipes: Recipes,
    names: Names,
    formats: Formats,
    used: bool,
    root: Path | None = None,
) -> list[Finding]:
    """Find what does not fit between a study and its recipes.

    Parameters
    ----------
    study : Study
    recipes : mapping of str to mapping
        Kind -> name -> recipe, those that could be read.
    names : mapping of str to set
        Kind -> names that have a file, valid or not.
    formats : mapping
        Every format by name.
    used : bool
        Whether the main file names the study; the data at hand matter only then.
    root : Path, optional
        Where a relative path to raw files begins; None: no file is looked at.
    """
    dataset = recipes["datasets"].get(study.dataset)
    findings = [*_references(study, names), *_models(study, recipes, dataset)]
    findings += [*_unknown_metrics(study), *_patches(study, recipes)]
    if dataset is not None:
        findings += _dataset(study, dataset, used)
        findings += _metrics(study, dataset, formats, root)
    return findings


def check_policies(studies: Mapping[str, Study]) -> Iterator[tuple[str, str, Finding]]:
    """Find studies that share an arm but score empty masks in different ways.

    Yields
    ------
    study, other : str
        Their names; the finding is about the first.
    finding : Finding
    """
    first: dict[Arm, str] = {}
    found: set[tuple[str, str]] = set()
    for name, study in sorted(studies.items()):
        others = {first.setdefault(arm, name) for arm in study.arms()}
        found |= {(name, other) for other in others if studies[other].empty != study.empty}
    for name, other in sorted(found):
        yield name, other, Finding(
            ("empty",),
            f"must be {studies[other].empty}, as in the study {other}, which shares an arm",
            "the same `empty` in both studies, for an arm is scored once",
            value=studies[name].empty,
        )  # fmt: skip
