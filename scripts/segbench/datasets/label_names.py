"""The classes of the values in label files, by the names in dataset.json."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from segbench.config.dataset import Class, Dataset
from segbench.errors import SegbenchError


def class_of_spelling(
    spellings: Iterable[tuple[str, Iterable[str | int]]], normalise: Callable[[str], str]
) -> dict[str, str]:
    """Look up classes by what they may be called.

    Parameters
    ----------
    spellings : iterable of tuple
        Name of each class, and its spellings.
    normalise : callable
        Maps spellings that mean the same to one.

    Raises
    ------
    SegbenchError
        One spelling is listed for two classes.
    """
    found: dict[str, str] = {}
    for name, labels in spellings:
        for label in labels:
            other = found.setdefault(normalise(str(label)), name)
            if other != name:
                raise SegbenchError(
                    f"classes: {label!r} is a label of {other} and of {name}",
                    "each label in one class",
                    "remove it from the `labels` of one of them",
                )
    return found


def normalised_name(name: str) -> str:
    """Normalise a label's name: case, hyphens, underscores and spaces do not matter.

    Examples
    --------
    >>> normalised_name("Non-Enhancing tumor ") == normalised_name("non_enhancing tumor")
    True
    """
    return re.sub(r"[-_\s]+", " ", folded(name)).strip()


def folded(name: str) -> str:
    r"""A name without the difference of capitals, nor of how its accents are stored.

    Examples
    --------
    >>> folded("Zelle\u0308") == folded("ZELL\u00cb")
    True
    """
    return unicodedata.normalize("NFC", name).casefold()


def class_values(dataset: Dataset, path: Path) -> dict[str, frozenset[int]]:
    """Which values of the label files each class of a dataset consists of.

    Parameters
    ----------
    dataset : Dataset
        Its classes; `labels` are names or values, without them the class's own name counts.
    path : Path
        dataset.json.

    Returns
    -------
    dict of str to frozenset of int
        By the class's name.

    Raises
    ------
    SegbenchError
        A class is not in dataset.json (the nearest name is suggested), or, unless the task
        is `overlapping`, two classes share a value.
    """
    if dataset.task not in {"semantic", "overlapping"}:
        raise SegbenchError(
            f"{path}: read for the task {dataset.task}",
            "task: semantic, or overlapping: this format holds label maps",
            "correct `task` in the dataset's config",
        )
    names = label_values(path)
    sets = {c.name: _values_of(c, names, path) for c in dataset.classes}
    owner: dict[int, str] = {}
    for name, values in sets.items():
        for value in sorted(values):
            if dataset.task == "semantic" and owner.setdefault(value, name) != name:
                raise SegbenchError(
                    f"{path}: the label {value} is in the classes {owner[value]} and {name}",
                    "each label in one class",
                    "use `task: overlapping`, or `regions` made of the classes",
                )
    return sets


def _values_of(one: Class, names: Mapping[str, frozenset[int]], path: Path) -> frozenset[int]:
    by_name = {normalised_name(name): values for name, values in names.items()}
    known = frozenset().union(*names.values()) if names else frozenset()
    found: set[int] = set()
    for wanted in one.labels or (one.name,):
        if isinstance(wanted, int) and wanted in known:
            found.add(wanted)
        elif isinstance(wanted, str) and normalised_name(wanted) in by_name:
            found |= by_name[normalised_name(wanted)]
        else:
            near = get_close_matches(normalised_name(str(wanted)), by_name, n=1, cutoff=0.4)
            hint = next((n for n in names if near and normalised_name(n) == near[0]), None)
            raise SegbenchError(
                f"{path}: has no label {wanted!r}, of the class {one.name!r}",
                f"one of {', '.join(map(repr, names)) or 'the labels, but there are none'}",
                (f"did you mean {hint!r}? " if hint else "")
                + "Correct `classes` in the dataset's config",
            )
    return frozenset(found)


def label_values(path: Path) -> dict[str, frozenset[int]]:
    """Names of the labels and the values that each stands for, as dataset.json has them.

    Parameters
    ----------
    path : Path
        dataset.json; its `labels` are ``{"1": "edema"}`` or ``{"edema": 1, "tumour": [1, 2]}``.

    Raises
    ------
    SegbenchError
        The file is not JSON, or its labels are neither.
    """
    labels = read_dataset_json(path).get("labels")
    try:
        if not isinstance(labels, dict):
            raise TypeError("it has none")
        found: dict[str, set[int]] = defaultdict(set)
        for key, item in labels.items():
            if isinstance(item, str):  # "1": "edema"
                found[item].add(int(key))
            elif isinstance(item, list):  # "tumour": [1, 2]
                found[key].update(int(value) for value in item)
            else:  # "edema": 1
                found[key].add(int(item))
    except (TypeError, ValueError) as error:
        raise SegbenchError(
            f"{path}: its `labels` cannot be read ({error})",
            '"labels": {"1": "NAME"} or {"NAME": 1} or {"NAME": [1, 2]}',
            "restore the publisher's file",
        ) from error
    return {name: frozenset(values) for name, values in found.items()}


def read_dataset_json(path: Path) -> dict[str, Any]:
    """Read a dataset.json.

    Raises
    ------
    SegbenchError
        The file is absent or not a JSON object.
    """
    try:
        data = json.loads(path.read_bytes())
        if not isinstance(data, dict):
            raise ValueError("it is not an object")
    except (OSError, ValueError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "dataset.json", "restore the publisher's file"
        ) from error
    return data


def check_labels_taken(
    dataset: Dataset,
    path: Path,
    sets: Mapping[str, frozenset[int]],
    present: Sequence[int],
    where: Path,
    ignored: Set[int] = frozenset(),
) -> None:
    """Refuse values that belong to no class, unless they are the background or ignored.

    Parameters
    ----------
    dataset : Dataset
        Its `background` may list labels too; 0 and the label `background` always belong to it.
    path : Path
        dataset.json.
    sets : mapping
        From `class_values`.
    present : sequence of int
        Values in a label file.
    where : Path
        The label file, for the message.
    ignored : set of int, optional
        From `ignored_labels`.

    Raises
    ------
    SegbenchError
        Naming the labels, so that none is silently taken for background.
    """
    names = label_values(path)
    background: list[str | int] = [0, "background"]
    if dataset.background is not None:
        background += [dataset.background.name, *dataset.background.labels]
    allowed = _listed(names, background).union(*sets.values(), ignored)
    unknown = [value for value in present if value not in allowed]
    if unknown:
        called = {v: name for name, values in names.items() for v in values if len(values) == 1}
        shown = ", ".join(f"{v} ({called.get(v, f'not in {path.name}')})" for v in unknown)
        raise SegbenchError(
            f"{where}: holds the labels {shown}, which belong to no class",
            f"labels of the classes {', '.join(sets)}",
            "list them in the dataset's config: in `labels` of a class; in "
            "`background: {labels: [...]}`, if they mean that no class is there; or in "
            "`ignore: {labels: [...]}`, if nobody annotated these voxels",
        )


def channel_names(path: Path) -> list[str]:
    """Names of the channels in a dataset.json; empty: it has none."""
    content = read_dataset_json(path)
    names = content.get("channel_names", content.get("modality")) or ()
    return [str(name) for name in (names.values() if isinstance(names, dict) else names)]


def ignored_labels(
    dataset: Dataset, path: Path, sets: Mapping[str, frozenset[int]]
) -> frozenset[int]:
    """Values of the label files that say that nothing was annotated there.

    Parameters
    ----------
    dataset : Dataset
        Its `ignore` lists names or values.
    path : Path
        dataset.json; nnU-Net's label `ignore` counts without being listed.
    sets : mapping
        From `class_values`: what belongs to a class is not ignored.

    Raises
    ------
    SegbenchError
        A name is not in dataset.json.
    """
    listed = dataset.ignore.labels if dataset.ignore is not None else ()
    names = label_values(path)
    for label in listed:
        if isinstance(label, str) and not _listed(names, [label]):
            near = get_close_matches(label, names, n=1, cutoff=0.4)
            raise SegbenchError(
                f"{path}: has no label {label!r}, of `ignore`",
                f"one of {', '.join(map(repr, names))}",
                (f"did you mean {near[0]!r}? " if near else "")
                + "Correct `ignore` in the dataset's config",
            )
    return _listed(names, ["ignore", *listed]).difference(*sets.values())


def _listed(names: Mapping[str, frozenset[int]], labels: Iterable[str | int]) -> frozenset[int]:
    """Values of some labels, each given by its name in dataset.json or its value."""
    wanted = list(labels)
    spelt = {normalised_name(label) for label in wanted if isinstance(label, str)}
    named = (values for name, values in names.items() if normalised_name(name) in spelt)
    return frozenset(label for label in wanted if isinstance(label, int)).union(*named)
