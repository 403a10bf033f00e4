"""Files that the page shows or offers, copied beside it under plain names."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from PIL import Image, UnidentifiedImageError

from segbench.errors import SegbenchError
from segbench.files import sync
from segbench.reporting.formats import slug

FOLDER = "assets"
#: Matplotlib writes SVG sizes in points, of which a CSS inch has 72, and 96 pixels.
PX_PER_PT = 96 / 72


@dataclass(frozen=True)
class PictureInfo:
    """Width and height in CSS pixels, and the description inside the picture."""

    width: int
    height: int
    description: str


def _read_svg(path: Path) -> PictureInfo:
    root = ET.parse(path).getroot()
    box = [float(value) for value in root.get("viewBox", "").split()]
    found = next((e.text for e in root.iter() if e.tag.endswith("}description")), None)
    return PictureInfo(round(box[2] * PX_PER_PT), round(box[3] * PX_PER_PT), (found or "").strip())


def _read_png(path: Path) -> PictureInfo:
    with Image.open(path) as image:
        image.load()
        text = getattr(image, "text", {})
        return PictureInfo(image.width, image.height, str(text.get("Description", "")).strip())


def read_picture(path: str | Path) -> PictureInfo:
    """Size and description of an SVG or PNG picture.

    Raises
    ------
    SegbenchError
        The file is neither, or damaged.
    """
    path = Path(path)
    try:
        return _read_svg(path) if path.suffix.lower() == ".svg" else _read_png(path)
    except (OSError, UnidentifiedImageError, ET.ParseError, ValueError, IndexError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "a whole SVG or PNG picture", "draw it again"
        ) from error


class Assets:
    """The folder ``assets`` beside the page; it replaces the old one once it is complete.

    Parameters
    ----------
    page : Path
        The page.
    """

    def __init__(self, page: Path) -> None:
        self._final = page.parent / FOLDER
        self._beside = page.parent / f".{uuid4().hex[:12]}.partial.{FOLDER}"
        self._taken: set[str] = set()

    def add(self, source: str | Path, folder: str, name: str) -> str:
        """Copy a file.

        Parameters
        ----------
        source : str or Path
            The file.
        folder, name : str
            Any text; made into plain, unique names. The ending is kept.

        Returns
        -------
        str
            Its address relative to the page.
        """
        source = Path(source)
        stem, suffix = f"{slug(folder)}/{slug(name)}", source.suffix.lower()
        address = f"{stem}{suffix}"
        number = 2
        while address in self._taken:
            address = f"{stem}-{number}{suffix}"
            number += 1
        self._taken.add(address)
        target = self._beside / address
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            raise SegbenchError(
                f"{source}: cannot be copied into the report ({error})",
                "a file of the workflow",
                "run the workflow again",
            ) from error
        sync(target)
        return f"{FOLDER}/{address}"

    def __enter__(self) -> Self:
        self._beside.mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                shutil.rmtree(self._final, ignore_errors=True)
                self._beside.rename(self._final)
        finally:
            shutil.rmtree(self._beside, ignore_errors=True)
