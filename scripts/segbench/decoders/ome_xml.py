"""What the OME-XML of a TIFF file says: sizes, channels, and the files an image lies in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segbench.decoders.tiff_grid import millimetres
from segbench.errors import SegbenchError

if TYPE_CHECKING:
    from xml.etree import ElementTree


@dataclass(frozen=True)
class OmeImage:
    """An image of a description.

    Attributes
    ----------
    sizes_mm : dict of str to float
        Of a pixel along X, Y, Z; those that are given.
    channels : tuple of str
        Their names; empty text where one has none.
    """

    sizes_mm: dict[str, float]
    channels: tuple[str, ...]


@dataclass(frozen=True)
class OmeSaid:
    """The description in one file.

    Attributes
    ----------
    images : tuple of OmeImage
        Those with planes in TIFF files.
    others : tuple of str
        Names of the other files that hold planes of the images, sorted.
    companion : str
        Name of the file with the description, where this file only points to it.
    """

    images: tuple[OmeImage, ...] = ()
    others: tuple[str, ...] = ()
    companion: str = ""


def parse(xml: str | None, name: str) -> OmeSaid:
    """Read a description.

    Parameters
    ----------
    xml : str or None
        OME-XML; None: the file is no OME-TIFF.
    name : str
        Of the file that it was found in.

    Raises
    ------
    ValueError
        It is no XML.

    References
    ----------
    https://ome-model.readthedocs.io/en/stable/ome-tiff/specification.html
    """
    from xml.etree import ElementTree

    if not xml:
        return OmeSaid()
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise ValueError(f"its OME description is damaged: {error}") from error
    only = root.find("{*}BinaryOnly")
    if only is not None:
        return OmeSaid(companion=only.get("MetadataFile", ""))
    own, others = root.get("UUID"), set()
    for uuid in root.iterfind(".//{*}TiffData/{*}UUID"):
        file = uuid.get("FileName", "")
        # A file that was renamed is known by its own identifier.
        if file.lower() not in {"", name.lower()} and (own is None or uuid.text != own):
            others.add(file)
    return OmeSaid(tuple(_images(root)), tuple(sorted(others)))


def _images(root: ElementTree.Element) -> Iterator[OmeImage]:
    for pixels in root.iterfind("{*}Image/{*}Pixels"):
        if pixels.find("{*}TiffData") is None:
            continue
        sizes = {}
        for axis in "XYZ":
            unit = pixels.get(f"PhysicalSize{axis}Unit", "µm")
            size = millimetres(pixels.get(f"PhysicalSize{axis}"), unit)
            if size is not None:
                sizes[axis] = size
        yield OmeImage(sizes, tuple(one.get("Name", "") for one in pixels.iterfind("{*}Channel")))


def check_files(path: Path, said: OmeSaid) -> None:
    """Refuse an image of which a file is not there: tifffile would fill it with zeros.

    Raises
    ------
    SegbenchError
    """
    missing = [name for name in said.others if not (path.parent / name).is_file()]
    if missing:
        raise SegbenchError(
            f"{path}: its image also lies in {', '.join(missing[:3])}"
            f"{', ...' if len(missing) > 3 else ''}, and there is no such file",
            f"all {len(said.others) + 1} files of the image in one folder, under their own names",
            "fetch the other files, or give the files the names again that their OME description "
            "says; or save the image as one file",
        )


def image_of(file: Any, said: OmeSaid, index: int) -> OmeImage:
    """What is said of the picture that was chosen.

    Raises
    ------
    ValueError
        tifffile could not follow the description of all images.
    """
    if not file.is_ome:
        return OmeImage({}, ())
    if len(said.images) != len(file.series):
        raise ValueError(
            f"its OME description names {len(said.images)} image(s) with planes, and "
            f"{len(file.series)} could be found"
        )
    return said.images[index]
