"""Which part of the configuration each stage uses: all of it, and nothing more.

A stage's parameters are the slice of the config that can change its outputs, as plain
data. A key that a stage does not read is not in its slice, so changing it reruns nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def plain(model: BaseModel | None) -> Any:
    """A typed recipe as JSON-able data, without the words for readers."""
    return None if model is None else _strip(model.model_dump(mode="json"))


def _strip(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _strip(value) for key, value in data.items() if key not in _FOR_READERS}
    return [_strip(item) for item in data] if isinstance(data, list) else data


def parts(model: BaseModel, names: Iterable[str]) -> dict[str, Any]:
    """Some parts of a typed recipe as JSON-able data."""
    return {name: _strip(model.model_dump(mode="json")[name]) for name in names}


def model_slice(model: BaseModel, stage: str) -> dict[str, Any]:
    """What `stage` reads of a model recipe.

    Parameters
    ----------
    model : Model
        The whole recipe.
    stage : {"train", "predict", "segment"}
        The stage.
    """
    data = parts(model, MODEL_PARTS[stage])
    if stage == "predict":
        # Of the training only this matters: the patch is the tile when none is given, and a
        # network computes as it was trained.
        keys = ("patch", "precision", "deterministic")
        data["training"] = {key: data["training"][key] for key in keys}
    return data


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
