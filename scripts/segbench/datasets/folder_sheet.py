"""The sheet of a folder: groups, split, strata, annotated classes and pixel spacing."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Literal

from segbench.artefacts.tsv import split_names
from segbench.cells import lookalikes, unfit
from segbench.errors import SegbenchError

#: Columns of a sheet. Others are ignored.
COLUMNS = (
    "sample",
    "class",
    "group",
    "split",
    "stratum",
    "annotated",
    "spacing_z_mm",
    "spacing_y_mm",
    "spacing_x_mm",
)
_SPACING = ("spacing_z_mm", "spacing_y_mm", "spacing_x_mm")
#: First lines that tell a spreadsheet how cells are separated.
_SEPARATORS = ("sep=;", "sep=,", "sep=\t")


@dataclass(frozen=True)
class Row:
    """Row of a sheet; empty values: not given.

    Attributes
    ----------
    group, stratum, label : str
        Group, stratum, and the class of the whole image.
    split : {"train", "test"}
        `train` where the sheet does not say it.
    spacing_mm : tuple of float or None
        (y, x) or (z, y, x).
    annotated : tuple of str
        Classes that were annotated in the sample; empty: all.
    """

    group: str = ""
    stratum: str = ""
    label: str = ""
    split: Literal["train", "test"] = "train"
    spacing_mm: tuple[float, ...] | None = None
    annotated: tuple[str, ...] = ()


def read_sheet(
    path: Path, samples: Mapping[str, str], classes: Sequence[str] = ()
) -> dict[str, Row]:
    """Read a sheet and check it against the images.

    Parameters
    ----------
    path : Path
        CSV (comma or semicolon) or TSV with the column ``sample``.
    samples : mapping of str to str
        What a sample may be called in the sheet -> its id: its id itself, its path below the
        folder of images, with or without ending; in Unicode's composed form (NFC).
    classes : sequence of str, optional
        What the column ``annotated`` may name; none where samples are annotated whole.

    Returns
    -------
    dict of str to Row
        By the sample's id, one for each.

    Raises
    ------
    SegbenchError
        The sheet cannot be read, has no column ``sample``, names a sample that is not there
        (the nearest is suggested) or one twice, lacks one, has a group on both sides of its
        split, two groups that look the same, a spacing that is not a length, or names an
        annotated class that is none.
    """
    rows: dict[str, Row] = {}
    lines: dict[str, int] = {}
    for number, cells in _table(path):
        name = cells["sample"]
        sample = samples.get(unicodedata.normalize("NFC", name))
        if sample is None:
            near = get_close_matches(name, samples, n=1, cutoff=0.6)
            raise SegbenchError(
                f"{path}: line {number}: there is no image of the sample {name!r}",
                "names of images, without folder and ending",
                f"did you mean {near[0]!r}?" if near else "correct the name, or remove the line",
            )
        if sample in rows:
            raise SegbenchError(
                f"{path}: lines {lines[sample]} and {number} are both of the sample {sample!r}",
                "one line per sample",
                "remove one of the two",
            )
        rows[sample], lines[sample] = _row(path, number, cells, classes), number
    missing = sorted(set(samples.values()) - rows.keys())
    if missing:
        shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise SegbenchError(
            f"{path}: has no line for {len(missing)} of {len(set(samples.values()))} samples: "
            f"{shown}",
            "a line for each image",
            "add the lines, or remove the images",
        )
    _check_lookalikes(path, rows, lines)
    _check_whole_groups(path, rows, lines)
    return rows


def _table(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    """Line number and cells of each line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})",
            "a table of text (CSV or TSV, UTF-8) with the column sample",
            "save the table from your spreadsheet as CSV UTF-8; or set layout.sheet to null",
        ) from error
    head, _, rest = text.partition("\n")
    skipped = int(head.strip().strip('"').lower() in _SEPARATORS)
    if skipped:
        text, head = rest, rest.partition("\n")[0]
    delimiter = max("\t;,", key=head.count)
    # Strict: a cell that begins with a quote and does not end with one would take in what
    # follows it, or lose the quote.
    reader = csv.DictReader(StringIO(text), delimiter=delimiter, strict=True)
    names = [name.strip() for name in reader.fieldnames or []]
    _check_columns(path, names)
    reader.fieldnames = names
    line = 1 + skipped
    try:
        for cells in reader:
            line = reader.line_num + skipped
            if None in cells or any(value is None for value in cells.values()):
                raise SegbenchError(
                    f"{path}: line {line} does not have {len(names)} cells",
                    ", ".join(names),
                    "correct the line; cells that hold the separator need quotes",
                )
            bare = {name: value.strip() for name, value in cells.items()}
            _check_characters(path, line, bare)
            if any(bare.values()):
                yield line, bare
    except csv.Error as error:
        raise SegbenchError(
            f"{path}: the cells from line {line + 1} on: {error}",
            "a table of text; of a cell that begins with a quote, a quote at its end as well",
            "correct the line; a quote in a quoted cell is written twice",
        ) from error


