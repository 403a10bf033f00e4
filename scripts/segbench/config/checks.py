"""Checks of one recipe beyond its types: values that contradict each other.

They live apart from the types so that a new check is no change of any stage's code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from segbench.config.augmentation import Amplification, Augmentation, Jitter
from segbench.config.base import Strict
from segbench.config.dataset import FORMATS, Dataset, Download, Fixed, Protocol
from segbench.config.findings import Finding
from segbench.config.model import Model, Schedule
from segbench.config.preprocessing import Preprocessing
from segbench.config.problems import Key, nearest
from segbench.config.study import METRICS, Study

#: A whole commit, as the fragment of a URL.
_COMMIT = re.compile("#[0-9a-f]{40}$")


def repeated(values: Iterable[Any]) -> list[Any]:
    """Give the values that occur more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def _classes(dataset: Dataset) -> Iterator[Finding]:
    names = [label.name for label in dataset.classes]
    values = [label.value for label in dataset.classes]
    if not names:
        yield Finding(("classes",), "is empty", "one class or more")
    if len(names) > 1 and dataset.task == "instances":
        yield Finding(("classes",), "has several classes", "one class: task is instances")
    for number, value in enumerate(values):
        if value == 0:
            yield Finding(("classes", number, "value"), "is the background's", "1 to 255", value=0)
    for what in (*repeated(names), *repeated(values)):
        yield Finding(("classes",), f"has {what!r} twice", "each name and each value once")


def _download(download: Download) -> Iterator[Finding]:
    if "://" not in download.url:
        allowed = "a URL such as https://host/file.zip"
        yield Finding(("download", "url"), "is no URL", allowed, value=download.url)
    elif download.archive == "git" and not _COMMIT.search(download.url):
        allowed = "https://host/repository.git#COMMIT, with the commit's 40 digits"
        yield Finding(("download", "url"), "names no commit", allowed, value=download.url)
    if download.archive == "git" and download.sha256 is not None:
        allowed = "null: the commit in the url verifies the content"
        yield Finding(("download", "sha256"), "has no meaning with archive: git", allowed)


def _dataset(dataset: Dataset) -> Iterator[Finding]:
    if dataset.format not in FORMATS:
        yield Finding(
            ("format",), "is not a format that segbench reads", ", ".join(FORMATS),
            nearest(dataset.format, FORMATS), dataset.format,
        )  # fmt: skip
    if getattr(dataset, dataset.source) is None:
        allowed = f"a block `{dataset.source}:`, or another source"
        yield Finding((dataset.source,), f"is missing, but source is {dataset.source}", allowed)
    yield from _classes(dataset)
    if dataset.spacing_um is not None and min(dataset.spacing_um) <= 0:
        yield Finding(("spacing_um",), "is no length", "two numbers > 0")
    if not dataset.protocols:
        yield Finding(("protocols",), "is empty", "one protocol or more")
    if dataset.download is not None:
        yield from _download(dataset.download)
    for name, protocol in dataset.protocols.items():
        yield from _protocol(protocol, ("protocols", name))


def _fixed(fixed: Fixed, key: Key, choices: tuple[str, ...]) -> Iterator[Finding]:
    """One way to choose samples: the figure it needs and no other."""
    if fixed.by not in choices:
        yield Finding((*key, "by"), "cannot be used here", ", ".join(choices), value=fixed.by)
    for name in ("count", "fraction"):
        value = getattr(fixed, name)
        if fixed.by == name and value is None:
            yield Finding((*key, name), f"is missing, but by is {name}", f"a {name}, or another by")
        if fixed.by != name and value is not None:
            allowed = f"null, or by: {name}"
            yield Finding((*key, name), f"has no meaning with by: {fixed.by}", allowed, value=value)
    if fixed.by == "fraction" and fixed.fraction in (0.0, 1.0):
        yield Finding((*key, "fraction"), "leaves one side empty", "more than 0 and less than 1",
                      value=fixed.fraction)  # fmt: skip


