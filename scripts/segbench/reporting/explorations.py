"""The ``summary.json`` of an exploration, as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segbench.errors import SegbenchError
from segbench.reporting.formats import NONE, number, significant
from segbench.reporting.summaries import read_json

TIMES = "\N{MULTIPLICATION SIGN}"
#: Columns of the table of intensities, of which `quantiles_of` names the keys.
INTENSITIES = ("min", "0.05", "0.5", "0.95", "max")


@dataclass(frozen=True)
class ClassRow:
    """One class; shares in 0...1, None where they do not apply.

    Attributes
    ----------
    size : str
        Median size of an object, with its unit; empty where there are no objects.
    """

    name: str
    samples: int
    share_of_samples: float | None
    share_of_masks: float | None
    share_of_pixels: float | None
    objects: int | None
    size: str


@dataclass(frozen=True)
class Explored:
    """Facts and tables of one exploration.

    Attributes
    ----------
    facts : list of (str, str)
        Name and value.
    classes : list of ClassRow
    pixels : bool
        Whether pixels, not whole images, have classes.
    intensities : list of (str, list of str)
        Channel, and its smallest value, quantiles 0.05, 0.5, 0.95, and largest.
    pictures : list of (str, str)
        Key and title of those that tell something.
    """

    facts: list[tuple[str, str]]
    classes: list[ClassRow]
    pixels: bool
    intensities: list[tuple[str, list[str]]]
    pictures: list[tuple[str, str]]


def _range(values: Mapping[str, Any], unit: str = "") -> str:
    if not values:
        return NONE
    median, low, high = (significant(values[key]) for key in ("0.5", "min", "max"))
    return f"median {median}{unit}, {low} to {high}"


def _size(entry: Mapping[str, Any], unit: str) -> str:
    if not entry.get("object_pixels"):
        return ""
    physical = entry.get("object_mm") or {}
    extra = f" ({significant(physical['0.5'])} {unit})" if physical else ""
    return f"{significant(entry['object_pixels']['0.5'])} px{extra}"


def _spacing(summary: Mapping[str, Any]) -> str:
    known = [entry for entry in summary["spacing"] if entry["spacing_mm"]]
    parts = [
        f" {TIMES} ".join(f"{mm:g}" for mm in entry["spacing_mm"])
        + f" mm ({number(entry['samples'])})"
        for entry in known[:4]
    ]
    more = f"; {len(known) - 4} more" if len(known) > 4 else ""
    return "; ".join(parts) + more if parts else "unknown"


def _facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    groups = summary["groups"]
    facts = [
        ("Images opened", f"{number(summary['images_opened'])} of {number(summary['samples'])}"),
        ("Image sizes", f"{number(len(summary['sizes']))} different"),
        ("Spacing", _spacing(summary)),
        ("Samples per group", _range(groups["samples_per_group"])),
        (
            "Without any class",
            f"{number(summary['empty']['samples'])} samples "
            f"({significant(100 * (summary['empty']['share'] or 0))} %)",
        ),
    ]
    if summary["stacks"]:
        facts.append(("Stacks of slices", number(summary["stacks"])))
    if summary["objects"]:
        facts.append(("Objects per sample", _range(summary["objects_per_sample"])))
    look = summary["appearance"]
    if look["clusters"]:
        sizes = ", ".join(number(entry["samples"]) for entry in look["clusters"])
        facts.append(("By appearance", f"{len(look['clusters'])} groups of {sizes}"))
    return facts


def _classes(summary: Mapping[str, Any]) -> list[ClassRow]:
    volume = any(len(entry["axes"]) == 3 for entry in summary["sizes"])
    return [
        ClassRow(
            name=entry["name"],
            samples=entry["samples"],
            share_of_samples=entry["share_of_samples"],
            share_of_masks=entry["share_of_masks"],
            share_of_pixels=entry.get("share_of_pixels"),
            objects=entry.get("objects"),
            size=_size(entry, "mm³" if volume else "mm²"),
        )
        for entry in summary["classes"]
    ]


def read_exploration(path: str | Path) -> Explored:
    """Read a ``summary.json``.

    Raises
    ------
    SegbenchError
        The file is unreadable, or not of this form.
    """
    summary = read_json(path)
    try:
        return Explored(
            facts=_facts(summary),
            classes=_classes(summary),
            pixels=summary["task"] != "classification",
            intensities=[
                (row["channel"], [significant(row[key]) for key in INTENSITIES])
                for row in summary["intensities"]
            ],
            pictures=[(str(key), str(title)) for key, title in summary["pictures"]],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SegbenchError(
            f"{path}: is no summary of an exploration ({error!r})",
            "what `snakemake explore` writes",
            "delete it and run again",
        ) from error