def _check_characters(path: Path, line: int, cells: Mapping[str, str]) -> None:
    """Refuse what could not be written into the sample sheet, where the user can see it."""
    for column in COLUMNS:
        if unfit(cells.get(column, "")):
            raise SegbenchError(
                f"{path}: line {line}, column {column}: {cells[column]!a} holds the character "
                f"{unfit(cells[column])}",
                "text without tabs, line ends and other control characters",
                "correct the cell in the sheet",
            )


def _check_columns(path: Path, names: list[str]) -> None:
    for name in names:
        near = get_close_matches(name.lower(), COLUMNS, n=1, cutoff=0.75)
        if name not in COLUMNS and near and near[0] not in names:
            raise SegbenchError(
                f"{path}: the column {name!r} is unknown",
                f"columns called {', '.join(COLUMNS)}; others are ignored",
                f"did you mean {near[0]!r}?",
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if "sample" not in names or twice:
        raise SegbenchError(
            f"{path}: has the columns {', '.join(names) or 'none'}",
            "the column sample, and each column once",
            "name the columns in the first line",
        )


def _row(path: Path, number: int, cells: Mapping[str, str], classes: Sequence[str]) -> Row:
    split = cells.get("split", "")
    if split not in {"", "train", "test"}:
        raise SegbenchError(
            f"{path}: line {number}: the split is {split!r}",
            "train or test; validation samples are chosen by the protocol",
            "correct the cell",
        )
    return Row(
        group=cells.get("group", ""),
        stratum=cells.get("stratum", ""),
        label=cells.get("class", ""),
        split="test" if split == "test" else "train",
        spacing_mm=_spacing(path, number, cells),
        annotated=_annotated(path, number, cells.get("annotated", ""), classes),
    )


def _annotated(path: Path, number: int, cell: str, classes: Sequence[str]) -> tuple[str, ...]:
    try:
        names = tuple(name.strip() for name in split_names(cell))
    except ValueError:
        names = (cell,)
    for name in names:
        if name not in classes:
            near = get_close_matches(name, classes, n=1, cutoff=0.6)
            raise SegbenchError(
                f"{path}: line {number}: annotated: {name!r} is not a class",
                f"names among {', '.join(classes)}, separated by commas; empty: all of them"
                if classes
                else "an empty cell: in this task samples are annotated whole",
                f"did you mean {near[0]!r}?" if near else "correct the cell",
            )
    return names


def _spacing(path: Path, number: int, cells: Mapping[str, str]) -> tuple[float, ...] | None:
    given = {name: cells[name] for name in _SPACING if cells.get(name)}
    if not given:
        return None
    try:
        # A decimal comma is what spreadsheets write in many countries.
        spacing = tuple(float(text.replace(",", ".")) for text in given.values())
    except ValueError:
        spacing = (0.0,)
    whole = {"spacing_y_mm", "spacing_x_mm"} <= given.keys()
    if not whole or not all(0 < mm < float("inf") for mm in spacing):
        shown = ", ".join(f"{name} {text!r}" for name, text in given.items())
        raise SegbenchError(
            f"{path}: line {number}: {shown}",
            "spacing_y_mm and spacing_x_mm (of volumes also spacing_z_mm), millimetres > 0",
            "correct the cells, or leave them all empty where the spacing is unknown",
        )
    return spacing


def _check_lookalikes(path: Path, rows: Mapping[str, Row], lines: Mapping[str, int]) -> None:
    """Refuse groups that nobody can tell apart: one patient would be on two sides of a split."""
    line = {row.group: lines[sample] for sample, row in rows.items()}
    for one, other in lookalikes(line):
        raise SegbenchError(
            f"{path}: the groups {one!a} (line {line[one]}) and {other!a} (line {line[other]}) "
            "look the same",
            "names of groups that can be told apart",
            "write both in the same way if they are one group, else rename one",
        )


def _check_whole_groups(path: Path, rows: Mapping[str, Row], lines: Mapping[str, int]) -> None:
    first: dict[str, str] = {}
    for sample, row in rows.items():
        other = first.setdefault(row.group or sample, sample)
        if rows[other].split != row.split:
            raise SegbenchError(
                f"{path}: group {row.group!r} is on both sides of the split: line "
                f"{lines[other]} ({other}) is {rows[other].split}, line {lines[sample]} "
                f"({sample}) is {row.split}",
                "all samples of a group (patient, slide, animal) on one side",
                "correct the split; or, if they are independent, give them different groups",
            )
