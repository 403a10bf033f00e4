"""Which part of the configuration each stage uses: all of it, and nothing more.

A stage's parameters are the slice of the config that can change its outputs, as plain
data. A key that a stage does not read is not in its slice, so changing it reruns nothing.

Ten thousand jobs share a handful of recipes: a slice is made once, and is read-only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel

from segbench.config.dataset import Dataset
from segbench.stages import STAGES

#: Keys written for readers; no stage computes anything from them.
_FOR_READERS = {"description", "title", "licence", "citation", "question"}

#: What a reader needs to list the samples of a tree.
_READING = ("format", "task", "classes", "background", "ignore", "layout")

#: Slices by recipe and names. Recipes are frozen but hold dicts, which have no hash, so the key
#: is their identity; they are kept alive here, so that no other object gets the same one.
_MADE: dict[tuple[int, tuple[str, ...]], tuple[BaseModel, dict[str, Any]]] = {}


class _ReadOnly(dict[str, Any]):
    """A dict that many jobs share; pickled or copied, it is a plain one."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a slice of the configuration is shared: change a copy of it")

    __setitem__ = __delitem__ = __ior__ = _refuse  # type: ignore[assignment]
    update = setdefault = pop = popitem = clear = _refuse  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, ({**self},)


def _freeze(data: Any) -> Any:
    """JSON-able data without the words for readers, read-only: lists become tuples."""
    if isinstance(data, dict):
        return _ReadOnly({k: _freeze(v) for k, v in data.items() if k not in _FOR_READERS})
    return tuple(map(_freeze, data)) if isinstance(data, list) else data


def parts(model: BaseModel, names: tuple[str, ...] = ()) -> dict[str, Any]:
    """Some parts of a recipe as read-only data, without the words for readers.

    Parameters
    ----------
    model : BaseModel
        The recipe.
    names : tuple of str, optional
        Of its parts, all by default; ``part.key`` is one key of a part.
    """
    if (id(model), names) not in _MADE:
        data = model.model_dump(mode="json")
        found: dict[str, Any] = {}
        for name in names or data:
            part, _, key = name.partition(".")
            if key:
                found.setdefault(part, {})[key] = data[part][key]
            else:
                found[part] = data[part]
        _MADE[id(model), names] = model, _freeze(found)
    return _MADE[id(model), names][1]


def plain(model: BaseModel | None) -> dict[str, Any] | None:
    """A whole recipe as `parts` gives it; None where there is none."""
    return None if model is None else parts(model)


def model_slice(model: BaseModel, stage: str) -> dict[str, Any]:
    """What a stage reads of a model recipe, see `segbench.stages.Stage.model`."""
    return parts(model, STAGES[stage].model)


def inventory_slice(dataset: BaseModel) -> dict[str, Any]:
    """What listing the raw files reads of a dataset."""
    return parts(dataset, _READING)


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
    data = parts(dataset)
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