def _protocol(protocol: Protocol, key: Key) -> Iterator[Finding]:
    yield from _fixed(protocol.test, (*key, "test"), ("publisher", "count", "fraction", "none"))
    yield from _fixed(protocol.validation, (*key, "validation"), ("count", "fraction", "none"))
    if protocol.folds == 1 and protocol.test.by == "none":
        yield Finding((*key, "folds"), "leaves nothing to test on",
                      "2 or more (cross-validation), or a test set", value=1)  # fmt: skip
    elif protocol.folds == 1 and protocol.validation.by == "none":
        yield Finding((*key, "validation"), "none needs folds > 1",
                      "count or fraction, or more folds", value="none")  # fmt: skip


def _preprocessing(recipe: Preprocessing) -> Iterator[Finding]:
    if recipe.normalise != "zscore":
        return
    if recipe.dtype != "float32":
        yield Finding(
            ("dtype",), "cannot hold a z-score", "float32, as normalise is zscore",
            value=recipe.dtype,
        )  # fmt: skip
    for name in ("clahe", "gamma"):
        if getattr(recipe, name) is not None:
            yield Finding((name,), "works on values in 0...1", "null, as normalise is zscore")


def _amplification(recipe: Amplification) -> Iterator[Finding]:
    key = ("amplification",)
    shifts = len(recipe.horizontal_shifts) + len(recipe.vertical_shifts)
    counts = (len(recipe.rotations_degrees), len(recipe.flips), shifts)
    product = 1 + counts[0] * counts[1] * counts[2]
    if recipe.copies != product:
        yield Finding(
            (*key, "copies"), "does not agree with the poses and shifts",
            f"{product} = 1 + {counts[0]} rotations x {counts[1]} flips x {counts[2]} shifts",
            value=recipe.copies,
        )  # fmt: skip
    for name in ("rotations_degrees", "flips", "horizontal_shifts", "vertical_shifts"):
        for value in repeated(getattr(recipe, name)):
            yield Finding((*key, name), f"has {value!r} twice", "each value once")


#: Range knob of the jitter -> lowest and highest value, and whether the lowest is allowed.
_RANGES = {
    "rotation_degrees": (-180.0, 180.0, True),
    "shift_fraction": (-1.0, 1.0, True),
    "scale": (0.0, 10.0, False),
    "contrast": (0.0, 10.0, True),
    "gamma": (0.0, 10.0, False),
}


def _jitter(recipe: Jitter) -> Iterator[Finding]:
    for name, (low, high, closed) in _RANGES.items():
        span = getattr(recipe, name)
        if span is None:
            continue
        first, last = span
        if not (low <= first <= last <= high) or (first == low and not closed):
            edge = f"{low:g} {'<=' if closed else '<'} low <= high <= {high:g}"
            yield Finding(("jitter", name), "is no such range", f"[low, high] with {edge}",
                          value=list(span))  # fmt: skip


def _augmentation(recipe: Augmentation) -> Iterator[Finding]:
    if recipe.amplification is not None:
        yield from _amplification(recipe.amplification)
    if recipe.jitter is not None:
        yield from _jitter(recipe.jitter)


def _schedule(schedule: Schedule, epochs: int) -> Iterator[Finding]:
    key = ("training", "schedule")
    if schedule.warmup_epochs >= epochs:
        yield Finding(
            (*key, "warmup_epochs"), "lasts as long as the training",
            f"less than training.epochs, which is {epochs}", value=schedule.warmup_epochs,
        )  # fmt: skip
    if (schedule.name == "steps") != bool(schedule.steps):
        what = "is missing" if schedule.name == "steps" else "has no meaning"
        yield Finding((*key, "steps"), f"{what}: the schedule is {schedule.name}",
                      "a list of [from epoch, learning rate] with name: steps")  # fmt: skip
    starts = [start for start, _ in schedule.steps]
    if starts != sorted(set(starts)) or any(start > epochs for start in starts):
        yield Finding((*key, "steps"), "has epochs in no order, or after the last",
                      f"epochs that rise, up to training.epochs, which is {epochs}",
                      value=starts)  # fmt: skip
    for number, (_, rate) in enumerate(schedule.steps):
        if rate <= 0:
            yield Finding((*key, "steps", number, 1), "is no rate", "a number > 0", value=rate)


