"""Which array of a Zarr store is meant: an image, a label, a series, or a plain array."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segbench.decoders.decoder import Choices
from segbench.errors import SegbenchError


@dataclass(frozen=True)
class Node:
    """A group with OME metadata of an image, or a plain array.

    Attributes
    ----------
    item : zarr.Group or zarr.Array
    ome : dict
        The OME metadata: of 0.5 the attribute ``ome``, of 0.4 all attributes. Empty: none.
    """

    item: Any
    ome: dict[str, Any]


def find_node(path: Path, choices: Choices) -> Node:
    """Find the image or array in a store.

    Parameters
    ----------
    path : Path
        The folder of the store.
    choices : Choices
        `dataset` is the name of a label, or any path in the store.

    Raises
    ------
    SegbenchError
        There is none, or several and none is named.
    """
    item = _open(path)
    if choices.dataset is not None:
        item = _named(path, item, choices.dataset)
    while not _is_array(item):
        ome = ome_of(item)
        if "multiscales" in ome:
            return Node(item, ome)
        item = item[_only(path, item, ome)]
    return Node(item, {})


def names_in(path: Path) -> list[str]:
    """Names that `Choices.dataset` can take; those of an image's levels are left out."""
    item = _open(path)
    names = _members(item)
    if not _is_array(item) and "multiscales" in ome_of(item):
        return [name for name in names if name.startswith("labels/")]
    return names


def ome_of(group: Any) -> dict[str, Any]:
    """The OME metadata of a group."""
    attributes = group.attrs.asdict()
    found = attributes.get("ome", attributes)
    return dict(found) if isinstance(found, dict) else {}


def _open(path: Path) -> Any:
    import zarr

    if path.is_file():
        raise SegbenchError(
            f"{path}: is a file", "a folder, as Zarr stores are",
            "unpack it if it is a zip file, or copy the folder again",
        )  # fmt: skip
    if not path.is_dir():
        raise FileNotFoundError(path)
    if not any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray")):
        raise SegbenchError(
            f"{path}: the folder holds no Zarr metadata",
            "zarr.json (Zarr 3), or .zgroup or .zarray (Zarr 2), in it",
            "copy the whole folder again, with its hidden files",
        )
    return zarr.open(path, mode="r", use_consolidated=False)


def _is_array(item: Any) -> bool:
    import zarr

    return isinstance(item, zarr.Array)


def _named(path: Path, item: Any, name: str) -> Any:
    """The member of this path, or the label of this name."""
    if not _is_array(item):
        for place in (name, f"labels/{name}"):
            if place in item:
                return item[place]
    raise SegbenchError(
        f"{path}: holds no {name!r}",
        f"one of {', '.join(_members(item)) or 'no names: it is a single array'}",
        "correct `layout: {dataset: ...}` in the dataset's config, or leave it out",
    )


def _members(item: Any) -> list[str]:
    """Names that `Choices.dataset` can take: the members of a group, and its labels."""
    if _is_array(item):
        return []
    found = sorted(name for name in item if name not in ("labels", "OME"))
    if "labels" in item:
        found += [f"labels/{name}" for name in sorted(item["labels"])]
    return found


def _only(path: Path, group: Any, ome: dict[str, Any]) -> str:
    """The one member of a group without an image of its own."""
    if "plate" in ome or "well" in ome:
        raise _of_plate(path, ome)
    if isinstance(ome.get("labels"), list):
        names, kind = [str(name) for name in ome["labels"]], "labels"
    elif "bioformats2raw.layout" in ome:
        names, kind = _series(group), "series"
    else:
        names, kind = _members(group), "groups and arrays without OME metadata"
    if len(names) == 1 and names[0] in group:
        return names[0]
    raise SegbenchError(
        f"{path}: holds {len(names)} {kind}{': ' if names else ''}{', '.join(names[:8])}",
        "one image or label",
        "name the one to read, `layout: {dataset: '"
        f"{names[0] if names else 'NAME'}'}}` in the dataset's config, or save each as a .zarr of "
        "its own",
    )


def _series(group: Any) -> list[str]:
    """Series of a store that bioformats2raw wrote, listed or numbered from 0."""
    if "OME" in group:
        listed = ome_of(group["OME"]).get("series")
        if isinstance(listed, list):
            return [str(name) for name in listed]
    return sorted((name for name in group if name.isdigit()), key=int)


def _of_plate(path: Path, ome: dict[str, Any]) -> SegbenchError:
    if "plate" in ome:
        wells = [str(one.get("path")) for one in ome["plate"].get("wells", [])]
        example = f"{wells[0] if wells else 'A/1'}/0"
        kind = f"plate of {len(wells)} wells"
    else:
        fields = [str(one.get("path")) for one in ome["well"].get("images", [])]
        example, kind = "PLATE/FIELD", f"well of {len(fields)} fields"
    return SegbenchError(
        f"{path}: a {kind}, not one image",
        "one image per .zarr",
        f"copy or link each field's folder, e.g. {example}, to a NAME.zarr of its own; or read one "
        f"field with `layout: {{dataset: '{example}'}}` in the dataset's config",
    )
