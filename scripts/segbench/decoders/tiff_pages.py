"""Which picture or volume a TIFF file holds, and whether all of it is there."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.decoder import Choices
from segbench.decoders.faults import naming
from segbench.errors import SegbenchError

#: Names of pictures that slide scanners, and the converters of their files, put beside the image.
BESIDE = frozenset(
    {"thumbnail", "label", "macro", "map", "overview", "label image", "macro image",
     "overview image", "thumbnail image"}
)  # fmt: skip

#: Descriptions that say the axes; the kind of tifffile's series says which one was followed.
_SAYING = {"shaped": "tifffile", "ome": "OME", "imagej": "ImageJ"}

#: What tifffile logs where `_check_followed` says it better.
_CHECKED = ("ImageJ series metadata invalid", "invalid shaped series metadata")


@dataclass(frozen=True)
class Picture:
    """A picture or volume of an open file, at one level of its pyramid.

    Attributes
    ----------
    pages : sequence of tifffile.TiffPage
        In stored order.
    head : tifffile.TiffPage
        First page at full size; its tags count for all.
    series : tifffile.TiffPageSeries or None
        What tifffile takes for one picture; None for pages that were appended one by one.
    axes : str
        tifffile's letters of the stored axes, without axes of length 1 other than Y and X.
    shape : tuple of int
        Of these axes.
    factors : dict of str to float
        How many pixels of full size a pixel of this level covers along Y and X.
    index : int
        Of the series in the file.
    notes : tuple of str
        What was passed over.
    """

    pages: Sequence[Any]
    head: Any
    series: Any
    axes: str
    shape: tuple[int, ...]
    factors: dict[str, float]
    index: int = 0
    notes: tuple[str, ...] = ()

    @property
    def keyframe(self) -> Any:
        """The page that says how all are stored."""
        return self.pages[0].keyframe


@contextmanager
def open_tiff(path: Path, description: str | None = None) -> Iterator[Any]:
    """Open a TIFF file; whatever its library raises becomes an error that names the file.

    Parameters
    ----------
    path : Path
    description : str or None
        OME-XML that lies in another file.

    Yields
    ------
    tifffile.TiffFile
    """
    import tifffile

    slips = (
        TypeError, AttributeError, LookupError, ArithmeticError, RuntimeError, MemoryError,
        AssertionError, ImportError,
    )  # fmt: skip
    with naming(path, "TIFF file", *slips), _complaints() as said:
        with tifffile.TiffFile(path, omexml=description) as file:
            if not len(file.pages):
                raise ValueError("it holds no picture")
            yield file
        if said:
            raise ValueError(said[0])


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Errors that tifffile logs instead of raising them: it goes on with fewer pages or tags."""
    handler, logger = _Listener(), logging.getLogger("tifffile")
    logger.addHandler(handler)
    try:
        yield handler.said
    finally:
        logger.removeHandler(handler)


class _Listener(logging.Handler):
    """Keeps the errors of its own thread."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []
        self.thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.thread == self.thread and not any(part in message for part in _CHECKED):
            self.said.append(message)


def pick(path: Path, file: Any, choices: Choices) -> Picture:
    """Find the one picture or volume of a file.

    Parameters
    ----------
    path : Path
        For errors.
    file : tifffile.TiffFile
    choices : Choices
        `level` chooses a level of the pyramid; `axes` of the user replace a description that
        does not fit the pages.

    Raises
    ------
    SegbenchError
        The file holds several pictures that are not slices of one volume, or its description
        does not fit.
    """
    every = [one for series in file.series for one in (series, *_unmarked(series, False))]
    if not choices.axes:
        _check_followed(path, file, every)
    kept, notes = _without_beside(every)
    if len(kept) > 1:
        return _appended(path, kept, notes, choices)
    (whole,) = kept
    notes += tuple(f"takes {_described(one)} for a level of it" for one in _unmarked(whole, True))
    _check_level(path, choices.level, len(whole.levels))
    series = whole.levels[choices.level]
    axes, shape = squeezed(series.axes, series.shape)
    factors = _factors(whole, series) if choices.level else {}
    return Picture(
        series, whole.keyframe, series, axes, shape, factors, every.index(whole), notes
    )  # fmt: skip


def _unmarked(series: Any, tiled: bool) -> list[Any]:
    """Pages, in tiles or not, that tifffile takes for levels of a pyramid by their size alone.

    Pyramids are in tiles; pages in strips are pictures of their own.
    """
    if series.kind != "generic":
        return []
    pages = [(level, level.keyframe) for level in series.levels[1:]]
    unmarked = [(level, page) for level, page in pages if not (page.is_reduced or page.is_subifd)]
    return [level for level, page in unmarked if page.is_tiled == tiled]


def squeezed(axes: str, shape: Sequence[int]) -> tuple[str, tuple[int, ...]]:
    """Axes and shape without axes of length 1, Y and X apart."""
    kept = [
        (axis, size) for axis, size in zip(axes, shape, strict=True) if size != 1 or axis in "YX"
    ]
    return "".join(axis for axis, _ in kept), tuple(size for _, size in kept)


def read_stored(picture: Picture) -> np.ndarray:
    """All pixels, on the axes of `Picture.axes`, native byte order."""
    if picture.series is not None:
        pixels = np.asarray(picture.series.asarray())
    else:
        pixels = np.stack([page.asarray() for page in picture.pages])
    return pixels.reshape(picture.shape)


def _check_level(path: Path, level: int, count: int) -> None:
    if level >= count:
        raise SegbenchError(
            f"{path}: has {count} level(s), and level {level} was asked for",
            f"a level from 0 (full size) to {count - 1}",
            "set `layout.level` in the dataset's config",
        )


def _factors(whole: Any, level: Any) -> dict[str, float]:
    """Reduction along Y and X; sizes of levels are rounded, factors are meant to be whole."""
    factors = {}
    for axis in "YX":
        full, size = (one.shape[one.axes.index(axis)] for one in (whole, level))
        near = round(full / size)
        factors[axis] = near if abs(full / near - size) < 1 else full / size
    return factors


def _without_beside(every: list[Any]) -> tuple[list[Any], tuple[str, ...]]:
    """The series that are neither reduced copies nor a scanner's pictures of the slide."""
    kept = [one for one in every if not one.keyframe.is_reduced]
    sizes = {one.shape: one for one in kept[:1]}
    kept = [one for one in kept if one.shape in sizes or one.name.lower() not in BESIDE] or every
    left = [one for one in every if one not in kept]
    return kept, tuple(f"passed over {_described(one)}" for one in left)