def _sides(model: Model) -> Iterator[Finding]:
    """Patches and tiles must survive the poolings."""
    factor = 2**model.network.depth
    for key, sides in (
        (("training", "patch"), model.training.patch),
        (("prediction", "tile"), model.prediction.tile),
    ):
        if sides is not None and any(side % factor for side in sides):
            yield Finding(key, f"is not divisible by {factor} = 2^depth",
                          f"multiples of {factor}, or a smaller network.depth",
                          value=list(sides))  # fmt: skip


def _model(model: Model) -> Iterator[Finding]:
    yield from _sides(model)
    yield from _schedule(model.training.schedule, model.training.epochs)
    method, target = model.instances.method, model.target
    if method == "watershed" and target not in ("foreground_boundary", "foreground_distance"):
        yield Finding(
            ("instances", "method"), f"finds no seeds in the target {target}",
            "components, or target: foreground_boundary or foreground_distance", value=method,
        )  # fmt: skip
    if method != "none" and target == "classes":
        yield Finding(("instances", "method"), "needs a foreground target",
                      "none, or target: foreground...", value=method)  # fmt: skip
    for key, value in (
        (("network", "dropout"), model.network.dropout),
        (("training", "optimizer", "momentum"), model.training.optimizer.momentum),
        (("prediction", "overlap"), model.prediction.overlap),
    ):
        if value >= 1:
            yield Finding(key, "must stay below 1", "a number >= 0 and < 1", value=value)


def _metrics(study: Study) -> Iterator[Finding]:
    for number, metric in enumerate(study.metrics):
        if metric not in METRICS:
            yield Finding(
                ("metrics", number), "is not a metric", ", ".join(METRICS),
                nearest(metric, METRICS), metric,
            )  # fmt: skip
    chosen: list[tuple[Key, str]] = [(("primary",), study.primary)]
    chosen += [(("published", n, "metric"), row.metric) for n, row in enumerate(study.published)]
    for key, metric in chosen:
        if metric not in study.metrics:
            yield Finding(
                key, "is not one of the study's metrics", ", ".join(study.metrics),
                nearest(metric, study.metrics), metric,
            )  # fmt: skip


def _study(study: Study) -> Iterator[Finding]:
    for name in ("preprocessing", "augmentation", "models", "seeds", "metrics"):
        values = getattr(study, name)
        if not values:
            yield Finding((name,), "is empty", "one entry or more")
        for value in repeated(values):
            yield Finding((name,), f"has {value!r} twice", "each entry once")
    yield from _metrics(study)
    for number, seed in enumerate(study.seeds):
        if seed < 0:
            yield Finding(("seeds", number), "is negative", "integers >= 0", value=seed)
    if study.confidence in (0.0, 1.0):
        allowed = "more than 0 and less than 1"
        yield Finding(("confidence",), "gives no interval", allowed, value=study.confidence)


_CHECKS: dict[type[Strict], Callable[[Any], Iterator[Finding]]] = {
    Dataset: _dataset,
    Preprocessing: _preprocessing,
    Augmentation: _augmentation,
    Model: _model,
    Study: _study,
}


def check_recipe(recipe: Strict) -> list[Finding]:
    """Find the contradictions inside one recipe.

    Parameters
    ----------
    recipe : Strict
        A dataset, preprocessing, augmentation, model or study.
    """
    return list(_CHECKS[type(recipe)](recipe))
