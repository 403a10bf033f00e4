"""Disk usage of a store by stage, study and dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from humanfriendly import format_timespan

from segbench.arms import Arm, is_part_of
from segbench.maintenance.contents import Contents, StoreEntry
from segbench.os_errors import readable_bytes

#: Entries of no study of the configuration.
OTHER = "other"

#: Study -> its arms.
Arms = Mapping[str, Sequence[Arm]]


def studies_of(wildcards: Mapping[str, str], arms: Arms) -> list[str]:
    """The studies that a job serves, by its wildcards; `OTHER` if there is none.

    Examples
    --------
    >>> one = Arm("em", "p", "none", "a", 0, "cv")
    >>> arms = {"size": [one], "depth": [one._replace(model="b")]}
    >>> studies_of({"dataset": "em", "shard": "0"}, arms)
    ['size', 'depth']
    >>> studies_of({"dataset": "em", "model": "b", "fold": "1"}, arms)
    ['depth']
    >>> studies_of({"dataset": "ct"}, arms), studies_of({"study": "size"}, arms)
    (['other'], ['size'])
    """
    if "study" in wildcards:
        return [wildcards["study"]] if wildcards["study"] in arms else [OTHER]
    served = [name for name, of in arms.items() if any(is_part_of(wildcards, arm) for arm in of)]
    return served or [OTHER]


def _use(name: str, entries: list[StoreEntry]) -> dict[str, Any]:
    """Number, bytes, distinct bytes and computing time of some entries."""
    unique = {digest: size for entry in entries for digest, size in entry.objects.items()}
    return {
        "name": name,
        "entries": len(entries),
        "size": sum(entry.size for entry in entries),
        "unique": sum(unique.values()),
        "wall_s": round(sum(entry.wall_s for entry in entries), 3),
        "gpu_s": round(sum(entry.gpu_s for entry in entries), 3),
    }


def _by(
    entries: Iterable[StoreEntry], names: Callable[[StoreEntry], list[str]]
) -> list[dict[str, Any]]:
    groups: dict[str, list[StoreEntry]] = {}
    for entry in entries:
        for name in names(entry):
            groups.setdefault(name, []).append(entry)
    uses = [_use(name, group) for name, group in groups.items()]
    return sorted(uses, key=lambda use: (-use["unique"], use["name"]))


def summary(contents: Contents, arms: Arms) -> dict[str, Any]:
    """Disk usage of a store as plain data.

    Returns
    -------
    dict
        ``total``, and lists ``stages``, ``studies`` and ``datasets``, of ``name``,
        ``entries``, ``size`` and ``unique`` (bytes of all and of distinct outputs), ``wall_s``
        and ``gpu_s`` (wall time of the work, and of work on a GPU). ``orphans``, ``states``
        and ``leftovers`` with ``count`` and ``bytes``; ``damaged`` entries. Without arms every
        entry belongs to the study `OTHER`.
    """
    groups = {
        "stages": _by(contents.entries, lambda entry: [entry.stage]),
        "studies": _by(contents.entries, lambda entry: studies_of(entry.wildcards, arms)),
        "datasets": _by(contents.entries, lambda entry: [entry.wildcards.get("dataset", OTHER)]),
    }
    rest = {
        "orphans": list(contents.orphans().values()),
        "states": list(contents.states.values()),
        "leftovers": contents.leftovers,
    }
    return {
        "total": _use("total", contents.entries),
        **groups,
        **{
            name: {"count": len(items), "bytes": sum(item.size for item in items)}
            for name, items in rest.items()
        },
        "damaged": len(contents.broken),
    }


def summary_text(data: Mapping[str, Any]) -> str:
    """The summary as aligned tables."""
    heading = ("entries", "bytes", "unique", "computing", "on GPUs")
    lines: list[tuple[str, ...]] = []
    for title, key in (("stage", "stages"), ("study", "studies"), ("dataset", "datasets")):
        lines += [(title, *heading), *(_line(use) for use in data[key])]
        lines.append(("",) * 6)
    lines.append(_line(data["total"]))
    text = _aligned(lines)
    for name, words in (
        ("orphans", "objects without an entry"),
        ("states", "states of unfinished work"),
        ("leftovers", "partial files"),
    ):
        if data[name]["count"]:
            text += f"\n{data[name]['count']} {words}: {readable_bytes(data[name]['bytes'])}"
    if data["damaged"]:
        text += f"\n{data['damaged']} damaged entries: run `verify`"
    return text


def _line(use: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(use["name"]),
        str(use["entries"]),
        readable_bytes(use["size"]),
        readable_bytes(use["unique"]),
        format_timespan(use["wall_s"], max_units=2),
        format_timespan(use["gpu_s"], max_units=2) if use["gpu_s"] else "",
    )


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells as a table, the first column to the left, the others to the right."""
    first, *widths = (max(map(len, column)) for column in zip(*lines, strict=True))
    return "\n".join(
        "  ".join([name.ljust(first), *map(str.rjust, cells, widths)]).rstrip()
        for name, *cells in lines
    )