def _described(series: Any) -> str:
    size = " x ".join(map(str, series.shape))
    return f"{series.name or 'a picture'}: {size} {series.dtype} ({series.axes})"


def _appended(path: Path, kept: list[Any], notes: tuple[str, ...], choices: Choices) -> Picture:
    """Equal pages that were written one by one, as the slices of a volume."""
    pages = sorted((page for one in kept for page in one), key=lambda page: page.index)
    looks = {
        (p.shape, p.axes, p.dtype, p.keyframe.photometric, p.keyframe.subfiletype) for p in pages
    }
    plain = all(
        one.kind == "generic" or (one.kind != "ome" and len(one) == 1 and not one.is_pyramidal)
        for one in kept
    )
    if len(looks) > 1 or not plain:
        shown = "; ".join(_described(one) for one in kept[:4]) + ("; ..." if len(kept) > 4 else "")
        raise SegbenchError(
            f"{path}: holds {len(kept)} pictures ({shown})",
            "one picture or volume, or pages of one size and kind, which are its slices",
            "save each picture as a file of its own",
        )
    _check_level(path, choices.level, 1)
    axes, shape = squeezed("I" + pages[0].axes, (len(pages), *pages[0].shape))
    return Picture(pages, pages[0].keyframe, None, axes, shape, {}, notes=notes)


def _check_followed(path: Path, file: Any, every: list[Any]) -> None:
    """Refuse a file whose description says other pages than there are."""
    said = [name for kind, name in _SAYING.items() if getattr(file, f"is_{kind}")]
    kind = every[0].kind if every else ""
    held = len(file.pages)
    found = held
    if kind == "imagej":  # all slices may share one page
        found = 1 if every[0].keyframe.is_final and held == 1 else len(every[0])
    if (said and kind in {"generic", "uniform", ""}) or found != held:
        raise SegbenchError(
            f"{path}: its {said[0] if said else 'ImageJ'} description does not fit the {held} "
            "page(s) of the file",
            "a description of the pages that are there",
            "fetch the file again, or save it again without the description; or say what the axes "
            "of its pages are: `layout: {axes: ...}` in the dataset's config, e.g. zyx",
        )


def check_whole(path: Path, picture: Picture) -> None:
    """Refuse a picture of which a part is not there: tifffile would fill it with zeros.

    Raises
    ------
    ValueError
        The file is damaged or was cut off.
    SegbenchError
        It leaves out tiles on purpose.
    """
    pages, key = picture.pages, picture.keyframe
    total = math.prod(picture.shape)
    one_page = picture.series is not None and picture.series.is_truncated  # holds all slices
    if not total or (total != len(pages) * math.prod(key.shape) and not one_page):
        raise ValueError(f"{picture.shape} pixels are described, {len(pages)} x {key.shape} stored")
    offset = picture.series.dataoffset if picture.series is not None else None
    if offset is not None:
        if offset + total * key.dtype.itemsize > key.parent.filehandle.size:
            raise ValueError("the file ends before the last pixel")
        return
    if any(page is None for page in pages):
        missing = sum(page is None for page in pages)
        raise ValueError(f"{missing} of {len(pages)} planes that it describes are not there")
    count = math.prod(key.chunked)
    for page in pages:
        offsets, sizes = page.dataoffsets, page.databytecounts
        if len(offsets) != count or len(sizes) != count:
            raise ValueError(f"{len(offsets)} of {count} parts are there")
        if not all(sizes) or not all(offsets):
            raise SegbenchError(
                f"{path}: leaves out parts of the picture (sparse tiles), whose value is not known",
                "a file with all tiles or strips",
                "write it with all of them, e.g. with `gdal_translate -co SPARSE_OK=FALSE`",
            )
        if max(map(sum, zip(offsets, sizes, strict=True))) > page.parent.filehandle.size:
            raise ValueError("the file ends before the last pixel")
