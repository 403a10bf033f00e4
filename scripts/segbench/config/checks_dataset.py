"""Checks of one dataset beyond its types: values that contradict each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from segbench.cells import lookalikes, unfit, visible
from segbench.config.dataset import Dataset, Download, Fixed, Formats, Layout, Protocol
from segbench.config.findings import Finding
from segbench.config.problems import Key, nearest
from segbench.unannotated import UNANNOTATED

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
            yield Finding(("classes", number, "value"), "is the background's", "1 to 254", value=0)
        if value == UNANNOTATED:
            yield Finding(("classes", number, "value"), "marks pixels that were not annotated",
                          "1 to 254; the value in the files is given by `labels`",
                          value=value)  # fmt: skip
    background = dataset.background
    names += [background.name] if background else []
    for what in (*repeated(names), *repeated(values)):
        yield Finding(("classes",), f"has {what!r} twice", "each name and each value once")
    yield from _readable("classes", names)
    yield from _readable("regions", dataset.regions)
    labels = [label for item in dataset.classes for label in item.labels]
    labels += background.labels if background else ()
    for what in repeated(labels):
        yield Finding(("classes",), f"gives the label {what!r} to two classes", "each label once")
    for number, label in enumerate(dataset.ignore.labels if dataset.ignore else ()):
        if label in labels:
            yield Finding(("ignore", "labels", number), "is the label of a class, too",
                          "labels of pixels that were not annotated", value=label)  # fmt: skip


def _readable(key: str, names: Iterable[str]) -> Iterator[Finding]:
    """Names that a table cannot hold, or a reader not tell apart."""
    for name in names:
        if not visible(name) or unfit(name):
            what = f"has {name!a}, which holds {unfit(name) or 'nothing that can be seen'}"
            yield Finding((key,), what, "names without tabs, line ends and the like")
    for one, other in lookalikes(names):
        yield Finding((key,), f"has {one!a} and {other!a}, which look the same",
                      "names that can be told apart")  # fmt: skip


def _regions(dataset: Dataset) -> Iterator[Finding]:
    if dataset.regions and dataset.task != "semantic":
        yield Finding(("regions",), f"are sets of labels, but the task is {dataset.task}",
                      "no regions, or task: semantic")  # fmt: skip
    known = [label.name for label in dataset.classes]
    for region, names in dataset.regions.items():
        if not names:
            yield Finding(("regions", region), "is empty", "one class or more")
        for number, name in enumerate(names):
            if name not in known:
                yield Finding(("regions", region, number), "is not a class", ", ".join(known),
                              nearest(name, known), name)  # fmt: skip


def _layout(layout: Layout, name: str) -> Iterator[Finding]:
    if name not in {"folder", "msd"}:
        yield Finding(("layout",), f"has no meaning with format: {name}",
                      "null: the publisher's layout is known")  # fmt: skip
    if name == "msd":
        for key in sorted(layout.model_fields_set - {"axes", "dataset", "level"}):
            yield Finding(("layout", key), "has no meaning with format: msd",
                          "axes, dataset and level: the folders are known")  # fmt: skip
    axes = layout.axes
    if axes is not None and (
        not {"y", "x"} <= set(axes) <= set("zyxc") or len(set(axes)) < len(axes)
    ):
        yield Finding(("layout", "axes"), "is not an order of axes",
                      "y, x, and at most z (slices) and c (channels), as the arrays are stored, "
                      "e.g. zyx or cyx", value=axes)  # fmt: skip


def _download(download: Download) -> Iterator[Finding]:
    if "://" not in download.url:
        allowed = "a URL such as https://host/file.zip"
        yield Finding(("download", "url"), "is not a URL", allowed, value=download.url)
    elif download.archive == "git" and not _COMMIT.search(download.url):
        allowed = "https://host/repository.git#COMMIT, with the commit's 40 digits"
        yield Finding(("download", "url"), "names no commit", allowed, value=download.url)
    if download.archive == "git" and download.sha256 is not None:
        allowed = "null: the commit in the url verifies the content"
        yield Finding(("download", "sha256"), "has no meaning with archive: git", allowed)


def check_format(dataset: Dataset, formats: Formats) -> Iterator[Finding]:
    """Find a dataset in a format that there is not."""
    if dataset.format not in formats:
        yield Finding(
            ("format",), "is not a format that segbench reads", ", ".join(formats),
            nearest(dataset.format, formats), dataset.format,
        )  # fmt: skip
    elif dataset.ignore is not None and not formats[dataset.format].ignores_labels:
        able = ", ".join(name for name, one in formats.items() if one.ignores_labels)
        yield Finding(("ignore",), f"has no meaning with format: {dataset.format}",
                      f"null, or one of the formats {able}")  # fmt: skip


def check_dataset(dataset: Dataset) -> Iterator[Finding]:
    """Find the contradictions inside one dataset."""
    if getattr(dataset, dataset.source) is None:
        allowed = f"a block `{dataset.source}:`, or another source"
        yield Finding((dataset.source,), f"is missing, but source is {dataset.source}", allowed)
    yield from _classes(dataset)
    yield from _regions(dataset)
    if dataset.layout is not None:
        yield from _layout(dataset.layout, dataset.format)
    if dataset.background is not None and dataset.task != "semantic":
        yield Finding(("background",), "is of label maps only",
                      f"null, as the task is {dataset.task}")  # fmt: skip
    elif dataset.scored_background and dataset.regions:
        yield Finding(("background", "scored"), "does not go with regions, which may overlap",
                      "false", value=True)  # fmt: skip
    if dataset.ignore is not None and dataset.task == "classification":
        yield Finding(("ignore",), "is of pixels, but the task is classification", "null")
    if dataset.spacing_um is not None and min(dataset.spacing_um) <= 0:
        yield Finding(("spacing_um",), "is not a length", "two numbers > 0")
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
    if protocol.stratify_by != "stratum" and not protocol.stratify:
        yield Finding((*key, "stratify_by"), "has no meaning without stratify", "stratify: true",
                      value=protocol.stratify_by)  # fmt: skip
    if protocol.order == "listed":
        for name, clash in (
            ("test.by", protocol.test.by == "none"),
            ("folds", protocol.folds > 1),
            ("stratify", protocol.stratify),
        ):
            if clash:
                yield Finding((*key, "order"), f"does not go with {name} as it is",
                              "shuffled, or one fold with a test set and no stratify",
                              value="listed")  # fmt: skip
    if protocol.folds == 1 and protocol.test.by == "none":
        yield Finding((*key, "folds"), "leaves nothing to test on",
                      "2 or more (cross-validation), or a test set", value=1)  # fmt: skip
    elif protocol.folds == 1 and protocol.validation.by == "none":
        yield Finding((*key, "validation"), "none needs folds > 1",
                      "count or fraction, or more folds", value="none")  # fmt: skip
