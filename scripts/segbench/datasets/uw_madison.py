"""UW-Madison GI Tract Image Segmentation, as published (Kaggle 2022).

Found at the raw root or up to four folders below it::

    train.csv                                   id, class, segmentation: three rows a slice
    train/case123/case123_day20/scans/
        slice_0065_266_266_1.50_1.50.png        16-bit grey; width, height, pixel size in mm

The id of a slice is ``case123_day20_slice_0065``. A segmentation is a run-length code, empty
where the organ is not on the slice. Its runs go along rows, whatever the competition's text
says. The three organs may overlap: a label is one mask for each.

A case is a patient, and a group; a day is one scan, and a stack of slices 3 mm apart. A slice
has the stratum ``organs`` or ``empty``. Rows of slices that are not there are allowed, so that
a few cases can be used with the whole table; slices without rows are not.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from segbench.datasets.base import RawSample, Reader
from segbench.datasets.rle import decode
from segbench.datasets.tree import is_junk, locate, subfolders
from segbench.errors import SegbenchError

if TYPE_CHECKING:
    from segbench.config.dataset import Dataset

LAYOUT = "train.csv and train/caseN/caseN_dayM/scans/slice_0001_266_266_1.50_1.50.png"
TABLE, TRAIN = "train.csv", "train"
HEADER = ["id", "class", "segmentation"]

#: The publisher's organs, in the order of train.csv.
ORGANS = ("large_bowel", "small_bowel", "stomach")

#: Distance of the slices in mm; it is not in the files.
SLICE_MM = 3.0

_FETCH = "fetch the table again"
_CASE = re.compile(r"case\d+")
_DAY = re.compile(r"(case\d+)_day\d+")
_SLICE = re.compile(r"slice_(\d+)_(\d+)_(\d+)_(\d+\.\d+)_(\d+\.\d+)\.png")


class Slice(NamedTuple):
    """What the name of a slice's file says.

    Attributes
    ----------
    number : str
        As in the id, with its zeros.
    shape : tuple of int
        Height and width in pixels.
    spacing_mm : tuple of float
        Height and width of a pixel.
    """

    number: str
    shape: tuple[int, int]
    spacing_mm: tuple[float, float]


def parse_name(name: str, where: str) -> Slice:
    """Read a slice's file name.

    Parameters
    ----------
    name : str
        ``slice_NUMBER_WIDTH_HEIGHT_PIXELWIDTH_PIXELHEIGHT.png``.
    where : str
        The file, for the error.

    Raises
    ------
    SegbenchError
        The name is of another form, or a length is 0.

    Examples
    --------
    >>> parse_name("slice_0065_360_310_1.50_1.63.png", "-")
    Slice(number='0065', shape=(310, 360), spacing_mm=(1.63, 1.5))
    """
    match = _SLICE.fullmatch(name)
    if match is not None:
        shape = (int(match[3]), int(match[2]))
        spacing = (float(match[5]), float(match[4]))
        if min(shape) > 0 and min(spacing) > 0:
            return Slice(match[1], shape, spacing)
    raise SegbenchError(
        f"{where}: this name does not say number, size and spacing",
        "slice_0065_266_266_1.50_1.50.png: number, width, height, pixel width and height in mm",
        "restore the publisher's name, or remove what does not belong there",
    )


def _is_base(folder: Path) -> bool:
    return (folder / TABLE).is_file() and (folder / TRAIN).is_dir()


class UwMadison(Reader):
    """Reader of the UW-Madison slices; see the module for the layout.

    Parameters
    ----------
    organs : tuple of str
        Names in train.csv of the masks that a label consists of, in their order.
    """

    spacing_in_files = True
    takes_submissions = True

    def __init__(self, organs: tuple[str, ...]) -> None:
        for organ in organs:
            if organ not in ORGANS:
                raise _unknown(organ, "the dataset's classes")
        self._organs = organs

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Make the reader for the classes of a dataset: named as in train.csv, or by `labels`.

        Raises
        ------
        SegbenchError
            A class is none of the publisher's, or consists of several of them.
        """
        organs = []
        for label in dataset.classes:
            names = label.labels or (label.name,)
            if len(names) > 1:
                raise SegbenchError(
                    f"class {label.name} of the dataset's config consists of {len(names)} labels",
                    f"one of {', '.join(ORGANS)}: the organs are masks of their own",
                    "give each organ a class",
                )
            organs.append(str(names[0]))
        return cls(tuple(organs))

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the slices from file names alone, sorted by id.

        Raises
        ------
        SegbenchError
            The folders or the table are not there, or a file has a strange name or is there
            twice.
        """
        base = locate(root, _is_base, LAYOUT)
        table = (base / TABLE).relative_to(root).as_posix()
        found: dict[str, RawSample] = {}
        for day in _days(base / TRAIN):
            scans, group, stack = day / "scans", day.parent.name, day.name
            folder = scans.relative_to(root).as_posix()
            for name in _pngs(scans):
                number = parse_name(name, f"{scans}/{name}").number
                sample = f"{stack}_slice_{number}"
                if sample in found:
                    raise SegbenchError(
                        f"{scans}/{name}: slice {number} is there twice",
                        f"one file a slice; the other is {found[sample].images[0]}",
                        "remove one of the two",
                    )
                found[sample] = RawSample(
                    sample=sample,
                    images=(f"{folder}/{name}",),
                    labels=(table,),
                    group=group,
                    stack=stack,
                    position=int(number),
                )
        if not found:
            raise SegbenchError(
                f"{base / TRAIN}: there are no slices", LAYOUT, "fetch the dataset again"
            )
        yield from (found[sample] for sample in sorted(found))

    def is_table(self, name: str) -> bool:
        """Whether a file is train.csv."""
        return name.rpartition("/")[2] == TABLE

    def rows_of(self, root: Path, name: str, samples: Iterable[RawSample]) -> dict[str, str]:
        """Organs and codes of each slice, see `segbench.datasets.base.Reader.rows_of`."""
        path = root / name
        table = _table(path, path.stat().st_mtime_ns)
        known = ((raw.sample, table.get(raw.sample, {})) for raw in samples)
        return {
            sample: "".join(f"{organ},{rows[organ][1]}\n" for organ in sorted(rows))
            for sample, rows in known
            if rows
        }

    def read_image(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the slice.

        Returns
        -------
        ndarray
            (y, x, 1), uint16.

        Raises
        ------
        SegbenchError
            The file cannot be decoded, is not 16-bit grey, or has another size than its name
            says.
        """
        from segbench.datasets.pixels import read_pixels

        path = root / raw.images[0]
        shape = parse_name(path.name, str(path)).shape
        pixels = read_pixels(path)
        if pixels.ndim != 2 or pixels.dtype != np.uint16:
            kind = "x".join(map(str, pixels.shape))
            raise SegbenchError(
                f"{path}: {pixels.dtype} pixels in {kind}",
                "grey pixels of 16 bits",
                "restore the publisher's file",
            )
        if pixels.shape != shape:
            raise SegbenchError(
                f"{path}: is {pixels.shape[1]} wide and {pixels.shape[0]} high",
                f"{shape[1]} wide and {shape[0]} high, as its name says",
                "restore the publisher's file; slices must not be resized or turned",
            )
        return pixels[..., None]

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the masks of the organs from the table.

        Returns
        -------
        ndarray
            (y, x, organ), uint8, 0 and 1.

        Raises
        ------
        SegbenchError
            The table or a row of it is wrong, or the slice lacks the row of an organ; with
            file and line.
        """
        path = root / raw.labels[0]
        rows = _table(path, path.stat().st_mtime_ns).get(raw.sample, {})
        missing = [organ for organ in ORGANS if organ not in rows]
        if missing:
            raise SegbenchError(
                f"{path}: {raw.sample} has no row for {', '.join(missing)}",
                f"a row for each of {', '.join(ORGANS)}, with an empty segmentation where the "
                "organ is not on the slice",
                "fetch the table again, or remove the slice",
            )
        image = root / raw.images[0]
        shape = parse_name(image.name, str(image)).shape
        label = np.zeros((*shape, len(self._organs)), np.uint8)
        for place, organ in enumerate(self._organs):
            line, text = rows[organ]
            if text:
                label[..., place] = decode(text, shape, "row", f"{path}: line {line}")
        return label

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Give ``organs`` where an organ is on the slice, else ``empty``."""
        return "organs" if label.any() else "empty"

    def spacing_mm(self, root: Path, raw: RawSample) -> tuple[float, float, float]:
        """Size of a voxel (z, y, x): slices 3 mm apart, pixels as the file's name says."""
        path = root / raw.images[0]
        return (SLICE_MM, *parse_name(path.name, str(path)).spacing_mm)


