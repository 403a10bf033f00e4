"""Which part of the configuration each stage uses: all of it, and nothing more.

A stage's parameters are the slice of the config that can change its outputs, as plain
data. A key that a stage does not read is not in its slice, so changing it reruns nothing.

Ten thousand jobs share a handful of recipes: equal slices are one object, made once. They
are for reading only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from segbench.config.dataset import Dataset

#: Keys written for readers; no stage computes anything from them.
_FOR_READERS = {"description", "title", "licence", "citation", "question"}

#: What a reader needs to list the samples of a tree.
_READING = ("format", "task", "classes", "background", "layout")

#: Parts of a model recipe that each stage reads.
MODEL_PARTS = {
    "train": ("network", "target", "boundary_px", "loss", "training"),
    "predict": ("network", "target", "training", "prediction"),
    "segment": ("target", "instances", "decision"),
}


#: Part of the config (by identity: it never changes), and what was cut out of it.
_MADE: dict[tuple[int, str, tuple[str, ...]], tuple[BaseModel, Any]] = {}


def _once(model: BaseModel, kind: str, names: tuple[str, ...], make: Callable[[], Any]) -> Any:
    """What `make` gives, made once for a part of the config; the part is kept alive."""
    key = (id(model), kind, names)
    if key not in _MADE:
        _MADE[key] = (model, make())
    return _MADE[key][1]


def plain(model: BaseModel | None) -> Any:
    """A typed recipe as JSON-able data, without the words for readers; do not change it."""
    if model is None:
        return None
    return _once(model, "plain", (), lambda: _strip(model.model_dump(mode="json")))


def _strip(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _strip(value) for key, value in data.items() if key not in _FOR_READERS}
    return [_strip(item) for item in data] if isinstance(data, list) else data


def parts(model: BaseModel, names: Iterable[str]) -> dict[str, Any]:
    """Some parts of a typed recipe as JSON-able data; do not change them."""
    wanted = tuple(names)

    def make() -> dict[str, Any]:
        data = model.model_dump(mode="json", include=set(wanted))
        return {name: _strip(data[name]) for name in wanted}

    found: dict[str, Any] = _once(model, "parts", wanted, make)
    return found


def model_slice(model: BaseModel, stage: str) -> dict[str, Any]:
    """What `stage` reads of a model recipe; do not change it.

    Parameters
    ----------
    model : Model
        The whole recipe.
    stage : {"train", "predict", "segment"}
        The stage.
    """

    def make() -> dict[str, Any]:
        data = parts(model, MODEL_PARTS[stage])
        if stage != "predict":
            return data
        # Of the training only this matters: the patch is the tile when none is given, and a
        # network computes as it was trained.
        keys = ("patch", "precision", "deterministic")
        return {**data, "training": {key: data["training"][key] for key in keys}}

    found: dict[str, Any] = _once(model, "slice", (stage,), make)
    return found


def dataset_slice(dataset: BaseModel) -> dict[str, Any]:
    """What the stages before the folds read of a dataset: format, labels, spacing."""
    return parts(dataset, (*_READING, "regions", "spacing_um"))


def source_slice(dataset: BaseModel, root: Path) -> dict[str, Any]:
    """What acquiring reads of a dataset: the source that is chosen, and only that one.

    Parameters
    ----------
    dataset : Dataset
        The dataset.
    root : Path
        A folder that is given by a relative path lies under it.
    """
    data = plain(dataset)
    source = data[data["source"]]
    if data["source"] == "folder":
        source = {"path": str(root / Path(source["path"]).expanduser())}
    return {**parts(dataset, _READING), "source": data["source"], "from": source}


def dataset_from(data: Mapping[str, Any]) -> Dataset:
    """A dataset from a slice of it; what the stage does not read is left empty.

    Parameters
    ----------
    data : mapping
        From `dataset_slice` or `source_slice`.
    """
    known = {
        "title": "-",
        "task": "semantic",
        "classes": [],
        "licence": "-",
        "citation": "-",
        "protocols": {},
        **data,
    }
    if "from" in known:
        known[known["source"]] = known.pop("from")
    return Dataset.model_validate(known)
