"""The registry of decoders.

To add a format, write a module with its `DECODER` and name it here. No other code opens an
image file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from segbench.decoders.decoder import Choices, Decoded, Decoder, Header
from segbench.decoders.faults import check_packages
from segbench.errors import SegbenchError
from segbench.late_import import load_symbol


@dataclass(frozen=True)
class Format:
    """A format that is read.

    Attributes
    ----------
    module : str
        Module of `segbench.decoders` with its `DECODER`. It is loaded when such a file is met,
        so that no job's code holds the decoder of a format that its dataset cannot have.
    endings : tuple of str
        In lower case, with the dot.
    folder : bool
        A folder with one of the endings is one image.
    """

    module: str
    endings: tuple[str, ...]
    folder: bool = False


#: The one format whose files often have no ending: DICOM.
NO_ENDING = Format("dicom", (".dcm", ".dicom", ".ima"))

#: All formats.
FORMATS = (
    Format("pictures", (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif")),
    Format("tiff", (".tif", ".tiff", ".btf", ".svs")),
    Format("ome_tiff", (".ome.tif", ".ome.tiff", ".ome.btf")),
    Format("nifti", (".nii.gz", ".nii")),
    NO_ENDING,
    Format("arrays", (".npy", ".npz")),
    Format("hdf5", (".h5", ".hdf5")),
    Format("nrrd", (".seg.nrrd", ".nrrd", ".seg.nhdr", ".nhdr")),
    Format("metaimage", (".mha", ".mhd")),
    Format("ome_zarr", (".ome.zarr", ".zarr"), folder=True),
)

#: Ending -> the format of such files or folders, the longest first: it counts.
BY_ENDING: dict[str, Format] = {
    ending: one
    for ending, one in sorted(
        ((ending, one) for one in FORMATS for ending in one.endings),
        key=lambda item: (-len(item[0]), item[0]),
    )
}

_PAIR = (
    "convert the pair to one NIfTI file, e.g. nibabel.save(nibabel.load('a.hdr'), 'a.nii.gz'); "
    "Analyze files do not say which side is left, so look at the result"
)

#: Endings that are refused by name, as the user may well mean them to be read -> what to do.
CONVERT = {
    ".mat": "save each array with numpy.save (.npy) or as TIFF",
    ".jp2": "save the picture as TIFF, e.g. with opj_decompress or gdal_translate",
    ".j2k": "save the picture as TIFF, e.g. with opj_decompress",
    ".heic": "save the picture as PNG or TIFF",
    ".avif": "save the picture as PNG or TIFF",
    ".hdr": _PAIR,
    ".img": _PAIR,
    ".mgz": "convert it to NIfTI with mri_convert, or with nibabel",
    ".mgh": "convert it to NIfTI with mri_convert, or with nibabel",
    ".mnc": "convert it to NIfTI with mnc2nii, or with nibabel",
    ".brik": "convert it to NIfTI with 3dAFNItoNIFTI, or with nibabel",
    **dict.fromkeys(
        (
            ".czi",
            ".lif",
            ".lof",
            ".lsm",
            ".nd2",
            ".oib",
            ".oif",
            ".ims",
            ".lms",
            ".dv",
            ".zvi",
            ".stk",
            ".ics",
            ".sld",
            ".flex",
            ".mrc",
            ".dm3",
            ".dm4",
        ),
        "convert it to OME-TIFF, e.g. with bioformats2raw and raw2ometiff, or in Fiji (File > "
        "Import > Bio-Formats, save as OME-TIFF)",
    ),
    **dict.fromkeys(
        (".ndpi", ".scn", ".bif", ".qptiff", ".mrxs", ".vsi"),
        "convert it to OME-TIFF, e.g. with bioformats2raw and raw2ometiff",
    ),
}

#: Where nothing is said.
NO_CHOICES = Choices()


def ending_of(name: str) -> str:
    """Ending of a file's name as it is written; empty if it is none of those that are read.

    Examples
    --------
    >>> ending_of("a.b.NII.GZ"), ending_of("notes.txt")
    ('.NII.GZ', '')
    """
    # From the first dot on, so that the longest ending is found first.
    lower, place = name.lower(), name.find(".", 1)
    while place > 0:
        if lower[place:] in BY_ENDING:
            return name[place:]
        place = name.find(".", place + 1)
    return ""


def lacks_ending(name: str) -> bool:
    """Whether a name has no ending; a number is none, as in identifiers of medical images.

    Examples
    --------
    >>> lacks_ending("IM0001"), lacks_ending("1.2.840.17"), lacks_ending("a.nd2")
    (True, True, False)
    """
    return re.fullmatch(r"(\.\d+)?", Path(name).suffix) is not None


def format_of(path: Path) -> Format | None:
    """Format of a file, by its ending; of a file without one, by its first bytes.

    Only files without one are opened, see `lacks_ending`.
    """
    ending = ending_of(path.name).lower()
    if ending:
        return BY_ENDING[ending]
    if not lacks_ending(path.name):
        return None
    try:
        with path.open("rb") as file:
            head = file.read(132)
    except OSError:
        return None
    return NO_ENDING if head[128:] == b"DICM" else None


def is_folder_image(name: str) -> bool:
    """Whether a folder of this name is one image, or one mask.

    Examples
    --------
    >>> is_folder_image("a.ome.zarr"), is_folder_image("a.tif"), is_folder_image("scans")
    (True, False, False)
    """
    ending = ending_of(name).lower()
    return bool(ending) and BY_ENDING[ending].folder


def decoder_of(path: Path) -> Decoder:
    """The decoder of a file; see `format_of`.

    Raises
    ------
    SegbenchError
        There is none, or its packages are not installed; or the files of a folder are no image.
    """
    found = format_of(path)
    if found is None and path.is_dir():
        _check_grouped(path)
    if found is None:
        raise unsupported(path)
    decoder = load(found)
    check_packages(path, decoder.name, decoder.packages)
    return decoder


def _check_grouped(folder: Path) -> None:
    """Say why the files of a folder are not one image; see `Decoder.entries`."""
    names = sorted(one.name for one in folder.iterdir() if one.is_file())
    for kind in {format_of(folder / name): None for name in names}:
        if kind is not None:
            stems = {name: name for name in names if format_of(folder / name) is kind}
            load(kind).entries(folder, stems)


def load(found: Format) -> Decoder:
    """The decoder of a format."""
    decoder: Decoder = load_symbol(module_of(found.module), "DECODER")
    return decoder


def module_of(name: str) -> str:
    """Dotted name of a decoder's module, by its name in `Format`.

    Examples
    --------
    >>> module_of("tiff")
    'segbench.decoders.tiff'
    """
    return f"segbench.decoders.{name}"


def unsupported(path: Path) -> SegbenchError:
    """The error for a file that is not read, with how to convert it."""
    suffix = path.suffix.lower()
    return SegbenchError(
        f"{path}: unsupported file format {suffix}",
        f"a file ending in {', '.join(sorted(BY_ENDING))}",
        CONVERT.get(suffix, "save it as PNG, TIFF or NIfTI"),
    )


def read(path: Path, choices: Choices = NO_CHOICES) -> Decoded:
    """A file's array as stored; see `Decoder.read`."""
    return decoder_of(path).read(path, choices)


def header_of(path: Path, choices: Choices = NO_CHOICES) -> Header:
    """What a file says of its array; see `Decoder.header`."""
    return decoder_of(path).header(path, choices)