def _days(train: Path) -> Iterator[Path]:
    """Folders of the scans: train/caseN/caseN_dayM."""
    for case in subfolders(train):
        for day in subfolders(train / case):
            match = _DAY.fullmatch(day)
            if not _CASE.fullmatch(case) or match is None or match[1] != case:
                raise SegbenchError(
                    f"{train / case / day}: is no scan of a case",
                    "train/case123/case123_day20",
                    "restore the publisher's name, or remove what does not belong there",
                )
            yield train / case / day


def _pngs(folder: Path) -> list[str]:
    """Names of the PNG files of a folder, sorted; empty without the folder."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(
            e.name for e in entries if e.name.lower().endswith(".png") and not is_junk(e.name)
        )


def _unknown(organ: str, where: str) -> SegbenchError:
    near = get_close_matches(organ, ORGANS, n=1)
    return SegbenchError(
        f"{where}: the class {organ!r} is none of the publisher's",
        ", ".join(ORGANS),
        f"did you mean {near[0]!r}?" if near else "use one of them",
    )


@lru_cache(maxsize=1)
def _table(path: Path, changed: int) -> Mapping[str, Mapping[str, tuple[int, str]]]:
    """Slice -> organ -> line number and run-length code; read once a process and content."""
    found: dict[str, dict[str, tuple[int, str]]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.reader(handle, strict=True)
            if next(reader, None) != HEADER:
                raise SegbenchError(
                    f"{path}: line 1 is not the publisher's", ",".join(HEADER), _FETCH
                )
            for row in reader:
                _enter(found, row, reader.line_num, f"{path}: line {reader.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "the publisher's table", _FETCH
        ) from error
    return found


def _enter(
    found: dict[str, dict[str, tuple[int, str]]], row: list[str], line: int, where: str
) -> None:
    """Put one row into the table."""
    if len(row) != len(HEADER):
        raise SegbenchError(f"{where} has {len(row)} fields", ",".join(HEADER), _FETCH)
    sample, organ, text = row
    if organ not in ORGANS:
        raise _unknown(organ, where)
    rows = found.setdefault(sample, {})
    if organ in rows:
        raise SegbenchError(
            f"{where}: {sample}, {organ} is also on line {rows[organ][0]}",
            "one row for each slice and organ",
            _FETCH,
        )
    rows[organ] = (line, text)


#: The reader of this format.
READER = UwMadison
