"""UW-Madison GI Tract Image Segmentation, as published (Kaggle 2022).

Found at the raw root or up to four folders below it::

    train.csv                                   id, class, segmentation: three rows per slice
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

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from segbench.datasets.base import RawSample, Reader, sorted_by_id
from segbench.datasets.rle import decode
from segbench.datasets.run_table import FETCH, read_rows
from segbench.datasets.tree import locate, pictures, subfolders
from segbench.decoders.registry import read
from segbench.errors import SegbenchError

if TYPE_CHECKING:
    from segbench.config.dataset import Dataset

LAYOUT = "train.csv and train/caseN/caseN_dayM/scans/slice_0001_266_266_1.50_1.50.png"
TABLE, TRAIN = "train.csv", "train"
HEADER = "id,class,segmentation"

#: The publisher's organs, in the order of train.csv.
ORGANS = ("large_bowel", "small_bowel", "stomach")

#: Distance of the slices in mm; it is not in the files.
SLICE_MM = 3.0

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
            A class is not one of the publisher's, or consists of several of them.
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
        found = []
        for day in _days(base / TRAIN):
            for name in pictures(day / "scans", {".png"}):
                path = day / "scans" / name
                number = parse_name(name, str(path)).number
                raw = RawSample.below(
                    root, f"{day.name}_slice_{number}", [path], [base / TABLE],
                    group=day.parent.name, stack=day.name, position=int(number),
                )  # fmt: skip
                found.append(raw)
        if not found:
            raise SegbenchError(
                f"{base / TRAIN}: there are no slices", LAYOUT, "fetch the dataset again"
            )
        yield from sorted_by_id(root, found)

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
        path = root / raw.images[0]
        shape = parse_name(path.name, str(path)).shape
        pixels = read(path).pixels
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
                    f"{train / case / day}: is not a scan of a case",
                    "train/case123/case123_day20",
                    "restore the publisher's name, or remove what does not belong there",
                )
            yield train / case / day


def _unknown(organ: str, where: str) -> SegbenchError:
    near = get_close_matches(organ, ORGANS, n=1)
    return SegbenchError(
        f"{where}: the class {organ!r} is not one of the publisher's",
        ", ".join(ORGANS),
        f"did you mean {near[0]!r}?" if near else "use one of them",
    )


@lru_cache(maxsize=1)
def _table(path: Path, changed: int) -> Mapping[str, Mapping[str, tuple[int, str]]]:
    """Slice -> organ -> line number and run-length code; read once per process and content."""
    found: dict[str, dict[str, tuple[int, str]]] = {}
    for line, (sample, organ, text) in read_rows(path, HEADER):
        if organ not in ORGANS:
            raise _unknown(organ, f"{path}: line {line}")
        rows = found.setdefault(sample, {})
        if organ in rows:
            raise SegbenchError(
                f"{path}: line {line}: {sample}, {organ} is also on line {rows[organ][0]}",
                "one row for each slice and organ",
                FETCH,
            )
        rows[organ] = (line, text)
    return found


#: The reader of this format.
READER = UwMadison
